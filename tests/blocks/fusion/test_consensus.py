"""What enough models agree on: votes, merged boxes and masks, presence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from supervision import Detections

from cropflow import ModelStore, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow.image.origin import Origin

ROOT = Path(__file__).parents[3]
ORIGIN = Origin("image", 300, 200)


def boxes(rows: list[list[float]], confidence: list[float], classes: list[int], source: str = "one") -> Detections:
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.array(confidence, np.float32),
        class_id=np.array(classes, int),
        data={"class_name": np.array([f"c{i}" for i in classes], str)},
    )
    return stamp(found, ORIGIN, source)


A = boxes([[10, 10, 50, 50], [60, 10, 90, 40]], [0.9, 0.5], [0, 1])
B = boxes([[12, 12, 52, 52], [200, 10, 240, 40]], [0.7, 0.6], [0, 1], "two")


def consensus(*sources: Detections, **fields: Any) -> dict[str, Any]:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": f"s{i}", "kind": ["object_detection_prediction"]}
            for i in range(len(sources))
        ],
        "steps": [
            {
                "type": "roboflow_core/detections_consensus@v1",
                "name": "agreed",
                "predictions_batches": [f"$inputs.s{i}" for i in range(len(sources))],
                **fields,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.agreed.*"}],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({f"s{i}": [source] for i, source in enumerate(sources)})[0]["all"]


def test_boxes_that_overlap_vote_for_one_object() -> None:
    answer = consensus(A, B, required_votes=2)
    found = answer["predictions"]
    assert found.xyxy.tolist() == [[11, 11, 51, 51]]
    assert found.confidence.tolist() == pytest.approx([0.8])
    assert found.data["class_name"].tolist() == ["c0"]
    assert found.data["detection_id"].tolist() == ["image/agreed/0"]
    assert answer["object_present"] is True
    assert answer["presence_confidence"] == {"c0": pytest.approx(0.8)}


def test_with_one_vote_everything_counts_once() -> None:
    found = consensus(A, B, required_votes=1)["predictions"]
    assert found.xyxy.tolist() == [[11, 11, 51, 51], [60, 10, 90, 40], [200, 10, 240, 40]]
    assert consensus(A, required_votes=1)["predictions"].xyxy.tolist() == A.xyxy.tolist()


@pytest.mark.parametrize(
    ("way", "box", "confidence"),
    [("max", [5, 5, 55, 55], 0.9), ("min", [12, 12, 52, 52], 0.7), ("average", [8.5, 8.5, 53.5, 53.5], 0.8)],
)
def test_ways_to_merge(way: str, box: list[float], confidence: float) -> None:
    large = boxes([[5, 5, 55, 55]], [0.9], [0])
    found = consensus(
        large,
        B,
        required_votes=2,
        detections_merge_coordinates_aggregation=way,
        detections_merge_confidence_aggregation=way,
    )["predictions"]
    assert found.xyxy.tolist() == [box]
    assert found.confidence.tolist() == pytest.approx([confidence])


def test_classes_keep_boxes_apart_unless_they_do_not_matter() -> None:
    other = boxes([[12, 12, 52, 52]], [0.7], [1])
    assert len(consensus(A, other, required_votes=2)["predictions"]) == 0
    answer = consensus(A, other, required_votes=2, class_aware=False)
    assert answer["predictions"].data["class_name"].tolist() == ["c0"]
    assert answer["presence_confidence"] == {"any_object": pytest.approx(0.8)}


def test_of_several_models_the_class_of_most_counts() -> None:
    votes = [boxes([[12, 12, 52, 52]], [0.7], [cls]) for cls in (0, 1, 1)]
    found = consensus(*votes, required_votes=3, class_aware=False)["predictions"]
    assert (found.data["class_name"].tolist(), found.class_id.tolist()) == (["c1"], [1])
    assert len(consensus(*votes, required_votes=4, class_aware=False)["predictions"]) == 0


@pytest.mark.parametrize(
    ("fields", "present", "classes"),
    [
        ({}, True, {"c0", "c1"}),
        ({"required_objects": 3}, True, {"c0", "c1"}),
        ({"required_objects": 4}, False, set()),
        ({"required_objects": {"c0": 1, "c1": 2}}, True, {"c0", "c1"}),
        ({"required_objects": {"c0": 2}}, False, set()),
        ({"classes_to_consider": ["c1"]}, True, {"c1"}),
        ({"confidence": 0.65}, True, {"c0"}),
        ({"confidence": 0.95}, False, set()),
    ],
)
def test_objects_are_present_where_there_are_enough(fields: dict[str, Any], present: bool, classes: set[str]) -> None:
    answer = consensus(A, B, required_votes=1, **fields)
    assert answer["object_present"] is present
    assert set(answer["presence_confidence"]) == classes


@pytest.mark.parametrize(("way", "expected"), [("max", 0.6), ("min", 0.5), ("average", 0.55)])
def test_confidence_of_several_objects_of_a_class(way: str, expected: float) -> None:
    answer = consensus(A, B, required_votes=1, presence_confidence_aggregation=way)
    assert answer["presence_confidence"]["c1"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("way", "area"), [("union", 32 * 30), ("intersection", 28 * 30), ("max", 31 * 30), ("min", 29 * 30)]
)
def test_masks_are_merged(way: str, area: int) -> None:
    one, two = boxes([[10, 10, 45, 45]], [0.9], [0]), boxes([[10, 10, 45, 45]], [0.9], [0])
    for found, (start, end) in ((one, (10, 41)), (two, (13, 42))):
        found.mask = np.zeros((1, 200, 300), bool)
        found.mask[0, 12:42, start:end] = True
    merged = consensus(one, two, required_votes=2, detections_merge_mask_aggregation=way)["predictions"]
    assert merged.mask.shape == (1, 200, 300)
    assert int(np.asarray(merged.mask[0]).sum()) == area


def test_nothing_found() -> None:
    empty = boxes([], [], [])
    assert len(consensus(A, empty, required_votes=2)["predictions"]) == 0
    answer = consensus(empty, Detections.empty(), required_votes=1)
    assert (len(answer["predictions"]), answer["object_present"], answer["presence_confidence"]) == (0, False, {})


def test_votes_must_be_asked_for() -> None:
    with pytest.raises(WorkflowError, match="this value does not fit 'required_votes'"):
        consensus(A, B, required_votes=0)


def test_two_looks_of_a_model_agree_on_the_digits_that_are_there(truth: dict[str, list[dict[str, Any]]]) -> None:
    def look(name: str, confidence: float) -> dict[str, Any]:
        return {
            "type": "object_detection_model@v2",
            "name": name,
            "images": "$inputs.image",
            "model_id": "models/digits-detect.pt",
            "confidence": confidence,
        }

    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            look("bold", 0.05),
            look("careful", 0.6),
            {
                "type": "detections_consensus@v1",
                "name": "agreed",
                "predictions_batches": ["$steps.bold.predictions", "$steps.careful.predictions"],
                "required_votes": 2,
            },
        ],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.{name}.predictions"}
            for name in ("careful", "agreed")
        ],
    }
    names = [name for name in truth if name.startswith("sheet")]
    scenes = [ROOT / "examples" / "digits" / "scenes" / name for name in names]
    with Workflow.load(document, base=ROOT, resources=[ModelStore(device="cpu")]) as workflow:
        result = workflow.run({"image": scenes})
    for name, row in zip(names, result, strict=True):
        there = np.array([digit["box"] for digit in truth[name]], float)
        assert len(row["agreed"]) == len(row["careful"])
        assert (sv.box_iou_batch(there, row["agreed"].xyxy).max(axis=1) >= 0.5).mean() >= 0.9
