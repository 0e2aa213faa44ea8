"""Boxes over boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow
from cropflow.detections import stamp

PICTURE = Image(np.zeros((200, 300, 3), np.uint8), id="image")


def boxes(*rows: list[float], classes: list[int], image: Image = PICTURE, source: str = "one") -> Detections:
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.linspace(0.9, 0.5, len(rows)).astype(np.float32),
        class_id=np.array(classes, int),
        data={"class_name": np.array([f"c{i}" for i in classes], str)},
    )
    return stamp(found, image.origin, source)


def run(step: dict[str, Any], **inputs: Detections) -> Any:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": name, "kind": ["object_detection_prediction"]} for name in inputs
        ],
        "steps": [{"name": "step", **step}],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.step.overlaps"}],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({name: [value] for name, value in inputs.items()})[0]["out"]


OVER = {"type": "roboflow_core/overlap@v1", "predictions": "$inputs.found", "overlap_class_name": "c0"}
FOUND = boxes([10, 10, 50, 50], [40, 40, 90, 90], [20, 20, 40, 40], [200, 10, 240, 40], classes=[0, 1, 1, 0])


@pytest.mark.parametrize(("way", "places"), [("Center Overlap", [2]), ("Any Overlap", [1, 2])])
def test_boxes_over_a_class(way: str, places: list[int]) -> None:
    found = run({**OVER, "overlap_type": way}, found=FOUND)
    assert found.data["detection_id"].tolist() == [f"image/one/{i}" for i in places]
    assert len(run({**OVER, "overlap_type": way}, found=boxes(classes=[]))) == 0
    assert len(run({**OVER, "overlap_type": way, "overlap_class_name": "c9"}, found=FOUND)) == 0


PAIRS = {
    "type": "roboflow_core/overlap_analysis@v1",
    "reference_predictions": "$inputs.one",
    "candidate_predictions": "$inputs.two",
}


def test_pairs_tell_the_share_of_the_reference_that_is_covered() -> None:
    one = boxes([0, 0, 40, 40], classes=[0])
    two = boxes([0, 0, 20, 20], [30, 30, 130, 130], [200, 0, 210, 10], classes=[0, 1, 1], source="two")
    (pair,) = run(PAIRS, one=one, two=two)
    assert pair == {
        "reference_class": "c0",
        "reference_confidence": pytest.approx(0.9),
        "reference_detection_id": "image/one/0",
        "candidate_class": "c0",
        "candidate_confidence": pytest.approx(0.9),
        "candidate_detection_id": "image/two/0",
        "overlap_ratio": 0.25,
    }
    assert [pair["overlap_ratio"] for pair in run({**PAIRS, "min_overlap": 0}, one=one, two=two)] == [0.25, 0.0625]


def test_a_box_covers_itself_and_crops_are_moved() -> None:
    found = boxes([0, 0, 40, 40], [20, 0, 60, 40], classes=[0, 0])
    ratios = [(p["reference_detection_id"][-1], p["overlap_ratio"]) for p in run(PAIRS, one=found, two=found)]
    assert ratios == [("0", 1.0), ("0", 0.5), ("1", 0.5), ("1", 1.0)]
    part = PICTURE.crop(20, 20, 100, 100, id="part")
    inside = boxes([0, 0, 20, 20], classes=[0], image=part, source="three")
    assert run(PAIRS, one=boxes([20, 20, 40, 40], classes=[0]), two=inside)[0]["overlap_ratio"] == 1.0
    assert run(PAIRS, one=found, two=boxes(classes=[])) == []
