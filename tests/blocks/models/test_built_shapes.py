"""Shapes without shipped weights: oriented boxes, and end-to-end heads with masks, points and corners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow.models import DetectSettings, LoadedModel, Model
from cropflow_blocks.models.ultralytics import UltralyticsLoader

NOISE = np.random.default_rng(7).integers(0, 256, (96, 128, 3), dtype=np.uint8)
EVERYTHING = DetectSettings(confidence=0, iou=1, max_detections=5, shapes=True)


def load(path: Path, image_size: int = 128) -> Model:
    return UltralyticsLoader().load(path, device="cpu", image_size=image_size, cache_dir=path.parent / "cache")


def built(name: str, folder: Path) -> Model:
    """Weights of a packaged architecture, as random as they begin."""
    import torch
    from ultralytics import YOLO

    torch.manual_seed(0)
    YOLO(f"{name}.yaml").save(folder / f"{name}.pt")
    return load(folder / f"{name}.pt")


@pytest.fixture(scope="module", autouse=True)
def ultralytics(detector: LoadedModel) -> None:
    """Let the adapter import Ultralytics first, so that these tests run under its settings."""


@pytest.fixture(scope="module", params=["yolo11n-obb", "yolo26n-obb"])
def oriented(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return built(request.param, tmp_path_factory.mktemp("obb"))


def test_oriented_boxes_have_corners_sides_and_angle(oriented: Model) -> None:
    for found in oriented.detect([NOISE, NOISE[:50], NOISE], EVERYTHING):
        data = found.data
        assert len(found) == 5
        assert set(data) == {"class_name", "xyxyxyxy", "rect", "width", "height", "angle"}
        assert data["xyxyxyxy"].shape == (5, 4, 2)
        center = data["xyxyxyxy"].mean(axis=1)
        for corners, middle, *sides in zip(
            data["xyxyxyxy"], center, data["width"], data["height"], data["angle"], strict=True
        ):
            expected = cv2.boxPoints((middle.tolist(), sides[:2], sides[2]))
            distance = np.hypot(*(corners[:, None] - expected[None]).transpose(2, 0, 1))
            assert distance.min(axis=1).max() < 0.01
        around = np.hstack([data["xyxyxyxy"].min(axis=1), data["xyxyxyxy"].max(axis=1)])
        np.testing.assert_allclose(found.xyxy, around, atol=0.01)


def test_oriented_boxes_of_nothing_carry_the_keys(oriented: Model) -> None:
    nothing = oriented.detect([NOISE], DetectSettings(confidence=1, shapes=True))[0]
    assert len(nothing) == 0
    assert nothing.data["xyxyxyxy"].shape == nothing.data["rect"].shape == (0, 4, 2)
    assert nothing.data["angle"].shape == (0,)


def count(model: Model, iou: float) -> int:
    asked = DetectSettings(confidence=0, iou=iou, max_detections=40, class_agnostic=True, shapes=True)
    return len(model.detect([NOISE], asked)[0])


def test_oriented_boxes_obey_iou(oriented: Model) -> None:
    assert count(oriented, 0.05) < count(oriented, 0.7) < count(oriented, 1) == 40


def test_threads_with_different_settings_do_not_disturb_each_other(oriented: Model) -> None:
    shared = LoadedModel(oriented)
    wanted = [1, 7, 40] * 6
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda most: shared.detect([NOISE], DetectSettings(0, 1, most, shapes=True))[0], wanted)
        assert [len(boxes.data["xyxyxyxy"]) for boxes in found] == wanted


@pytest.fixture(params=["seg", "pose", "obb"])
def end_to_end(request: pytest.FixtureRequest, tmp_path: Path) -> Model:
    """Untrained weights that have only the head that does no suppression of its own."""
    import torch
    from ultralytics import YOLO

    torch.manual_seed(0)
    yolo = YOLO(f"yolo26n-{request.param}.yaml")
    head = yolo.model.model[-1]
    head.end2end = True
    head.cv2 = head.cv3 = head.cv4 = None
    yolo.save(tmp_path / "weights.pt")
    return load(tmp_path / "weights.pt")


def test_end_to_end_weights_give_shapes_too(end_to_end: Model) -> None:
    batch = (NOISE, NOISE[:50])
    for found, picture in zip(end_to_end.detect(batch, EVERYTHING), batch, strict=True):
        assert 0 < len(found) <= 5
        match end_to_end.info.task:
            case "segment":
                assert found.mask is not None and found.mask.shape == (len(found), *picture.shape[:2])
                assert (found.mask.area > 0).all()
            case "pose":
                assert found.data["keypoints_xy"].shape == (len(found), 17, 2)
            case _:
                assert found.data["xyxyxyxy"].shape == (len(found), 4, 2)


def most_overlap(found: sv.Detections) -> float:
    corners = found.data.get("xyxyxyxy")
    iou = sv.box_iou_batch(found.xyxy, found.xyxy) if corners is None else sv.oriented_box_iou_batch(corners, corners)
    return float((iou - np.eye(len(found))).max())


def test_end_to_end_weights_with_shapes_obey_iou(end_to_end: Model) -> None:
    everything, apart = (
        end_to_end.detect([NOISE], DetectSettings(0, iou, max_detections=40, class_agnostic=True, shapes=True))[0]
        for iou in (1, 0.3)
    )
    assert most_overlap(everything) > 0.5
    assert most_overlap(apart) <= 0.3
    assert (np.diff(apart.confidence) <= 0).all()
