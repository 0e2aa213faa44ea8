"""Gaps between two objects; numbers are those of existing documents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow, WorkflowError
from cropflow.detections import stamp

Row = tuple[list[float], str]
ONE, OTHER = ([0, 0, 10, 20], "cup"), ([53, 40, 80, 71], "pen")
COIN = ([200, 200, 225, 250], "coin")
BY_COIN = {"calibration_method": "reference object", "reference_object_class_name": "coin"}


def found(*rows: Row, sure: list[float] | None = None) -> Detections:
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        confidence=None if sure is None else np.array(sure, np.float32),
        data={"class_name": np.array([row[1] for row in rows], str)},
    )


def run(*each: Detections, **fields: Any) -> list[tuple[float | None, int | None]]:
    step = {
        "type": "roboflow_core/distance_measurement@v1",
        "name": "gap",
        "predictions": "$inputs.found",
        "object_1_class_name": "cup",
        "object_2_class_name": "pen",
        "reference_axis": "horizontal",
        "calibration_method": "pixel to centimeter",
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]}],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "gap", "selector": "$steps.gap.*"}],
    }
    with Workflow.load(document) as workflow:
        rows = [row["gap"] for row in workflow.run({"found": list(each)})]
    return [(row["distance_cm"], row["distance_pixel"]) for row in rows]


@pytest.mark.parametrize(
    ("rows", "axis", "pixels"),
    [
        ([ONE, OTHER], "horizontal", 43),
        ([OTHER, ONE], "horizontal", 43),
        ([ONE, OTHER], "vertical", 20),
        ([([0, 0, 60, 20], "cup"), OTHER], "horizontal", 0),
        ([([0, 0, 100, 100], "cup"), OTHER], "vertical", 0),
        ([([0, 0, 53, 20], "cup"), OTHER], "horizontal", 0),
        ([([0.4, 0, 10.7, 20], "cup"), ([53.3, 40, 80, 71], "pen")], "horizontal", 42),
    ],
    ids=["beside", "the other way round", "below", "overlap", "inside", "touch", "rounded"],
)
def test_the_gap_between_two_boxes(rows: list[Row], axis: str, pixels: int) -> None:
    ((cm, gap),) = run(found(*rows), reference_axis=axis, pixel_ratio=10)
    assert gap == pixels
    assert cm == pytest.approx(pixels / 10)


@pytest.mark.parametrize(("width", "height", "cm"), [(2.5, 5, 4.3), (5, 5, 43 / 7.5), (2.5, 2.5, 43 / 15)])
def test_an_object_of_known_size_gives_the_scale(width: float, height: float, cm: float) -> None:
    ((measured, _),) = run(found(ONE, OTHER, COIN), **BY_COIN, reference_width=width, reference_height=height)
    assert measured == pytest.approx(cm)


def test_what_is_not_found_is_missing_and_costs_no_other_picture() -> None:
    everything, no_pen, nothing = found(ONE, OTHER), found(ONE), Detections.empty()
    assert run(everything, no_pen, nothing, pixel_ratio=10) == [(4.3, 43), (None, None), (None, None)]
    assert run(everything, **BY_COIN) == [(None, 43)], "pixels need no scale"
    assert run(found(ONE, OTHER, ([9, 9, 9, 20], "coin")), **BY_COIN) == [(None, 43)]


def test_the_surest_of_a_class_counts_and_of_one_class_the_two_surest() -> None:
    cups = [ONE, ([20, 0, 30, 20], "cup"), OTHER]
    assert [pixels for _, pixels in run(found(*cups), found(*cups, sure=[0.5, 0.9, 0.9]))] == [43, 23]
    assert run(found(*cups, sure=[0.5, 0.9, 0.9]), object_2_class_name="cup") == [(0.1, 10)]
    assert run(found(OTHER, ONE), object_2_class_name="cup") == [(None, None)]
    ((cm, _),) = run(found(ONE, OTHER, COIN, ([0, 0, 25, 25], "coin"), sure=[1, 1, 0.4, 0.8]), **BY_COIN)
    assert cm == pytest.approx(4.3)


def test_objects_on_a_crop_are_measured_in_its_pixels() -> None:
    picture = Image(np.zeros((300, 300, 3), np.uint8), id="image")
    crop = picture.crop(100, 100, 250, 250, id="crop")
    assert crop is not None
    assert run(stamp(found(ONE, OTHER), crop.origin, "detect"), pixel_ratio=10) == [(4.3, 43)]


@pytest.mark.parametrize(("field", "value"), [("pixel_ratio", 0), ("reference_width", -1), ("reference_axis", "up")])
def test_fields_that_make_no_sense_are_refused(field: str, value: Any) -> None:
    with pytest.raises(WorkflowError) as error:
        run(found(ONE, OTHER), **{field: value})
    assert [problem.field for problem in error.value.problems] == [field]
