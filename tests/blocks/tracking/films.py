"""Tracks written down by hand, run frame by frame through a document, and the films of the digits example."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from supervision import Detections

from cropflow import Image, Workflow

ROOT = Path(__file__).parents[3]
VIDEOS = ROOT / "examples/digits/videos"
TRUTH: dict[str, list[list[dict[str, Any]]]] = json.loads((VIDEOS / "truth.json").read_text())
BLANK = np.zeros((200, 300, 3), np.uint8)


def at(*lefts: float, ids: Sequence[int] | None = None, size: int = 20) -> Detections:
    """Boxes of one size in a row at the height 50, with the ids of tracks, 1, 2, … if none are given."""
    corners = [[left, 50, left + size, 50 + size] for left in lefts]
    return Detections(
        xyxy=np.array(corners, float).reshape(-1, 4),
        confidence=np.full(len(lefts), 0.9),
        class_id=np.zeros(len(lefts), int),
        tracker_id=np.array(range(1, len(lefts) + 1) if ids is None else ids, int),
        data={"class_name": np.array(["digit"] * len(lefts), str)},
    )


def untracked(*lefts: float) -> Detections:
    boxes = at(*lefts)
    boxes.tracker_id = None
    return boxes


def run(step: dict[str, Any], outputs: list[str], frames: list[Detections], fps: float | None = 10) -> list[Any]:
    """Run a step over frames of one video, one by one; return a row of outputs for each."""
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "boxes", "kind": ["object_detection_prediction"]},
        ],
        "steps": [{"name": "step", "image": "$inputs.image", "detections": "$inputs.boxes", **step}],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$steps.step.{name}"} for name in outputs],
    }
    with Workflow.load(document) as workflow:
        images = [Image(BLANK, id=f"v#{i}", stream="v", frame=i, fps=fps) for i in range(len(frames))]
        rows = [workflow.run({"image": [i], "boxes": [f]})[0] for i, f in zip(images, frames, strict=True)]
    return [[row[name] for name in outputs] for row in rows]


def tracked(
    tracker: str, names: Sequence[str], batch_size: int, interleaved: bool = False, **fields: Any
) -> dict[str, list[Detections]]:
    """Find and follow the digits of films, one after the other or frame by frame in turn."""
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "object_detection_model@v2", "name": "detect", "images": "$inputs.image", "confidence": 0.1,
             "model_id": str(ROOT / "models/digits-detect.pt")},
            {"type": tracker, "name": "track", "image": "$inputs.image", "detections": "$steps.detect.predictions",
             **fields},
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.track.tracked_detections"}],
    }  # fmt: skip
    found: dict[str, list[Detections]] = {name: [] for name in names}
    with Workflow.load(document) as workflow:
        if not interleaved:
            for result in workflow.stream([VIDEOS / name for name in names], batch_size=batch_size):
                found[result.source].append(result["found"])
            return found
        for batch in in_turn(workflow, names, batch_size):
            for image, row in zip(batch, workflow.run({"image": batch}), strict=True):
                found[image.stream or ""].append(row["found"])
    return found


def in_turn(workflow: Workflow, names: Sequence[str], size: int) -> Iterator[list[Image]]:
    from cropflow.sources import Reading, find_source

    films = [find_source(VIDEOS / name).items[0].shots(Reading()) for name in names]
    images = [shot.image for shots in zip(*films, strict=True) for shot in shots]
    for start in range(0, len(images), size):
        yield images[start : start + size]
