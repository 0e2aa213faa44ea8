"""Boxes are enlarged, filtered by class, and measured by the rectangle around their mask."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow.image.origin import Origin

ORIGIN = Origin("image", 300, 200)


def boxes(*rows: list[float], origin: Origin = ORIGIN, confidence: list[float] | None = None) -> Detections:
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.array(confidence or [0.5] * len(rows), np.float32),
        class_id=np.arange(len(rows)),
        data={"class_name": np.array([f"c{i}" for i in range(len(rows))], str)},
    )
    return stamp(found, origin, "detect")


def run(step: dict[str, Any], found: Detections, output: str = "predictions", kind: str = "object_detection") -> Any:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": [f"{kind}_prediction"]}],
        "steps": [{"name": "step", "predictions": "$inputs.found", **step}],
        "outputs": [
            {"type": "JsonField", "name": "out", "selector": f"$steps.step.{output}", "coordinates_system": "own"}
        ],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({"found": [found]})[0]["out"]


OFFSET = {"type": "roboflow_core/detection_offset@v1", "offset_width": 20, "offset_height": 10}


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("Pixels", [[0, 0, 60, 55], [250, 145, 300, 200]]),
        ("Percent (%)", [[6, 0, 54, 52], [257, 148, 298, 197]]),
    ],
)
def test_boxes_grow_on_both_sides_and_stay_on_the_picture(units: str, expected: list[list[float]]) -> None:
    found = boxes([10, 2, 50, 50], [260, 150, 295, 195])
    grown = run({**OFFSET, "units": units}, found)
    assert grown.xyxy.tolist() == expected
    assert grown.data["detection_id"].tolist() == found.data["detection_id"].tolist()
    assert found.xyxy[0].tolist() == [10, 2, 50, 50]


def test_boxes_shrink_but_never_turn_over() -> None:
    shrunk = run({"type": "DetectionOffset", "offset_x": -20, "offset_y": -200}, boxes([10, 10, 50, 50]))
    left, top, right, bottom = shrunk.xyxy[0].tolist()
    assert (left, right) == (20, 40)
    assert top <= bottom
    assert len(run(OFFSET, boxes())) == 0


def test_each_class_has_its_threshold() -> None:
    step = {"type": "roboflow_core/per_class_confidence_filter@v1", "class_thresholds": {"c0": 0.95, "c2": 0.1}}
    found = boxes([0, 0, 9, 9], [0, 0, 8, 8], [0, 0, 7, 7], [0, 0, 6, 6], confidence=[0.9, 0.3, 0.2, 0.2])
    assert run(step, found).data["class_name"].tolist() == ["c1", "c2"]
    assert run({**step, "default_threshold": 0.1}, found).data["class_name"].tolist() == ["c1", "c2", "c3"]
    assert len(run(step, boxes())) == 0
    with pytest.raises(WorkflowError, match="this value does not fit 'class_thresholds'"):
        run({**step, "class_thresholds": {"c0": 1.5}}, found)


RECT = {"type": "roboflow_core/bounding_rect@v1"}


def rectangle(found: Detections) -> Detections:
    return run(RECT, found, "detections_with_rect", "instance_segmentation")


def test_the_smallest_rectangle_around_a_mask() -> None:
    found = boxes([10, 10, 60, 60], [100, 100, 140, 120])
    found.mask = np.zeros((2, 200, 300), bool)
    for i in range(40):  # a band of 10 pixels that goes down to the right at 45 degrees
        found.mask[0, 12 + i : 16 + i, 12 + i : 16 + i] = True
    found.mask[1, 100:120, 100:140] = True
    measured = rectangle(found)
    assert measured.data["rect"].shape == (2, 4, 2)
    sides = sorted([float(measured.data["width"][1]), float(measured.data["height"][1])])
    assert sides == pytest.approx([19, 39])
    slanted = sorted([float(measured.data["width"][0]), float(measured.data["height"][0])])
    assert slanted[1] > 10 * slanted[0]
    assert float(measured.data["angle"][0]) % 90 == pytest.approx(45)


def test_box_and_mask_become_those_of_the_rectangle() -> None:
    mask = np.zeros((1, 320, 320), np.uint8)
    cv2.ellipse(mask[0], (96, 144), (64, 80), 0, 0, 360, 1, -1)
    found = boxes([32, 64, 160, 224])
    found.mask = mask.astype(bool)
    turned = rectangle(found)
    corners = turned.data["rect"][0]
    assert turned.xyxy[0].tolist() == [*corners.min(axis=0).astype(int), *corners.max(axis=0).astype(int)]
    filled = np.zeros((320, 320), np.uint8)
    cv2.fillPoly(filled, [corners.astype(np.int32)], 1)
    assert (np.asarray(turned.mask[0]) == (filled > 0)).all()
    assert found.xyxy[0].tolist() == [32, 64, 160, 224]


@pytest.mark.parametrize(
    ("corners", "sides", "angle", "first"),
    [
        ([[10, 20], [60, 20], [60, 80], [10, 80]], (60, 50), 90, (10, 20)),
        ([[100, 60], [160, 120], [130, 150], [70, 90]], (84.85, 42.43), 45, (70, 90)),
        ([[200, 100], [290, 130], [280, 160], [190, 130]], (95.5, 32.25), 18.44, (190, 130)),
        ([[200, 130], [290, 100], [300, 130], [210, 160]], (32.25, 95.5), 71.56, (200, 130)),
        ([[240, 20], [260, 20], [260, 120], [240, 120]], (100, 20), 90, (240, 20)),
    ],
    ids=["upright", "half", "flat", "steep", "high"],
)
def test_sides_and_angle_are_told_as_existing_documents_expect(
    corners: list[list[int]], sides: tuple[float, float], angle: float, first: tuple[int, int]
) -> None:
    """Which side is the width depends on the version of OpenCV, if nothing is done about it."""
    mask = np.zeros((1, 200, 300), np.uint8)
    cv2.fillPoly(mask[0], [np.array(corners)], 1)
    found = boxes([0, 0, 300, 200])
    found.mask = mask.astype(bool)
    data = rectangle(found).data
    assert (data["width"][0], data["height"][0]) == pytest.approx(sides, abs=0.5)
    assert data["angle"][0] == pytest.approx(angle, abs=0.5)
    assert data["rect"][0, 0].tolist() == pytest.approx(first, abs=1)


def test_rectangles_of_a_crop_go_back_to_the_picture_and_boxes_have_their_own() -> None:
    picture = Image(np.zeros((200, 300, 3), np.uint8), id="image")
    crop = picture.crop(100, 50, 200, 150, id="crop")
    assert crop is not None
    found = boxes([10, 10, 30, 20], origin=crop.origin)
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["*"]}],
        "steps": [{"name": "step", "predictions": "$inputs.found", **RECT}],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.step.detections_with_rect"}],
    }
    found.mask = np.zeros((1, 100, 100), bool)
    with Workflow.load(document) as workflow:
        rect = workflow.run({"found": [found]})[0]["out"].data["rect"][0]
    assert rect.min(axis=0).tolist() == pytest.approx([110, 60])
    assert rect.max(axis=0).tolist() == pytest.approx([130, 70])
    assert rectangle(boxes()).data["rect"].shape == (0, 4, 2)
