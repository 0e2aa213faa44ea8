"""Whether two pictures show the same thing, told by pictures or by their descriptors."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import RunError, WorkflowError

from .documents import document, load, meter, run, sheet


def turned() -> Image:
    """The sheet, rotated by 20° and made smaller."""
    matrix = cv2.getRotationMatrix2D((160, 160), 20, 0.9)
    return Image(np.asarray(cv2.warpAffine(sheet().bgr, matrix, (320, 320))), id="turned")


def plain() -> Image:
    return Image(np.full((60, 60, 3), 90, np.uint8), id="plain")


def compare(one: Image, other: Image, **fields: Any) -> dict[str, Any]:
    steps = document("sift_comparison@v1", [], {"descriptor_1": "$steps.a.descriptors", **fields})
    steps["steps"][0]["descriptor_2"] = "$steps.b.descriptors"
    for name in ("a", "b"):
        steps["inputs"].append({"type": "WorkflowImage", "name": name})
        steps["steps"].append({"type": "roboflow_core/sift@v1", "name": name, "image": f"$inputs.{name}"})
    with Workflow.load(steps) as workflow:
        found: dict[str, Any] = workflow.run({"a": one, "b": other})[0]["all"]
    return found


def test_a_turned_picture_matches_and_another_one_does_not() -> None:
    same, different = compare(sheet(), turned()), compare(sheet(), meter())
    assert same["good_matches_count"] > 100 and same["images_match"] is True
    assert different["good_matches_count"] < 20 and different["images_match"] is False


def test_fewer_matches_may_be_enough_and_a_lower_ratio_is_stricter() -> None:
    count = compare(sheet(), turned())["good_matches_count"]
    assert compare(sheet(), turned(), good_matches_threshold=count)["images_match"] is True
    assert compare(sheet(), turned(), good_matches_threshold=count + 1)["images_match"] is False
    assert compare(sheet(), turned(), ratio_threshold=0.4)["good_matches_count"] < count
    assert compare(sheet(), turned(), ratio_threshold=0)["good_matches_count"] == 0


def test_a_plain_picture_matches_nothing_from_either_side() -> None:
    for one, other in ((plain(), sheet()), (sheet(), plain()), (plain(), plain())):
        assert compare(one, other) == {"good_matches_count": 0, "images_match": False}


def compare_pictures(one: Any, other: Any, **fields: Any) -> dict[str, Any]:
    with load("sift_comparison@v2", "input_1", "input_2", **fields) as workflow:
        found: dict[str, Any] = workflow.run({"input_1": one, "input_2": other})[0]["all"]
    return found


def test_version_2_describes_the_pictures_itself() -> None:
    found = compare_pictures(sheet(), turned())
    assert found["good_matches_count"] == compare(sheet(), turned())["good_matches_count"]
    assert len(found["keypoints_1"]) == len(found["descriptors_1"]) > 100
    assert found["visualization_1"] is found["visualization_matches"] is None


def test_both_matchers_give_the_same_answer_every_time() -> None:
    counts = {
        compare_pictures(sheet(), turned(), matcher=matcher)["good_matches_count"]
        for matcher in ("FlannBasedMatcher", "BFMatcher", "FlannBasedMatcher")
    }
    assert len(counts) == 1


def test_drawings_are_made_where_they_are_asked_for() -> None:
    found = compare_pictures(sheet(), meter(), visualize=True)
    both = found["visualization_matches"]
    assert (both.width, both.height) == (320 + 320, 320)
    assert both.origin.source == sheet().origin and both.origin.root != sheet().origin
    assert found["visualization_2"].id == "meter" and found["visualization_2"].height == 224
    assert compare_pictures(plain(), sheet(), visualize=True)["visualization_matches"].width == 380


def described(one: np.ndarray[Any, Any], other: Any, visualize: bool = False) -> dict[str, Any]:
    steps = document("sift_comparison@v2", [], {"input_1": "$inputs.a", "input_2": "$inputs.b"})
    steps["steps"][0]["visualize"] = visualize
    kinds = {"a": "numpy_array", "b": "image" if isinstance(other, Image) else "numpy_array"}
    steps["inputs"] = [{"type": "WorkflowBatchInput", "name": name, "kind": [kinds[name]]} for name in kinds]
    with Workflow.load(steps) as workflow:
        found: dict[str, Any] = workflow.run({"a": [one], "b": [other]})[0]["all"]
    return found


def test_descriptors_may_stand_for_pictures_on_one_side_or_both() -> None:
    ours, theirs = (run("sift@v1", image)["descriptors"] for image in (sheet(), turned()))
    expected = compare_pictures(sheet(), turned())["good_matches_count"]
    both, mixed = described(ours, theirs), described(ours, turned(), visualize=True)
    assert both["good_matches_count"] == mixed["good_matches_count"] == expected
    assert both["keypoints_1"] is None and mixed["keypoints_1"] is None and len(mixed["keypoints_2"]) > 100
    assert mixed["visualization_1"] is None, "there is no picture to draw the first on"


@pytest.mark.parametrize(
    ("array", "said"), [(np.zeros(5), "n×d array"), (np.zeros((3, 7), np.float32), "of 7 and of 128 numbers")]
)
def test_arrays_that_are_no_descriptors_are_told(array: Any, said: str) -> None:
    with pytest.raises(RunError, match=said):
        described(array, sheet())


@pytest.mark.parametrize("fields", [{"ratio_threshold": 1.2}, {"good_matches_threshold": -1}, {"matcher": "KNN"}])
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("sift_comparison@v2", "input_1", "input_2", **fields)
