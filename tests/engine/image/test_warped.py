"""A rotated or flipped picture keeps its name, but nothing claims to know the way back from it."""

from __future__ import annotations

import numpy as np
import pytest
import supervision as sv

from cropflow.classification import Classification
from cropflow.detections import onto, stamp, to_json, to_root
from cropflow.image import Image


def photograph() -> Image:
    return Image(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64), id="a.jpg", stream="video", frame=3)


def flipped(image: Image) -> Image:
    return image.warped(image.pixels[:, ::-1])


def box(image: Image) -> sv.Detections:
    return stamp(sv.Detections(np.array([[2.0, 3, 12, 9]])), image.origin, "find")


def test_identity_stays_and_geometry_begins_anew() -> None:
    picture = flipped(photograph())
    assert (picture.id, picture.stream, picture.frame) == ("a.jpg", "video", 3)
    assert picture.parent is None and picture.root is picture
    assert picture.origin != photograph().origin
    assert picture.origin.root == picture.origin
    assert picture.origin.source == photograph().origin


def test_predictions_stay_in_the_pixels_they_were_made_on() -> None:
    found = to_root(box(flipped(photograph())))
    assert found.xyxy.tolist() == [[2, 3, 12, 9]]
    entry = to_json(found)["predictions"][0]
    assert entry["parent_id"] == "a.jpg" and "root_parent_origin" not in entry


def test_crops_of_it_lead_back_to_it() -> None:
    picture = flipped(photograph())
    crop = picture.crop(10, 20, 40, 40, id="crop")
    assert crop is not None
    moved = onto(box(crop), picture.origin)
    assert moved.xyxy.tolist() == [[12, 23, 22, 29]]
    assert crop.origin.source == photograph().origin


@pytest.mark.parametrize("twice", [False, True])
def test_boxes_are_not_moved_across_it_in_either_direction(twice: bool) -> None:
    picture = photograph()
    turned = flipped(flipped(picture)) if twice else flipped(picture)
    for found, wanted in ((turned, picture), (picture, turned)):
        with pytest.raises(ValueError, match=r"'a\.jpg'.*rotated, flipped or bent"):
            onto(box(found), wanted.origin)


def test_those_of_a_crop_that_was_turned_do_not_land_on_the_whole() -> None:
    picture = photograph()
    crop = picture.crop(10, 20, 40, 40, id="crop")
    assert crop is not None
    turned = flipped(crop)
    assert turned.id == "crop" and turned.origin.source == picture.origin
    with pytest.raises(ValueError, match="give the picture that the predictions were made on"):
        onto(box(turned), picture.origin)


def test_a_classification_still_names_the_input() -> None:
    crop = photograph().crop(10, 20, 40, 40, id="crop")
    assert crop is not None
    wire = Classification(("a",), np.ones(1, np.float32), 0.5, flipped(crop).origin).to_json()
    assert (wire["parent_id"], wire["root_parent_id"]) == ("crop", "a.jpg")


def test_boxes_of_another_input_are_still_returned_as_they_are() -> None:
    other = Image(np.zeros((48, 64), np.uint8), id="b.jpg")
    found = box(flipped(photograph()))
    assert onto(found, other.origin) is found


def test_a_turned_picture_without_a_name_is_named_all_the_way_back() -> None:
    named = Image.load(flipped(Image(np.zeros((4, 6), np.uint8))), id="image.[1]")
    assert named.origin.id == "image.[1]" and named.origin.source.id == "image.[1]"
    assert named.origin.source != named.origin
