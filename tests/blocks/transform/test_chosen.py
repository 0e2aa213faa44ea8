"""Crops of some boxes only: by class, size and number; crop i still belongs to box i."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from cropflow import Image, WorkflowError
from cropflow.detections import stamp
from cropflow.workflow import Workflow

PICTURE = Image(np.zeros((60, 100, 3), np.uint8))
NAMES = ["cat", "dog", "owl"]


def found(rows: list[tuple[list[float], int, float]], image: Image = PICTURE) -> sv.Detections:
    return stamp(
        sv.Detections(
            np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
            confidence=np.array([row[2] for row in rows], np.float32),
            class_id=np.array([row[1] for row in rows], int),
            data={"class_name": np.array([NAMES[row[1]] for row in rows], str)},
        ),
        image.origin,
        "detect",
    )


def document(**fields: Any) -> dict[str, Any]:
    step = {"type": "DynamicCrop", "name": "crop", "images": "$inputs.image", "predictions": "$inputs.boxes", **fields}
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "boxes", "kind": ["object_detection_prediction"]},
        ],
        "steps": [step],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.crop.{name}", "coordinates_system": "own"}
            for name in ("crops", "predictions")
        ],
    }


def cut(boxes: sv.Detections, **fields: Any) -> list[str | None]:
    """Ids of the crops, `None` where one is missing."""
    with Workflow.load(document(**fields)) as workflow:
        row = workflow.run({"image": [PICTURE], "boxes": [boxes]})[0]
    assert [crop is None for crop in row["crops"]] == [box is None for box in row["predictions"]]
    return [None if crop is None else crop.id for crop in row["crops"]]


BOXES = found(
    [
        ([0, 0, 10, 10], 0, 0.5),
        ([20, 0, 24, 30], 1, 0.9),
        ([90, 50, 130, 90], 0, 0.7),
        ([40, 10, 40, 20], 2, 0.99),
        ([50, 10, 70, 40], 1, 0.7),
    ]
)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, [0, 1, 2, 4]),
        ({"class_filter": ["dog", "fox"]}, [1, 4]),
        ({"class_filter": []}, []),
        ({"min_size": 5}, [0, 2, 4]),
        ({"min_size": 11}, [4]),
        ({"min_size": 11, "padding": 50}, [4]),
        ({"max_crops": 2}, [1, 2]),
        ({"max_crops": 3}, [1, 2, 4]),
        ({"class_filter": ["cat"], "max_crops": 1}, [2]),
        ({"min_size": 5, "max_crops": 2}, [2, 4]),
        ({"max_crops": 9, "square": True}, [0, 1, 2, 4]),
    ],
)
def test_boxes_that_are_left_out_leave_a_missing_crop(fields: dict[str, Any], kept: list[int]) -> None:
    """The part of box 2 on the picture is 10 pixels wide; box 3, the surest, has no area and takes no place."""
    expected = [f"image.[0]/detect/{i}" if i in kept else None for i in range(len(BOXES))]
    boxes = found(list(zip(BOXES.xyxy.tolist(), BOXES.class_id.tolist(), BOXES.confidence.tolist(), strict=True)))
    boxes.data["detection_id"] = np.array([f"image.[0]/detect/{i}" for i in range(len(boxes))])
    assert cut(boxes, **fields) == expected


ROWS = st.lists(
    st.tuples(
        st.lists(st.integers(-20, 120), min_size=4, max_size=4).map(lambda box: [float(side) for side in box]),
        st.integers(0, 2),
        st.sampled_from([0.25, 0.5, 0.75]),
    ),
    max_size=8,
)


@given(ROWS, st.sampled_from([None, ["cat"], ["dog", "owl"]]), st.integers(0, 40), st.sampled_from([None, 1, 3]))
def test_what_is_left_out_is_what_the_fields_say(
    rows: list[Any], classes: list[str] | None, least: int, most: int | None
) -> None:
    boxes = found(rows)
    fields = {"class_filter": classes, "min_size": least, **({"max_crops": most} if most else {})}
    everything = cut(boxes)
    some = cut(boxes, **fields)
    assert all(one in (None, other) for one, other in zip(some, everything, strict=True))
    assert len([one for one in some if one]) <= (most or len(rows))
    for i, id in enumerate(some):
        box = boxes.xyxy[i].clip(0, [100, 60, 100, 60])
        fits = min(box[2] - box[0], box[3] - box[1]) >= max(least, 1)
        named = classes is None or NAMES[rows[i][1]] in classes
        assert id is None or (fits and named)
        if most is None:
            assert (id is not None) == (fits and named)


def test_boxes_without_classes_and_confidences() -> None:
    plain = sv.Detections(np.array([[0, 0, 9, 9], [0, 0, 8, 8]], np.float32))
    assert [id is not None for id in cut(plain, max_crops=1)] == [True, False]
    assert cut(plain, class_filter=["cat"]) == [None, None]
    assert cut(sv.Detections.empty(), class_filter=["cat"], min_size=3, max_crops=2) == []


@pytest.mark.parametrize(
    ("field", "value"), [("max_crops", 0), ("min_size", -1), ("class_filter", "cat"), ("max_crops", 1.5)]
)
def test_fields_that_ask_for_nothing_sensible_are_refused(field: str, value: Any) -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document(**{field: value}))
    (problem,) = error.value.problems
    assert (problem.code, problem.field) == ("wrong-literal", field)
