"""Boxes and frames whose tracks can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from supervision import Detections

from cropflow import Image

SIDE = 40


def frames(count: int, stream: str = "made", fps: float | None = 10.0, first: int = 0) -> list[Image]:
    picture = np.zeros((240, 320, 3), np.uint8)
    return [
        Image.load(picture, id=f"{stream}#{number}", stream=stream, frame=number, fps=fps)
        for number in range(first, first + count)
    ]


def boxes(
    *corners: tuple[float, float], confidence: Sequence[float] | None = None, ids: Sequence[int] | None = None
) -> Detections:
    """Squares of 40 pixels by their upper left corners."""
    starts = np.array(corners, float).reshape(-1, 2)
    return Detections(
        xyxy=np.concatenate([starts, starts + SIDE], axis=1),
        confidence=np.array(confidence if confidence is not None else [0.9] * len(starts)),
        class_id=np.zeros(len(starts), int),
        tracker_id=None if ids is None else np.array(ids, int),
        data={
            "class_name": np.array(["thing"] * len(starts)),
            "detection_id": np.array([f"box {i}" for i in range(len(starts))]),
        },
    )


def followed(*corners: tuple[float, float] | None) -> list[Detections]:
    """One object with the tracker id 1, frame by frame; `None` where it is not seen."""
    return [boxes(ids=[]) if corner is None else boxes(corner, ids=[1]) for corner in corners]
