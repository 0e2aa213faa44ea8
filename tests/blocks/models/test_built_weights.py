"""What the shipped weights do not show: colour order, end-to-end heads, other tasks, unsafe weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import DetectSettings, LoadedModel, Model
from cropflow_blocks.models.ultralytics import UltralyticsLoader

NOISE = np.random.default_rng(7).integers(0, 256, (96, 128, 3), dtype=np.uint8)
END_TO_END = {
    "nc": 3,
    "end2end": True,
    "reg_max": 1,
    "scales": {"p": [0.33, 0.125, 1024]},
    "backbone": [[-1, 1, "Conv", [64, 3, 2]], [-1, 1, "Conv", [128, 3, 2]], [-1, 1, "Conv", [256, 3, 2]]],
    "head": [[-1, 1, "Conv", [512, 3, 2]], [[2, 3], 1, "Detect", ["nc"]]],
}
RED_OR_BLUE = {
    "nc": 2,
    "scales": {"p": [0.33, 0.25, 1024]},
    "backbone": [[-1, 1, "Conv", [32, 3, 2]]],
    "head": [[-1, 1, "Classify", ["nc"]]],
}


def load(path: Path, image_size: int | None = None) -> Model:
    return UltralyticsLoader().load(path, device="cpu", image_size=image_size, cache_dir=path.parent / "cache")


def save(network: Any, path: Path, image_size: int, task: str) -> Path:
    import torch

    network.args = {"imgsz": image_size, "task": task}
    torch.save({"model": network.eval(), "train_args": network.args}, path)
    return path


@pytest.fixture(scope="module", autouse=True)
def ultralytics(detector: LoadedModel) -> None:
    """Let the adapter import Ultralytics first, so that these tests run under its settings."""


@pytest.fixture(scope="module")
def red_or_blue(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A classifier that learned in a second to tell red from blue."""
    import torch
    from ultralytics.nn.tasks import ClassificationModel

    torch.manual_seed(0)
    network = ClassificationModel(RED_OR_BLUE, ch=3, nc=2, verbose=False).train()
    network.names = {0: "blue", 1: "red"}
    rgb = torch.rand(32, 3, 32, 32) * 0.2
    rgb[:16, 2] += 0.8
    rgb[16:, 0] += 0.8
    target = torch.tensor([0] * 16 + [1] * 16)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(rgb), target).backward()
        optimizer.step()
    return load(save(network, tmp_path_factory.mktemp("colour") / "colour.pt", 32, "classify"))


@pytest.mark.parametrize(("bgr", "name"), [((0, 0, 255), "red"), ((255, 0, 0), "blue")])
def test_a_red_picture_is_red(red_or_blue: Model, tmp_path: Path, bgr: tuple[int, ...], name: str) -> None:
    pixels = np.full((40, 60, 3), bgr, np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), pixels)
    transparent = np.dstack([pixels, np.full((40, 60), 255, np.uint8)])
    images = [Image(pixels), Image.load(tmp_path / "picture.png"), Image(transparent)]
    scores = red_or_blue.classify([image.bgr for image in images])
    assert [red_or_blue.info.names[index] for index in scores.argmax(1)] == [name] * 3


@pytest.fixture(scope="module")
def end_to_end(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """An untrained detector whose only head does no suppression of its own, as in slimmed YOLO26 weights."""
    import torch
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    network = DetectionModel(END_TO_END, ch=3, nc=3, verbose=False)
    network.names = {0: "a", 1: "b", 2: "c"}
    network.model[-1].end2end = True
    network.model[-1].cv2 = network.model[-1].cv3 = None
    return load(save(network, tmp_path_factory.mktemp("end") / "end.pt", 128, "detect"))


def overlaps(found: sv.Detections) -> float:
    return float((sv.box_iou_batch(found.xyxy, found.xyxy) - np.eye(len(found))).max())


def test_end_to_end_heads_obey_iou(end_to_end: Model) -> None:
    everything = end_to_end.detect([NOISE], DetectSettings(confidence=0, iou=1, max_detections=300))[0]
    apart = end_to_end.detect([NOISE], DetectSettings(confidence=0, iou=0.1, class_agnostic=True))[0]
    assert overlaps(everything) > 0.5
    assert overlaps(apart) <= 0.1
    assert 1 < len(apart) < len(everything)


def test_end_to_end_heads_obey_max_detections_and_classes(end_to_end: Model) -> None:
    asked = DetectSettings(confidence=0, iou=0.1, class_agnostic=True)
    best = end_to_end.detect([NOISE], asked)[0]
    few = end_to_end.detect([NOISE], DetectSettings(0, 0.1, max_detections=3, class_agnostic=True))[0]
    assert len(few) == 3
    np.testing.assert_allclose(few.xyxy, best.xyxy[:3], atol=0.05)
    assert (np.diff(best.confidence) <= 0).all()
    some = end_to_end.detect([NOISE], DetectSettings(0, 1, classes=(1,)))[0]
    assert set(some.data["class_name"]) == {"b"}


@pytest.mark.parametrize("task", ["segment", "pose", "obb"])
def test_boxes_come_from_weights_for_other_tasks(tmp_path: Path, task: str) -> None:
    from ultralytics import YOLO

    suffix = {"segment": "-seg"}.get(task, f"-{task}")
    YOLO(f"yolo26n{suffix}.yaml").save(tmp_path / "weights.pt")
    model = load(tmp_path / "weights.pt", image_size=128)
    found = model.detect([NOISE, NOISE[:50]], DetectSettings(confidence=0, iou=1, max_detections=5))
    assert model.info.task == task
    assert [len(boxes) for boxes in found] == [5, 5]
    assert all(set(boxes.data) == {"class_name"} and boxes.mask is None for boxes in found)
    with pytest.raises(ModelError, match="no classification"):
        model.classify([NOISE])


def test_a_checkpoint_that_runs_code_is_refused(tmp_path: Path) -> None:
    import torch

    marker = tmp_path / "it-ran"
    torch.save({"model": Trap(marker)}, tmp_path / "trap.pt")
    with pytest.raises(ModelError, match=r"trap\.pt cannot be loaded"):
        load(tmp_path / "trap.pt")
    assert not marker.exists()


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return (Path.touch, (self.marker,))
