"""Predictions on crops, gathered in a list, become predictions on the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from supervision import Detections

from cropflow import Image, ModelStore, RunError, Workflow
from cropflow.detections import stamp

ROOT = Path(__file__).parents[3]
PICTURE = Image(np.zeros((100, 200, 3), np.uint8), id="image")


def boxes(image: Image, *rows: list[float], confidence: float = 0.5, name: str = "cat") -> Detections:
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.full(len(rows), confidence, np.float32),
        class_id=np.zeros(len(rows), int),
        data={"class_name": np.array([name] * len(rows), str)},
    )
    return stamp(found, image.origin, "detect")


PARENT = boxes(PICTURE, [0, 20, 100, 80], [60, 20, 160, 80])
ONE, TWO = (image for image in PICTURE.crops(PARENT.xyxy, PARENT.data["detection_id"].tolist()) if image)


def rolled(children: list[Any], **fields: Any) -> dict[str, Any]:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": "parent", "kind": ["object_detection_prediction"]},
            {"type": "WorkflowBatchInput", "name": "children", "kind": ["list_of_values"]},
        ],
        "steps": [
            {
                "type": "roboflow_core/detections_list_rollup@v1",
                "name": "roll",
                "parent_detection": "$inputs.parent",
                "child_detections": "$inputs.children",
                **fields,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.roll.*"}],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({"parent": [PARENT], "children": [children]})[0]["all"]


LEFT, RIGHT = boxes(ONE, [70, 5, 90, 30]), boxes(TWO, [15, 5, 35, 30], [70, 0, 90, 10], confidence=0.9)


def test_boxes_lie_on_the_picture_and_overlapping_ones_are_one() -> None:
    answer = rolled([LEFT, RIGHT])
    found = answer["rolled_up_detections"]
    assert found.xyxy.tolist() == [[70, 25, 95, 50], [130, 20, 150, 30]]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.9])
    assert found.data["detection_id"].tolist() == [f"{TWO.id}/detect/0", f"{TWO.id}/detect/1"]
    assert answer["crop_zones"][1] == [[60, 20], [160, 20], [160, 80], [60, 80]]


@pytest.mark.parametrize(("strategy", "expected"), [("max", 0.9), ("mean", 0.7), ("min", 0.5)])
def test_confidence_of_a_merged_box(strategy: str, expected: float) -> None:
    found = rolled([LEFT, RIGHT], confidence_strategy=strategy)["rolled_up_detections"]
    assert found.confidence[0] == pytest.approx(expected)


def test_how_much_overlap_merges() -> None:
    assert len(rolled([LEFT, RIGHT], overlap_threshold=0.7)["rolled_up_detections"]) == 3
    assert len(rolled([LEFT, RIGHT], overlap_threshold=1.0)["rolled_up_detections"]) == 3
    dog = boxes(TWO, [15, 5, 35, 30], name="dog")
    assert len(rolled([LEFT, dog])["rolled_up_detections"]) == 2


def test_missing_and_empty_children() -> None:
    assert len(rolled([None, boxes(TWO)])["rolled_up_detections"]) == 0
    assert rolled([])["crop_zones"][0][0] == [0, 20]
    with pytest.raises(RunError, match="child_detections must be a list of predictions, but holds str"):
        rolled(["cat"])


def test_masks_are_joined() -> None:
    left, right = boxes(ONE, [70, 5, 90, 30]), boxes(TWO, [15, 5, 35, 30])
    for found, start in ((left, 70), (right, 15)):
        found.mask = np.zeros((1, 60, 100), bool)
        found.mask[0, 5:30, start : start + 20] = True
    mask = np.asarray(rolled([left, right])["rolled_up_detections"].mask[0])
    assert mask.shape == (100, 200)
    assert int(mask.sum()) == 25 * 25


def test_digits_found_in_neighbourhoods_are_the_digits_of_the_picture(truth: dict[str, list[dict[str, Any]]]) -> None:
    def detect(name: str, images: str) -> dict[str, Any]:
        return {
            "type": "object_detection_model@v2",
            "name": name,
            "images": images,
            "model_id": "models/digits-detect.pt",
        }

    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            detect("detect", "$inputs.image"),
            {
                "type": "dynamic_crop@v1",
                "name": "near",
                "images": "$inputs.image",
                "predictions": "$steps.detect.predictions",
                "padding": "100%",
                "square": True,
            },
            detect("again", "$steps.near.crops"),
            {"type": "dimension_collapse@v1", "name": "list", "data": "$steps.again.predictions"},
            {
                "type": "detections_list_rollup@v1",
                "name": "roll",
                "parent_detection": "$steps.detect.predictions",
                "child_detections": "$steps.list.output",
                "overlap_threshold": 0.4,
            },
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.roll.rolled_up_detections"}],
    }
    with Workflow.load(document, base=ROOT, resources=[ModelStore(device="cpu")]) as workflow:
        found = workflow.run({"image": ROOT / "examples/digits/scenes/meter/01.jpg"})[0]["found"]
    there = np.array([digit["box"] for digit in truth["meter/01.jpg"]], float)
    assert (sv.box_iou_batch(there, found.xyxy).max(axis=1) >= 0.5).mean() >= 0.8
    assert len(found) <= 2 * len(there)
