"""The digit videos as frames, what the shipped detector finds on them, and a way to run one step over both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import pytest
from supervision import Detections

from cropflow import Image, ModelStore, Workflow

ROOT = Path(__file__).parents[3]
VIDEOS = ROOT / "examples" / "digits" / "videos"

Step = Callable[..., "Stepped"]


class Stepped:
    """A document with one step of this family."""

    def __init__(self, type: str, **fields: Any) -> None:
        self.workflow = Workflow.load(
            {
                "version": "1.0",
                "inputs": [
                    {"type": "WorkflowImage", "name": "image"},
                    {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
                ],
                "steps": [
                    {"type": type, "name": "step", "image": "$inputs.image", "detections": "$inputs.found", **fields}
                ],
                "outputs": [
                    {"type": "JsonField", "name": "all", "selector": "$steps.step.*", "coordinates_system": "own"}
                ],
            }
        )

    def __call__(self, images: Sequence[Image], found: Sequence[Detections], size: int = 8) -> list[dict[str, Any]]:
        """Run over all frames, so many of them in a batch."""
        rows: list[dict[str, Any]] = []
        for first in range(0, len(images), size):
            part = slice(first, first + size)
            result = self.workflow.run({"image": list(images[part]), "found": list(found[part])})
            rows += [row["all"] for row in result]
        return rows


@pytest.fixture(scope="session")
def step() -> Step:
    return Stepped


@pytest.fixture(scope="session")
def store() -> Iterator[ModelStore]:
    store = ModelStore(device="cpu")
    yield store
    store.close()


def read(name: str) -> list[Image]:
    video = cv2.VideoCapture(str(VIDEOS / name))
    fps = video.get(cv2.CAP_PROP_FPS)
    frames: list[Image] = []
    while True:
        more, frame = video.read()
        if not more:
            return frames
        number = len(frames)
        frames.append(Image.load(frame, id=f"{name}#{number}", stream=name, frame=number, fps=fps))


@pytest.fixture(scope="session")
def videos() -> dict[str, list[Image]]:
    """All frames of the videos."""
    return {name: read(name) for name in ("crossing.mp4", "zone.mp4", "approach.mp4")}


@pytest.fixture(scope="session")
def truth() -> dict[str, list[list[dict[str, Any]]]]:
    return json.loads((VIDEOS / "truth.json").read_text())


@pytest.fixture(scope="session")
def found(videos: dict[str, list[Image]], store: ModelStore) -> dict[str, list[Detections]]:
    """What the detector finds on every frame, unsure boxes included."""
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "object_detection_model@v2",
                "name": "detect",
                "images": "$inputs.image",
                "model_id": "models/digits-detect.pt",
                "confidence": 0.1,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.detect.predictions"}],
    }
    with Workflow.load(document, base=ROOT, resources=[store]) as workflow:
        return {name: [row["found"] for row in workflow.run({"image": frames})] for name, frames in videos.items()}
