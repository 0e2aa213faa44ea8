"""Sizes of objects against a reference of known size; numbers are those of existing documents."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Image, RunError, Workflow, WorkflowError
from cropflow.detections import stamp

CARD = [200.0, 200, 250, 300]
OBJECTS = [[0.0, 0, 100, 50], [10, 10, 20, 40]]
SLANTED = [[100, 60], [160, 120], [130, 150], [70, 90]]


def found(*boxes: list[float], masks: Any = None, sure: list[float] | None = None) -> Detections:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(xyxy, mask=masks, confidence=None if sure is None else np.array(sure, np.float32))


def filled(corners: list[list[int]]) -> Any:
    mask = np.zeros((1, 400, 600), np.uint8)
    cv2.fillPoly(mask[0], [np.array(corners)], 1)
    return mask.astype(bool)


def run(objects: Detections, reference: Any, dimensions: Any = "5,10") -> Any:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": name, "kind": ["object_detection_prediction"]}
            for name in ("objects", "reference")
        ],
        "steps": [
            {
                "type": "roboflow_core/size_measurement@v1",
                "name": "size",
                "object_predictions": "$inputs.objects",
                "reference_predictions": reference if isinstance(reference, list) else "$inputs.reference",
                "reference_dimensions": dimensions,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "sizes", "selector": "$steps.size.dimensions"}],
    }
    other = found() if isinstance(reference, list) else reference
    with Workflow.load(document) as workflow:
        return workflow.run({"objects": [objects], "reference": [other]})[0]["sizes"]


def sides(sizes: list[dict[str, float] | None]) -> list[tuple[float, float] | None]:
    return [None if size is None else (round(size["width"], 3), round(size["height"], 3)) for size in sizes]


@pytest.mark.parametrize("dimensions", ["5,10", " 5.0 , 10", [5, 10]])
def test_sizes_in_the_unit_of_the_reference(dimensions: Any) -> None:
    assert run(found(*OBJECTS), found(CARD), dimensions) == [
        {"width": 10, "height": 5, "longer": 10, "shorter": 5},
        {"width": 1, "height": 3, "longer": 3, "shorter": 1},
    ]


def test_width_and_height_have_a_scale_of_their_own() -> None:
    assert sides(run(found(*OBJECTS), found(CARD), [10, 5])) == [(20, 2.5), (2, 1.5)]


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([[0, 0], [50, 0], [50, 100], [0, 100]], (10, 5)),
        ([[50, 0], [100, 50], [50, 100], [0, 50]], (7.071, 7.071)),
        ([[0, 0], [50, 0], [50, 100], [20, 120], [0, 100]], (10, 4.167)),
        ([[0, 0], [50, 0], [50, 100]], (11.18, 4.472)),
    ],
    ids=["upright", "on its corner", "five corners", "triangle"],
)
def test_the_reference_may_be_a_polygon(corners: list[list[int]], expected: tuple[float, float]) -> None:
    assert sides(run(found(OBJECTS[0]), corners)) == [expected]


@pytest.mark.parametrize("compact", [True, False])
def test_masks_are_measured_along_their_own_sides(compact: bool) -> None:
    masks = filled(SLANTED)
    box = [70.0, 60, 160, 150]
    if compact:
        masks = CompactMask.from_dense(masks, np.array([box]), (400, 600))
    assert sides(run(found(box, masks=masks), found(CARD), [50, 100])) == [(84.853, 42.426)]
    assert sides(run(found(*OBJECTS), found(box, masks=masks), [50, 100])) == [(58.926, 117.851), (5.893, 70.711)]


def test_the_largest_part_of_a_mask_is_measured() -> None:
    masks = filled([[200, 100], [299, 100], [299, 149], [200, 149]]) | filled([[10, 10], [20, 10], [20, 20], [10, 20]])
    assert sides(run(found([10, 10, 300, 150], masks=masks), found(CARD), [50, 100])) == [(99, 49)]


def test_what_has_no_area_has_no_size() -> None:
    assert run(found([5, 5, 5, 9], OBJECTS[0]), found(CARD))[0] is None
    assert run(found([5, 5, 50, 90], masks=np.zeros((1, 400, 600), bool)), found(CARD)) == [None]
    assert run(found(*OBJECTS), found([5, 5, 5, 9])) is None
    assert run(found(*OBJECTS), found()) is None
    assert run(found(), found(CARD)) == []


def test_the_surest_reference_counts_also_from_a_crop_of_another_scale() -> None:
    small = [0.0, 0, 10, 10]
    assert sides(run(found(OBJECTS[0]), found(small, CARD, sure=[0.2, 0.9]))) == [(10, 5)]
    assert sides(run(found(OBJECTS[0]), found(CARD, small))) == [(10, 5)]
    picture = Image(np.zeros((400, 600, 3), np.uint8), id="image")
    half = picture.with_pixels(np.zeros((200, 300, 3), np.uint8))
    objects = stamp(found(OBJECTS[0]), picture.origin, "detect")
    reference = stamp(found([100, 100, 125, 150]), half.origin, "look")
    assert sides(run(objects, reference)) == [(10, 5)]


@pytest.mark.parametrize("dimensions", ["5", "a,b", "5,10,3", [5], [0, 5], "-1,5", "nan,1"])
def test_dimensions_are_two_lengths(dimensions: Any) -> None:
    with pytest.raises(WorkflowError, match="width and height of the reference, both more than 0"):
        run(found(*OBJECTS), found(CARD), dimensions)


@pytest.mark.parametrize("corners", [[0, 0, 50, 100], [[0, 0], [5, 5]], [[0, 0], [1, 1], ["x", 2]]])
def test_a_list_that_is_no_polygon_is_told(corners: Any) -> None:
    with pytest.raises(RunError, match="expected detections, or three or more corners"):
        run(found(*OBJECTS), corners)
