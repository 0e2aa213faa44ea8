"""The JSON form of detections: what existing clients read and send."""

import datetime
import doctest
import json
import sys

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from supervision.detection.compact_mask import CompactMask

from cropflow import jsonable, wire
from cropflow.detections import from_json, reading, stamp, to_json, writing
from cropflow.errors import InputError
from cropflow.image.origin import Origin, Transform

FRAME = Origin("image", 200, 100)
CROP = Origin("image/detect/0", 60, 50, FRAME, Transform(40, 35))


def one_box(**fields) -> sv.Detections:
    data = {"class_name": np.array(["dog"]), **fields.pop("data", {})}
    confidence = np.array([0.5], np.float32)
    return sv.Detections(np.array([[40.0, 35, 60, 45]]), None, confidence, np.array([1]), data=data, **fields)


def text(detections: sv.Detections) -> str:
    return json.dumps(to_json(detections), allow_nan=False)


@pytest.mark.parametrize("module", [writing, reading, wire, jsonable])
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


# --- writing


def test_the_form_is_the_one_that_clients_read():
    found = stamp(one_box(tracker_id=np.array([3])), FRAME, "detect")
    entry = {
        "width": 20.0,
        "height": 10.0,
        "x": 50.0,
        "y": 40.0,
        "confidence": 0.5,
        "class_id": 1,
        "class": "dog",
    }
    ids = {"detection_id": "image/detect/0", "parent_id": "image", "tracker_id": 3}
    assert to_json(found) == {"image": {"width": 200, "height": 100}, "predictions": [{**entry, **ids}]}


def test_boxes_on_a_crop_say_where_the_crop_lies():
    inner = Origin("image/detect/0/find/0", 30, 25, CROP, Transform(5, 6, 0.5, 0.5))
    (entry,) = to_json(stamp(one_box(), inner, "read"))["predictions"]
    assert entry["parent_id"] == "image/detect/0/find/0"
    assert entry["parent_origin"] == {"offset_x": 5, "offset_y": 6, "width": 60, "height": 50}
    assert entry["root_parent_id"] == "image"
    assert entry["root_parent_origin"] == {"offset_x": 45, "offset_y": 41, "width": 200, "height": 100}
    assert entry["scaling_relative_to_parent"] == entry["scaling_relative_to_root_parent"] == 2.0


def test_a_mask_is_written_as_the_outline_of_its_largest_part():
    mask = np.zeros((1, 100, 200), dtype=bool)
    mask[0, 35:45, 40:60] = True
    mask[0, 90:94, 5:9] = True
    outline = [{"x": 40.0, "y": 35.0}, {"x": 40.0, "y": 44.0}, {"x": 59.0, "y": 44.0}, {"x": 59.0, "y": 35.0}]
    dense = one_box()
    dense.mask = mask
    for found in (dense, dense.to_compact_masks()):
        assert to_json(found)["predictions"][0]["points"] == outline
    dense.mask = np.zeros_like(mask)
    assert to_json(dense)["predictions"][0]["points"] == []


def test_a_polygon_is_written_as_it_is():
    polygon = np.array([[[40.5, 35.5], [60, 35], [60, 45]]])
    (entry,) = to_json(one_box(data={"polygon": polygon}))["predictions"]
    assert entry["points"] == [{"x": 40.5, "y": 35.5}, {"x": 60.0, "y": 35.0}, {"x": 60.0, "y": 45.0}]
    assert "polygon" not in entry


def test_key_points_carry_their_names():
    data = {
        "keypoints_xy": np.array([[[45, 38], [np.nan, np.nan]]], np.float32),
        "keypoints_confidence": np.array([[0.25, 0]], np.float32),
        "keypoints_class_id": np.array([[0, -1]]),
        "keypoints_class_name": np.array([["nose", ""]]),
    }
    (entry,) = to_json(one_box(data=data))["predictions"]
    assert entry["keypoints"] == [{"class_id": 0, "class": "nose", "confidence": 0.25, "x": 45.0, "y": 38.0}]
    assert not any(key.startswith("keypoints_") for key in entry)


def test_other_data_follows_under_its_own_name_but_never_replaces_the_box():
    now = datetime.datetime(2024, 5, 6, 7, 8, 9)
    strange = np.empty(1, dtype=object)
    strange[0] = {"when": now, "raw": b"\x00", "set": {1}, "what": sv.Position.CENTER}
    data = {
        "velocity": np.array([[np.nan, 2]]),
        "width": np.array([7.0]),
        "data": ["code"],
        "strange": strange,
    }
    (entry,) = json.loads(text(one_box(data=data)))["predictions"]
    assert entry["velocity"] == [None, 2.0] and entry["data"] == "code" and entry["width"] == 20.0
    assert entry["strange"] == {"when": "2024-05-06T07:08:09", "raw": "AA==", "set": [1], "what": "CENTER"}


def test_numbers_that_json_does_not_know_become_null():
    found = one_box(data={"speed": np.array([np.inf])})
    found.confidence = np.array([np.nan])
    (entry,) = json.loads(text(found))["predictions"]
    assert entry["confidence"] is None and entry["speed"] is None


def test_no_boxes_are_an_empty_list():
    assert to_json(stamp(sv.Detections.empty(), FRAME, "detect")) == {
        "image": {"width": 200, "height": 100},
        "predictions": [],
    }
    assert to_json(sv.Detections.empty()) == {"image": {"width": None, "height": None}, "predictions": []}


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(json_like | arrays.arrays(arrays.scalar_dtypes(), (2,)))
def test_everything_has_a_json_form(value):
    json.dumps(jsonable.to_json(value), allow_nan=False)


def test_rare_numbers_have_a_json_form():
    values = [
        np.longdouble(0.5),
        np.array([np.longdouble(0.5)]),
        np.float16(0.5),
        np.array(0.5),
        np.bool_(True),
        np.clongdouble(1),
    ]
    assert jsonable.to_json(values) == [0.5, [0.5], 0.5, 0.5, True, "(1+0j)"]


# --- reading


def test_an_unknown_class_id_and_a_wide_picture_come_back_as_they_were_written():
    wide = Origin("pano", 200_000, 100)
    found = stamp(one_box(), wide, "detect")
    found.class_id = np.array([sys.maxsize])
    found.mask = np.ones((1, 100, 200), bool)
    back = from_json(json.loads(text(found)))
    assert back.class_id.tolist() == [sys.maxsize]
    assert back.metadata["origin"] == wide
    assert back.mask.area.tolist() == [20_000]
    (entry,) = to_json(stamp(one_box(), Origin("pano/0", 20, 20, wide), "read"))["predictions"]
    assert from_json({"image": {"width": 20, "height": 20}, "predictions": [entry]}).metadata["origin"].root == wide


def test_a_few_numbers_cannot_ask_for_all_the_memory():
    image = {"width": 2**31 - 1, "height": 2**31 - 1}
    for mask in ({"points": [{"x": 0, "y": 0}]}, {"rle_mask": {"size": [2**31 - 1, 2**31 - 1], "counts": [0, 9]}}):
        with pytest.raises(InputError, match="2147483647 × 2147483647 pixels are too large"):
            from_json({"image": image, "predictions": [{**BOX, **mask}]})
    for key in ("class_id", "tracker_id"):
        with pytest.raises(InputError, match=key):
            from_json({"predictions": [{**BOX, key: 2**63}]})


coordinates = st.floats(0, 1000, width=16)
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)


@st.composite
def detections(draw) -> sv.Detections:
    count = draw(st.integers(0, 5))

    def column(values, dtype):
        return np.array(draw(st.lists(values, min_size=count, max_size=count)), dtype=dtype)

    corners = column(st.tuples(*[coordinates] * 4), np.float32).reshape(-1, 4)
    xyxy = np.hstack((np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])))
    found = sv.Detections(
        xyxy,
        confidence=column(st.floats(0, 1, width=32), np.float32) if draw(st.booleans()) else None,
        class_id=column(st.integers(0, 999), int) if draw(st.booleans()) else None,
        tracker_id=column(st.integers(-1, 2**40), int) if draw(st.booleans()) else None,
        data={
            "class_name": column(words, str),
            "speed": column(st.floats(-9, 9), float),
            "corner": column(st.tuples(coordinates, coordinates), float).reshape(-1, 2),
        },
    )
    return stamp(found, draw(st.sampled_from([FRAME, CROP])), draw(st.sampled_from(["detect", "find"])))


def same(a, b) -> bool:
    return (a is None and b is None) or (a.dtype.kind == b.dtype.kind and np.array_equal(a, b))


@given(detections())
def test_what_was_written_reads_the_same(found):
    back = from_json(json.loads(text(found)))
    assert to_json(back)["predictions"] == to_json(found)["predictions"]
    if len(found):
        assert same(back.xyxy, found.xyxy)
        assert all(same(getattr(back, name), getattr(found, name)) for name in ("confidence", "class_id", "tracker_id"))
        assert all(same(back.data[key], found.data[key]) for key in found.data)
        assert set(back.data) == set(found.data)
        assert back.metadata == found.metadata


def test_a_scaled_crop_leads_back_to_the_same_pixels():
    inner = Origin("zoom", 120, 100, CROP, Transform(5, 6, 0.5, 0.5))
    back = from_json(to_json(stamp(one_box(), inner, "read")))
    assert back.metadata["origin"].to_root == inner.to_root
    assert back.metadata["origin"].root == FRAME
    assert set(back.data) == {"class_name", "detection_id", "parent_id"}


def test_points_become_a_polygon_and_a_compact_mask():
    mask = np.zeros((2, 100, 200), dtype=bool)
    mask[0, 35:45, 40:60] = True
    mask[1, 0:10, 195:200] = True
    boxes = np.array([[40.0, 35, 60, 45], [195, 0, 200, 10]])
    back = from_json(to_json(stamp(sv.Detections(boxes, mask=mask), FRAME, "segment")))
    assert isinstance(back.mask, CompactMask)
    assert np.array_equal(back.mask.to_dense(), mask)
    assert back.data["polygon"][0].tolist() == [[40, 35], [40, 44], [59, 44], [59, 35]]


corners = st.tuples(st.integers(-300, 300), st.integers(-300, 300))


@given(st.lists(corners, max_size=6))
def test_a_polygon_of_any_kind_is_drawn_as_supervision_draws_it(polygon):
    points = [{"x": x, "y": y} for x, y in polygon]
    entry = {"x": 5, "y": 5, "width": 2, "height": 2, "points": points}
    back = from_json({"image": {"width": 50, "height": 40}, "predictions": [entry]})
    drawn = sv.polygon_to_mask(np.array(polygon).reshape(-1, 2), (50, 40)).astype(bool)
    assert np.array_equal(back.mask.to_dense()[0], drawn)


def test_a_run_length_mask_becomes_a_compact_mask():
    mask = np.zeros((4, 6), dtype=bool)
    mask[1:3, 2:5] = True
    for compressed in (True, False):
        code = {"size": [4, 6], "counts": sv.mask_to_rle(mask, compressed=compressed)}
        entry = {"x": 3, "y": 2, "width": 3, "height": 2, "rle_mask": code}
        back = from_json({"image": {"width": 6, "height": 4}, "predictions": [entry]})
        assert np.array_equal(back.mask.to_dense()[0], mask)


def test_key_points_are_filled_up_to_the_longest():
    nose = {"class_id": 0, "class": "nose", "confidence": 0.5, "x": 45.0, "y": 38.0}
    entries = [
        {"x": 5.0, "y": 5.0, "width": 2.0, "height": 2.0, "keypoints": points} for points in ([nose], [], [nose, nose])
    ]
    back = from_json({"predictions": entries})
    assert back.data["keypoints_xy"].shape == (3, 2, 2)
    assert to_json(back)["predictions"] == entries


BOX = {"x": 1, "y": 1, "width": 2, "height": 2}
SIZE = {"width": 6, "height": 4}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "whole value"),
        ([BOX], "whole value"),
        ({"image": SIZE}, r"predictions: Field required"),
        ({"predictions": [BOX, {**BOX, "width": "2"}]}, r"predictions\[1\]\.width: .*found '2'"),
        ({"predictions": [BOX, {**BOX, "height": -1}]}, r"predictions\[1\]\.height: .*found -1"),
        ({"predictions": [{"x": 1, "width": 2, "height": 2}]}, r"predictions\[0\]\.y: Field required"),
        ({"predictions": [{**BOX, "x": float("nan")}]}, r"predictions\[0\]\.x"),
        ({"predictions": [{**BOX, "x": 1e300}]}, r"predictions\[0\]\.x"),
        ({"predictions": [{**BOX, "x": True}]}, r"predictions\[0\]\.x"),
        ({"predictions": [{**BOX, "class": 3}]}, r"predictions\[0\]\.class: .*string"),
        (
            {"predictions": [{**BOX, "points": [{"x": 1}]}], "image": SIZE},
            r"predictions\[0\]\.points\[0\]\.y",
        ),
        ({"predictions": [{**BOX, "points": []}]}, r"image\.width and image\.height"),
        ({"predictions": [{**BOX, "class": "a"}, BOX]}, r"predictions\[1\] has no 'class'"),
        ({"predictions": [BOX], "image": {"width": 0, "height": 4}}, r"image\.width"),
        (
            {"predictions": [{**BOX, "rle_mask": {"size": [4, 6], "counts": [1, 2]}}], "image": SIZE},
            "rle_mask",
        ),
    ],
)
def test_what_is_malformed_is_refused_by_name(value, message):
    with pytest.raises(InputError, match=f"(?s)the detections cannot be read: .*{message}"):
        from_json(value)
