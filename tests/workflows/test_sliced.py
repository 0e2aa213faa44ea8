"""Slicing finds small digits on a large picture that a look at the whole misses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import supervision as sv

from cropflow import ModelStore, Workflow

Truth = dict[str, list[dict[str, Any]]]
GRID = ("sheet/01.png", "sheet/02.png", "sheet/03.png", "form/01.png", "form/02.png", "form/03.png")


def wall(pictures: dict[str, Path], truth: Truth) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Six shipped pictures beside and below each other, 960 × 640, and the boxes of all digits on it."""
    parts = [cv2.imread(str(pictures[name])) for name in GRID]
    picture = np.vstack([np.hstack(parts[:3]), np.hstack(parts[3:])])
    boxes = [
        np.array(digit["box"], float) + np.tile([320 * (i % 3), 320 * (i // 3)], 2)
        for i, name in enumerate(GRID)
        for digit in truth[name]
    ]
    return picture, np.array(boxes)


def recall(found: sv.Detections, boxes: np.ndarray[Any, Any]) -> float:
    return float((sv.box_iou_batch(boxes, found.xyxy).max(axis=1) >= 0.5).mean()) if len(found) else 0.0


def test_slices_show_small_digits_that_the_whole_picture_hides(
    workflows: Path, pictures: dict[str, Path], truth: Truth, store: ModelStore
) -> None:
    picture, boxes = wall(pictures, truth)
    with Workflow.load(workflows / "sliced_detection.yaml", resources=[store]) as workflow:
        sliced = workflow.run({"image": picture})[0]["found"]
        whole = workflow.run({"image": picture, "side": 960})[0]["found"]
    assert recall(sliced, boxes) >= 0.95
    assert recall(whole, boxes) <= recall(sliced, boxes) - 0.2
    assert len(sliced) <= 1.1 * len(boxes), "a digit on two slices counts once"
    ids = sliced.data["detection_id"].tolist()
    assert len(set(ids)) == len(ids)
    assert set(sliced.data["parent_id"].tolist()) == {"image"}
