"""Boxes of several predictions become one: stitched from slices, combined, merged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow
from cropflow.detections import stamp
from cropflow.image.origin import Origin

PICTURE = Image(np.zeros((100, 200, 3), np.uint8), id="image")


def boxes(origin: Origin, *rows: list[float], confidence: float = 0.5, **fields: Any) -> Detections:
    count = len(rows)
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.full(count, confidence, np.float32),
        class_id=np.zeros(count, int),
        data={"class_name": np.array(["cat"] * count, str)},
    )
    for name, value in fields.items():
        setattr(found, name, value)
    return stamp(found, origin, "detect")


def run(step: dict[str, Any], **inputs: Any) -> Detections:
    deep = {"predictions"} if "stitch" in step["type"] else set()
    document = {
        "version": "1.0",
        "inputs": [
            {
                "type": "WorkflowBatchInput",
                "name": name,
                "kind": ["image" if name == "image" else "object_detection_prediction"],
                "dimensionality": 2 if name in deep else 1,
            }
            for name in inputs
        ],
        "steps": [{"name": "step", **step}],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.step.predictions"}],
    }
    with Workflow.load(document) as workflow:
        (row,) = workflow.run({name: [value] for name, value in inputs.items()})
    return row["out"]


STITCH = {
    "type": "roboflow_core/detections_stitch@v1",
    "reference_image": "$inputs.image",
    "predictions": "$inputs.predictions",
}


def slices(*lefts: int) -> list[Image]:
    found = [PICTURE.crop(left, 20, left + 100, 80, id=f"image/slice/{left}") for left in lefts]
    return [image for image in found if image is not None]


def stitched(parts: list[Detections], **fields: Any) -> Detections:
    return run({**STITCH, **fields}, image=PICTURE, predictions=parts)


def test_boxes_go_back_to_the_picture_and_doubles_become_one() -> None:
    one, two = slices(0, 60)
    parts = [boxes(one.origin, [70, 5, 90, 30]), boxes(two.origin, [10, 5, 30, 30], [60, 0, 80, 9], confidence=0.9)]
    assert stitched(parts, overlap_filtering_strategy="none").xyxy.tolist() == [
        [70, 25, 90, 50],
        [70, 25, 90, 50],
        [120, 20, 140, 29],
    ]
    once = stitched(parts)
    assert sorted(once.xyxy.tolist()) == [[70, 25, 90, 50], [120, 20, 140, 29]]
    assert once.confidence.tolist() == pytest.approx([0.9, 0.9])
    assert once.data["parent_id"].tolist() == ["image"] * 2
    assert set(once.data["detection_id"].tolist()) == {"image/slice/60/detect/0", "image/slice/60/detect/1"}


def test_merging_makes_the_box_around_doubles() -> None:
    one, two = slices(0, 60)
    parts = [boxes(one.origin, [70, 5, 90, 30]), boxes(two.origin, [14, 5, 32, 30], confidence=0.9)]
    merged = stitched(parts, overlap_filtering_strategy="nmm", iou_threshold=0.3)
    assert merged.xyxy.tolist() == [[70, 25, 92, 50]]


def test_boxes_of_different_classes_are_no_doubles() -> None:
    one, two = slices(0, 60)
    dog = boxes(two.origin, [10, 5, 30, 30])
    dog.class_id = np.array([1])
    assert len(stitched([boxes(one.origin, [70, 5, 90, 30]), dog])) == 2


def test_masks_go_back_with_their_boxes() -> None:
    (part,) = slices(60)
    dense = np.zeros((1, 60, 100), bool)
    dense[0, 5:30, 10:30] = True
    found = boxes(part.origin, [10, 5, 30, 30], mask=dense)
    whole = stitched([found])
    mask = np.asarray(whole.mask[0])
    assert mask.shape == (100, 200)
    assert np.argwhere(mask).min(axis=0).tolist() == [25, 70]
    assert np.argwhere(mask).max(axis=0).tolist() == [49, 89]


@pytest.mark.parametrize("strategy", ["none", "nms", "nmm"])
def test_slices_without_anything(strategy: str) -> None:
    (part,) = slices(60)
    assert len(stitched([], overlap_filtering_strategy=strategy)) == 0
    empty = stitched([boxes(part.origin), Detections.empty()], overlap_filtering_strategy=strategy)
    assert len(empty) == 0
    assert {"class_name", "detection_id"} <= set(empty.data)


COMBINE = {"type": "detections_combine@v1", "prediction_one": "$inputs.one", "prediction_two": "$inputs.two"}


def test_two_predictions_follow_each_other_with_their_ids() -> None:
    one = boxes(PICTURE.origin, [0, 0, 9, 9], tracker_id=np.array([4]))
    (part,) = slices(60)
    two = boxes(part.origin, [1, 1, 5, 5])
    both = run(COMBINE, one=one, two=two)
    assert both.xyxy.tolist() == [[0, 0, 9, 9], [61, 21, 65, 25]]
    assert both.data["detection_id"].tolist() == ["image/detect/0", "image/slice/60/detect/0"]
    assert both.tracker_id is None, "what only one of them carries is left out"
    assert run(COMBINE, one=one, two=Detections.empty()).tracker_id.tolist() == [4]
    assert len(run(COMBINE, one=Detections.empty(), two=Detections.empty())) == 0


def test_one_box_around_all() -> None:
    merge = {"type": "roboflow_core/detections_merge@v1", "predictions": "$inputs.found"}
    found = boxes(PICTURE.origin, [10, 10, 50, 50], [60, 5, 90, 40])
    found.confidence = np.array([0.9, 0.5], np.float32)
    merged = run(merge, found=found)
    assert merged.xyxy.tolist() == [[10, 5, 90, 50]]
    assert merged.confidence.tolist() == [0.5]
    assert merged.data["class_name"].tolist() == ["merged_detection"]
    assert merged.data["detection_id"].tolist() == ["image/step/0"]
    assert run({**merge, "class_name": "crowd"}, found=found).data["class_name"].tolist() == ["crowd"]
    assert len(run(merge, found=boxes(PICTURE.origin))) == 0
