"""Which detection is nearest to which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, RunError, Workflow
from cropflow.detections import stamp
from cropflow.image.origin import Origin

PICTURE = Image(np.zeros((200, 400, 3), np.uint8), id="image")
STEP = {
    "type": "roboflow_core/detections_nearest_neighbor@v1",
    "query_predictions": "$inputs.one",
    "target_predictions": "$inputs.other",
}
OUTPUTS = ("query_predictions", "matched_query_detections", "matched_target_detections")


def boxes(*rows: list[float], step: str = "q", origin: Origin = PICTURE.origin, **data: Any) -> Detections:
    found = Detections(np.array(rows, np.float32).reshape(-1, 4), data={k: np.array(v) for k, v in data.items()})
    return stamp(found, origin, step)


def near(one: Detections, other: Detections, **fields: Any) -> tuple[list[Any], list[Any]]:
    """The distance of every query (None where it has none), and the pairs of ids, shortened."""
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": name, "kind": ["object_detection_prediction"]}
            for name in ("one", "other")
        ],
        "steps": [{**STEP, "name": "near", **fields}],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.near.{name}", "coordinates_system": "own"}
            for name in OUTPUTS
        ],
    }
    with Workflow.load(document) as workflow:
        (row,) = workflow.run({"one": [one], "other": [other]})
    queries, ours, theirs = row.values()
    assert ours.data["nearest_target_distance"].shape == (len(ours),)
    distances = [None if np.isnan(d) else round(float(d), 3) for d in queries.data["nearest_target_distance"]]
    ids = [[id.rpartition("image/")[2] for id in found.data["detection_id"]] for found in (ours, theirs)]
    return distances, list(zip(*ids, strict=True))


QUERIES = ([0, 0, 10, 10], [100, 100, 120, 120], [50, 50, 60, 60])
TARGETS = ([5, 5, 15, 15], [102, 102, 122, 130], [300, 190, 310, 200])


def test_distances_from_centre_to_centre() -> None:
    distances, pairs = near(boxes(*QUERIES), boxes(*TARGETS, step="t"))
    assert distances == [7.071, 6.325, 63.64]
    assert pairs == [("q/0", "t/0"), ("q/1", "t/1"), ("q/2", "t/0")]


def test_other_points_of_the_boxes() -> None:
    distances, pairs = near(
        boxes(*QUERIES), boxes(*TARGETS, step="t"), query_point="TOP_LEFT", target_point="BOTTOM_RIGHT"
    )
    assert distances == [21.213, 37.202, 49.497]
    assert pairs == [("q/0", "t/0"), ("q/1", "t/1"), ("q/2", "t/0")]


def test_only_what_is_near_enough_is_paired_the_limit_included() -> None:
    one, other = boxes([0, 0, 10, 10]), boxes([3, 4, 13, 14], step="t")
    assert near(one, other, max_distance=5) == ([5.0], [("q/0", "t/0")])
    assert near(one, other, max_distance=4) == ([None], [])


def test_all_targets_of_one_distance_count() -> None:
    one, other = boxes([10, 0, 20, 10]), boxes([0, 0, 10, 10], [90, 0, 99, 9], [20, 0, 30, 10], step="t")
    assert near(one, other) == ([10.0], [("q/0", "t/0"), ("q/0", "t/2")])


def test_a_detection_is_no_neighbour_of_itself() -> None:
    found = boxes(*QUERIES)
    distances, pairs = near(found, found)
    assert distances == [70.711, 77.782, 70.711]
    assert pairs == [("q/0", "q/2"), ("q/1", "q/2"), ("q/2", "q/0")]
    assert near(boxes([0, 0, 1, 1]), boxes([0, 0, 1, 1])) == ([None], [])


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (2, 0)])
def test_nothing_to_pair(counts: tuple[int, int]) -> None:
    one, other = boxes(*QUERIES[: counts[0]]), boxes(*TARGETS[: counts[1]], step="t")
    assert near(one, other) == ([None] * counts[0], [])


def test_boxes_on_a_crop_are_measured_where_they_lie_on_the_picture() -> None:
    crop = PICTURE.crop(100, 50, 200, 150, id="image/part")
    assert crop is not None
    on_crop = boxes([0, 0, 10, 10], step="t", origin=crop.origin)
    assert near(boxes([103, 54, 113, 64]), on_crop) == ([5.0], [("q/0", "part/t/0")])
    assert near(on_crop, boxes([103, 54, 113, 64])) == ([5.0], [("part/t/0", "q/0")])


def pose(*points: list[list[float]]) -> Detections:
    names = [["nose", "eye"]] * len(points)
    return boxes(*QUERIES[: len(points)], keypoints_xy=np.array(points, np.float32), keypoints_class_name=names)


def test_distances_from_a_key_point() -> None:
    found = pose([[1, 1], [300, 190]], [[0, 0], [9, 9]], [[0, 0], [np.nan, np.nan]])
    eye = {"query_point": "KEYPOINT", "query_keypoint_name": "eye"}
    distances, pairs = near(found, boxes(*TARGETS, step="t"), **eye)
    assert distances == [7.071, 1.414, None]
    assert pairs == [("q/0", "t/2"), ("q/1", "t/0")]
    assert near(found, boxes(*TARGETS), **{**eye, "query_keypoint_name": "tail"}) == ([None] * 3, [])


def test_a_key_point_needs_a_name_and_key_points() -> None:
    with pytest.raises(RunError, match="target_point is KEYPOINT, which needs target_keypoint_name"):
        near(boxes(*QUERIES), boxes(*TARGETS), target_point="KEYPOINT")
    with pytest.raises(RunError, match="these detections have no key points with names; give predictions of a key"):
        near(boxes(*QUERIES), boxes(*TARGETS), target_point="KEYPOINT", target_keypoint_name="eye")
    assert near(boxes(), boxes(*TARGETS), query_point="KEYPOINT", query_keypoint_name="eye") == ([], [])
