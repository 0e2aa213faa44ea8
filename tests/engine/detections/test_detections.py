"""Identity and geometry of detections: what blocks and results rely on."""

import copy
import doctest
import tracemalloc

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st
from supervision.detection.compact_mask import CompactMask

from cropflow import detections as module
from cropflow.detections import CropPredictions, into, moved, onto, stamp, take, to_root
from cropflow.image import Image
from cropflow.image.origin import Origin, Transform

ROOT = Origin("image", 100, 80)
CROP = Origin("image/detect/0", 40, 30, ROOT, Transform(20, 10))
ZOOMED = Origin("image/detect/0/zoom", 80, 60, CROP, Transform(0, 0, 0.5, 0.5))
INNER = Origin("image/detect/0/zoom/0", 20, 20, ZOOMED, Transform(40, 20))

BOXES = np.array([[2, 3, 12, 13], [10, 5, 30, 25]], dtype=np.float32)


def squares(height: int = 30, width: int = 40) -> np.ndarray:
    masks = np.zeros((2, height, width), dtype=bool)
    masks[0, 3:13, 2:12] = True
    masks[1, 5:25, 10:30] = True
    return masks


def rich(mask: str = "dense") -> sv.Detections:
    """Two boxes with every kind of data a block may attach."""
    polygon = np.empty(2, dtype=object)
    polygon[:] = [np.array([[2.0, 3], [12, 3], [12, 13]]), np.array([[10.0, 5], [30, 5], [30, 25], [10, 25]])]
    found = sv.Detections(
        BOXES.copy(),
        mask=squares(),
        confidence=np.array([0.9, 0.5], np.float32),
        class_id=np.array([1, 0]),
        tracker_id=np.array([7, 8]),
        data={
            "class_name": np.array(["dog", "elephant"]),
            "xyxyxyxy": np.arange(16, dtype=np.float32).reshape(2, 4, 2),
            "keypoints_xy": np.array([[[2, 3], [4, 5]], [[6, 7], [np.nan, np.nan]]]),
            "polygon": polygon,
            "rect": [np.zeros((4, 2)), np.ones((4, 2))],
            "width": np.array([10.0, 20.0]),
            "note": ["first", "second"],
        },
        metadata={"source": "camera 1"},
    )
    return found.to_compact_masks() if mask == "compact" else found


def snapshot(detections: sv.Detections) -> sv.Detections:
    return copy.deepcopy(detections)


def untouched(detections: sv.Detections, before: sv.Detections) -> bool:
    keys = list(detections.data) == list(before.data) and detections.metadata == before.metadata
    same = np.array_equal(detections.xyxy, before.xyxy) and np.array_equal(
        np.asarray(detections.mask), np.asarray(before.mask)
    )
    return keys and same and all(repr(detections.data[key]) == repr(before.data[key]) for key in before.data)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(module).failed == 0


# --- stamp


def test_a_stamp_says_which_box_it_is_and_where_it_was_found():
    found = stamp(rich(), CROP, "classify")
    assert found.data["detection_id"].tolist() == ["image/detect/0/classify/0", "image/detect/0/classify/1"]
    assert found.data["parent_id"].tolist() == ["image/detect/0"] * 2
    assert found.metadata == {"source": "camera 1", "origin": CROP}


def test_ids_that_are_already_there_are_kept():
    first = stamp(rich(), CROP, "detect")
    again = stamp(take(first, [1]), ROOT, "filter")
    assert again.data["detection_id"].tolist() == ["image/detect/0/detect/1"]
    assert again.data["parent_id"].tolist() == ["image/detect/0"]
    assert again.metadata["origin"] is CROP


def test_no_boxes_still_have_the_keys():
    found = stamp(sv.Detections.empty(), ROOT, "detect")
    assert found.data["detection_id"].shape == found.data["parent_id"].shape == (0,)
    assert found.data["detection_id"].dtype.kind == found.data["parent_id"].dtype.kind == "U"
    assert found.metadata["origin"] is ROOT


@pytest.mark.parametrize("mask", ["dense", "compact"])
@pytest.mark.parametrize(
    "change",
    [
        lambda d: stamp(d, ROOT, "detect"),
        lambda d: take(d, 0),
        lambda d: moved(d, Transform(5, 6, 2, 2), ROOT),
        lambda d: into(d, CROP),
        lambda d: to_root(stamp(d, CROP, "detect")),
    ],
    ids=["stamp", "take", "moved", "into", "to_root"],
)
def test_what_is_passed_in_is_never_modified(change, mask):
    given_in = rich(mask)
    before = snapshot(given_in)
    assert change(given_in) is not given_in
    assert untouched(given_in, before)


# --- take


PICKS = st.one_of(
    st.integers(-2, 1),
    st.slices(2),
    st.lists(st.integers(-2, 1), max_size=4),
    st.lists(st.booleans(), min_size=2, max_size=2),
    st.lists(st.booleans(), min_size=2, max_size=2).map(np.array),
    st.lists(st.integers(0, 1), max_size=4).map(np.array),
)


@given(PICKS, st.sampled_from(["dense", "compact"]))
def test_take_picks_everything_that_belongs_to_a_box(pick, mask):
    whole = stamp(rich(mask), ROOT, "detect")
    index = np.array(pick, dtype=int) if isinstance(pick, list | np.ndarray) and len(pick) == 0 else pick
    expected = np.atleast_1d(np.arange(2)[index])
    picked = take(whole, pick)
    assert isinstance(picked, sv.Detections)
    assert picked.metadata == whole.metadata
    assert isinstance(picked.mask, CompactMask) == (mask == "compact")
    assert np.array_equal(picked.xyxy, whole.xyxy[expected])
    assert np.array_equal(np.asarray(picked.mask), squares()[expected])
    for name in ("confidence", "class_id", "tracker_id"):
        assert np.array_equal(getattr(picked, name), getattr(whole, name)[expected])
    assert list(picked.data) == list(whole.data)
    for key, values in whole.data.items():
        assert repr(list(picked.data[key])) == repr([values[i] for i in expected])


def test_an_index_that_is_out_of_range_is_an_error_even_where_there_are_no_boxes():
    with pytest.raises(IndexError):
        take(rich(), 2)
    with pytest.raises(IndexError):
        take(sv.Detections.empty(), 0)
    with pytest.raises(IndexError):
        take(rich(), np.array([True]))


@pytest.mark.parametrize("pick", [slice(None), [], np.array([], bool), np.array([])])
def test_nothing_taken_from_nothing_keeps_the_keys(pick):
    assert set(take(stamp(sv.Detections.empty(), ROOT, "detect"), pick).data) == {"detection_id", "parent_id"}


# --- moving


def test_a_crop_inside_a_zoomed_crop_goes_back_to_the_right_pixels():
    found = stamp(
        sv.Detections(
            np.array([[4, 6, 14, 16]], np.float32),
            data={
                "keypoints_xy": np.array([[[4, 6]]]),
                "xyxyxyxy": np.array([[[4, 6], [14, 6], [14, 16], [4, 16]]]),
            },
        ),
        INNER,
        "classify",
    )
    root = to_root(found)
    # inner (4, 6) is (44, 26) in the zoomed crop, (22, 13) in the crop, (42, 23) in the picture
    assert root.xyxy.tolist() == [[42, 23, 47, 28]]
    assert root.data["keypoints_xy"].tolist() == [[[42, 23]]]
    assert root.data["xyxyxyxy"].tolist() == [[[42, 23], [47, 23], [47, 28], [42, 28]]]
    assert root.metadata["origin"] is ROOT
    assert root.data["parent_id"].tolist() == [INNER.id]


@pytest.mark.parametrize("mask", ["dense", "compact"])
def test_moving_takes_everything_that_has_coordinates_along(mask):
    there = moved(rich(mask), Transform(20, 10), ROOT)
    assert there.xyxy.tolist() == [[22, 13, 32, 23], [30, 15, 50, 35]]
    assert there.xyxy.dtype == np.float32
    assert np.array_equal(there.data["xyxyxyxy"], rich().data["xyxyxyxy"] + [20, 10])
    assert there.data["keypoints_xy"][1, 0].tolist() == [26, 17]
    assert np.isnan(there.data["keypoints_xy"][1, 1]).all()
    assert there.data["polygon"][0].tolist() == [[22, 13], [32, 13], [32, 23]]
    assert there.data["rect"][1].tolist() == [[21, 11]] * 4
    assert there.data["note"] == ["first", "second"]
    expected = np.zeros((2, 80, 100), dtype=bool)
    expected[:, 10:40, 20:60] = squares()
    assert isinstance(there.mask, CompactMask)
    assert np.array_equal(there.mask.to_dense(), expected)


@pytest.mark.parametrize("mask", ["dense", "compact"])
def test_a_scale_resizes_masks_and_lengths(mask):
    there = moved(rich(mask), Transform(0, 0, 2, 2), Origin("image", 80, 60))
    assert np.array_equal(there.mask.to_dense(), squares().repeat(2, axis=1).repeat(2, axis=2))
    assert there.data["width"].tolist() == [20.0, 40.0]
    assert moved(rich(), Transform(0, 0, 4, 1), ROOT).data["width"].tolist() == [20.0, 40.0]  # by area


def test_pixels_of_a_mask_outside_its_box_are_not_lost():
    masks = np.zeros((1, 30, 40), dtype=bool)
    masks[0, 0:20, 0:20] = True
    there = moved(sv.Detections(BOXES[:1], mask=masks), Transform(20, 10), ROOT)
    assert there.mask.area.tolist() == [400]


def test_a_mask_moved_into_a_crop_is_cut_to_it():
    masks = np.zeros((3, 80, 100), dtype=bool)
    masks[0, 0:20, 0:30] = True
    masks[1, 70:, 90:] = True
    there = into(sv.Detections(np.zeros((3, 4)), mask=masks), CROP)
    assert there.mask.shape == (3, 30, 40)
    assert np.array_equal(there.mask.to_dense(), masks[:, 10:40, 20:60])


def test_masks_on_a_large_frame_stay_small():
    masks = np.zeros((28, 64, 64), dtype=bool)
    yy, xx = np.mgrid[:64, :64]
    masks[:] = (yy - 32) ** 2 + (xx - 32) ** 2 < 900
    crop = Origin("image/detect/0", 64, 64, Origin("image", 1920, 1080), Transform(700, 400))
    found = stamp(sv.Detections(np.tile([2.0, 2, 62, 62], (28, 1)), mask=masks), crop, "segment")
    to_root(found)  # imports are not what is measured
    tracemalloc.start()
    root = to_root(found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert root.mask.shape == (28, 1080, 1920)
    assert root.mask.area.tolist() == masks.sum(axis=(1, 2)).tolist()
    assert peak < 1_000_000  # dense: 58 MB


@pytest.mark.parametrize("origin", [None, ROOT])
def test_what_is_on_the_input_picture_already_stays_as_it_is(origin):
    found = rich() if origin is None else stamp(rich(), origin, "detect")
    assert to_root(found) is found


def test_no_boxes_can_be_moved():
    empty = stamp(take(rich("compact"), []), INNER, "detect")
    root = to_root(empty)
    assert len(root) == 0 and set(root.data) == set(empty.data)
    assert root.mask.shape == (0, 80, 100)
    assert len(to_root(stamp(sv.Detections.empty(), INNER, "detect"))) == 0


offsets = st.integers(-50, 50)
scales = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0])


@given(offsets, offsets, scales, scales)
def test_into_a_crop_and_back_is_the_same_place(offset_x, offset_y, scale_x, scale_y):
    crop = Origin("c", 40, 30, ROOT, Transform(offset_x, offset_y, scale_x, scale_y))
    back = to_root(into(sv.Detections(BOXES), crop))
    assert np.allclose(back.xyxy, BOXES, atol=1e-4)


# --- columns made only when read


def test_predictions_find_their_place_on_any_image_of_the_same_picture():
    other = Origin("image/detect/1", 30, 30, ROOT, Transform(25, 15))
    found = stamp(sv.Detections(np.array([[10.0, 10, 20, 20]])), ZOOMED, "find")
    placed = onto(found, other)
    assert placed.xyxy.tolist() == [[0, 0, 5, 5]]
    assert placed.data["parent_id"].tolist() == [other.id]
    assert placed.data["detection_id"].tolist() == found.data["detection_id"].tolist()
    assert placed.metadata["origin"] is other
    assert onto(found, ROOT).metadata["origin"] is ROOT
    assert onto(found, ROOT).xyxy.tolist() == to_root(found).xyxy.tolist()


def test_predictions_of_another_picture_or_of_none_stay_where_they_are():
    strange = stamp(sv.Detections(BOXES), Origin("thermal", 40, 30), "find")
    for found in (strange, sv.Detections(BOXES), stamp(sv.Detections(BOXES), CROP, "find")):
        assert onto(found, CROP) is found


def test_crop_predictions_are_in_the_pixels_of_their_crop():
    picture = Image(np.zeros((80, 100, 3), np.uint8))
    boxes = np.array([[20, 10, 60, 40], [5, 5, 5, 30], [90, 70, 130, 90]], np.float32)
    found = stamp(sv.Detections(boxes), picture.origin, "detect")
    crops = picture.crops(boxes, found.data["detection_id"].tolist())
    column = CropPredictions(found, crops)
    first, none, last = column
    assert none is None
    assert first.xyxy.tolist() == [[0, 0, 40, 30]]
    assert last.xyxy.tolist() == [[0, 0, 40, 20]]  # the box reaches over the border, the crop does not
    assert first.data["parent_id"].tolist() == first.data["detection_id"].tolist() == ["image/detect/0"]
    assert first.metadata["origin"] is crops[0].origin
    assert to_root(last).xyxy.tolist() == boxes[2:].tolist()
    assert [one is None for one in column[1:]] == [True, False]


def test_boxes_and_crops_must_be_as_many():
    with pytest.raises(ValueError, match="2 boxes but 1 crops"):
        CropPredictions(rich(), [None])


@given(
    st.lists(st.tuples(*[st.floats(-50, 250, width=32)] * 4), max_size=6),
    st.sampled_from([np.float32, np.float64]),
    st.booleans(),
)
def test_all_predictions_at_once_are_those_one_by_one(boxes: list[tuple[float, ...]], dtype: type, tracked: bool):
    xyxy = np.array(boxes, dtype).reshape(-1, 4)
    xyxy[:, 2:] += 1
    count = len(xyxy)
    image = Image(np.zeros((180, 200, 3), np.uint8), id="a.png")
    data = {"class_name": np.array(["x"] * count)}
    found = sv.Detections(xyxy, confidence=np.linspace(0, 1, count), class_id=np.arange(count), data=data)
    found.tracker_id = np.arange(count) if tracked else None
    found = stamp(found, image.origin, "detect")
    column = CropPredictions(found, image.crops(xyxy, list(map(str, found.data["detection_id"]))))
    together, apart = list(column), [column[i] for i in range(len(column))]
    assert len(together) == len(apart) == count
    for one, other in zip(together, apart, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.xyxy.dtype == other.xyxy.dtype
            assert one == other
            assert one.metadata == other.metadata
