"""Labels of crops on their boxes: joined by id, whatever happened to boxes and crops in between."""

import copy
import sys
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from cropflow.classification import Classification
from cropflow.detections import stamp, take
from cropflow.image import Image
from cropflow_blocks.fusion.classes_replacement import DetectionsClassesReplacement
from cropflow_blocks.transform.dynamic_crop import DynamicCrop
from cropflow_blocks.transform.static_crop import RelativeStaticCrop

NAMES = ("one", "two", "three", "four")
IMAGE = Image(np.zeros((100, 200, 3), np.uint8))


def detections(count: int = 3) -> sv.Detections:
    corner = 20 * np.arange(count, dtype=np.float32)
    found = sv.Detections(
        np.stack([corner, corner, corner + 10, corner + 10], axis=1),
        mask=np.arange(count)[:, None, None] == np.zeros((100, 200)),
        confidence=np.full(count, 0.5, np.float32),
        class_id=np.full(count, 7),
        tracker_id=np.arange(count) + 100,
        data={"class_name": np.array(["digit"] * count, str), "note": np.arange(count)},
    )
    return stamp(found, IMAGE.origin, "detect")


def crops(found: sv.Detections) -> list[Image | None]:
    return [row.crops for row in DynamicCrop().run(IMAGE, found)]


def label(crop: Image | None, i: int, score: float = 0.9, threshold: float = 0.4) -> Classification | None:
    if crop is None:
        return None
    scores = np.full(len(NAMES), 0.02, np.float32)
    scores[i] = score
    return Classification(NAMES, scores, threshold, crop.origin)


def labels(found: sv.Detections) -> list[Any]:
    return [label(crop, i) for i, crop in enumerate(crops(found))]


def rename(found: sv.Detections, answers: list[Any], **fields: Any) -> sv.Detections:
    return DetectionsClassesReplacement().run(found, answers, **fields).predictions


def names(found: sv.Detections) -> list[str]:
    return list(found.data["class_name"])


def test_class_name_id_and_confidence_come_from_the_crop() -> None:
    found = detections()
    renamed = rename(found, labels(found))
    assert names(renamed) == ["one", "two", "three"]
    assert renamed.class_id is not None and renamed.class_id.tolist() == [0, 1, 2]
    np.testing.assert_allclose(renamed.confidence, 0.9, rtol=1e-6)


def test_all_else_of_a_detection_stays() -> None:
    found = detections()
    renamed = rename(found, labels(found))
    for one, other in ((renamed.xyxy, found.xyxy), (renamed.mask, found.mask), (renamed.tracker_id, found.tracker_id)):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    for key in ("detection_id", "parent_id", "note"):
        np.testing.assert_array_equal(renamed.data[key], found.data[key])
    assert renamed.metadata == found.metadata


def test_what_is_passed_in_is_not_changed() -> None:
    found = detections()
    before = copy.deepcopy(found)
    rename(found, labels(found))
    assert found == before


@given(st.permutations(range(4)), st.integers(0, 4))
def test_boxes_may_be_reordered_and_filtered_after_they_were_cropped(order: list[int], kept: int) -> None:
    found = detections(4)
    left = take(found, order[:kept])
    assert names(rename(left, labels(found))) == [NAMES[i] for i in order[:kept]]


@given(st.permutations(range(4)), st.integers(0, 4))
def test_crops_may_be_filtered_before_they_are_classified(order: list[int], kept: int) -> None:
    found = detections(4)
    some = [labels(found)[i] for i in order[:kept]]
    assert names(rename(found, some)) == [NAMES[i] for i in sorted(order[:kept])]


def test_boxes_without_a_class_are_removed() -> None:
    found = detections()
    _, second, third = crops(found)
    renamed = rename(found, [None, label(second, 1), label(third, 2, score=0.1)])
    assert names(renamed) == ["two"]
    assert renamed.data["detection_id"].tolist() == ["image/detect/1"]


def test_boxes_without_a_class_get_the_fallback() -> None:
    found = detections()
    _, second, third = crops(found)
    answers = [None, label(second, 1), label(third, 2, score=0.1)]
    renamed = rename(found, answers, fallback_class_name="unknown", fallback_class_id=9)
    assert names(renamed) == ["unknown", "two", "unknown"]
    assert renamed.class_id is not None and renamed.class_id.tolist() == [9, 1, 9]
    assert renamed.confidence is not None and renamed.confidence[[0, 2]].tolist() == [0, 0]


@pytest.mark.parametrize("class_id", [None, -1])
def test_a_fallback_without_id_gets_one_that_no_model_uses(class_id: int | None) -> None:
    renamed = rename(detections(1), [None], fallback_class_name="unknown", fallback_class_id=class_id)
    assert renamed.class_id is not None and renamed.class_id.tolist() == [sys.maxsize]


def test_a_crop_of_a_crop_names_the_nearest_box_it_was_cut_by() -> None:
    found = detections(2)
    zone = RelativeStaticCrop()
    zone.step = "zone"
    parts = [zone.run(crop, 0.5, 0.5, 0.5, 0.5).crops for crop in crops(found) if crop]
    answers = [label(part, i) for i, part in enumerate(parts)]
    assert names(rename(found, answers[::-1])) == ["one", "two"]


def test_of_several_parts_of_one_crop_the_surest_names_it() -> None:
    found = detections(1)
    [crop] = crops(found)
    answers = [label(crop, 0, 0.6), label(crop, 1, 0.8), label(crop, 2, 0.7)]
    assert names(rename(found, answers)) == ["two"]


def test_classifications_of_other_boxes_are_ignored() -> None:
    found = detections(3)
    assert len(rename(take(found, [0]), labels(found)[1:])) == 0


def test_texts_are_joined_by_position() -> None:
    renamed = rename(detections(), ["AB 12", None, ["XY", "99"]])
    assert names(renamed) == ["AB 12", "XY"]
    assert renamed.class_id is not None and renamed.class_id.tolist() == [0, 0]
    assert renamed.confidence is not None and renamed.confidence.tolist() == [1, 1]
    assert renamed.data["detection_id"].tolist() == ["image/detect/0", "image/detect/2"]


def test_an_empty_text_is_no_class() -> None:
    assert names(rename(detections(), ["", [], "C"], fallback_class_name="?")) == ["?", "?", "C"]


def test_texts_that_differ_in_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts cannot be matched by position with 3 detections"):
        rename(detections(), ["A", "B"])


def test_detections_without_ids_are_joined_by_position() -> None:
    found = detections(2)
    answers = labels(found)
    del found.data["detection_id"]
    assert names(rename(found, answers)) == ["one", "two"]


def test_no_detections_stay_no_detections_with_all_their_columns() -> None:
    found = detections(0)
    renamed = rename(found, [])
    assert len(renamed) == 0
    assert set(renamed.data) == set(found.data)
    assert len(rename(found, labels(detections(2)))) == 0


def test_the_kind_of_the_detections_is_kept_and_missing_labels_are_seen() -> None:
    spec = DetectionsClassesReplacement.spec
    assert spec.outputs[0].kind_of == ("object_detection_predictions",)
    port = spec.port("classification_predictions")
    assert port.group and port.sees_missing
    assert [kind.name for kind in port.kinds] == ["classification_prediction", "string", "list_of_values"]
