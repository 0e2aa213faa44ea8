"""Crops of detections: crop i belongs to box i, and what is found on it leads back to the picture."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from cropflow.detections import moved, stamp, take, to_root
from cropflow.image import Image
from cropflow.image.origin import Origin, Transform
from cropflow_blocks.transform.dynamic_crop import DynamicCrop

DIGITS = Path(__file__).parents[3] / "examples/digits"


def step(name: str = "crop") -> DynamicCrop:
    block = DynamicCrop()
    block.step = name
    return block


def scene() -> Image:
    return Image.load(DIGITS / "scenes/sheet/01.png")


def digits(image: Image) -> sv.Detections:
    truth = json.loads((DIGITS / "truth.json").read_text())["sheet/01.png"]
    return stamp(boxes(*(row["box"] for row in truth)), image.origin, "detect")


def boxes(*rows: Any) -> sv.Detections:
    return sv.Detections(np.array(rows, np.float32).reshape(-1, 4), class_id=np.zeros(len(rows), int))


def crops(image: Image, found: sv.Detections, **fields: Any) -> list[Image | None]:
    return [row.crops for row in step().run(image, found, **fields)]


def rich(image: Image) -> sv.Detections:
    """Two detections with all that may be bound to a place in the picture."""
    masks = np.zeros((2, image.height, image.width), bool)
    masks[0, 30:60, 30:50] = masks[1, 30:60, 95:110] = True
    polygon = np.empty(2, object)
    polygon[:] = [np.array([[30.0, 30], [50, 30], [50, 60]]), np.array([[95.0, 30], [110, 30], [110, 60], [95, 60]])]
    found = boxes((25, 19, 57, 64), (89, 28, 113, 64))
    found.mask = masks
    found.data = {
        "keypoints_xy": np.array([[[30.0, 20], [57, 64]], [[100, 30], [np.nan, np.nan]]]),
        "polygon": polygon,
        "xyxyxyxy": np.array([[[25.0, 19], [57, 19], [57, 64], [25, 64]]] * 2),
    }
    return stamp(found, image.origin, "detect")


def test_every_box_gives_its_own_pixels_under_its_own_id() -> None:
    image = scene()
    found = digits(image)
    rows = step().run(image, found)
    assert len(rows) == len(found) == 18
    for box, id, row in zip(found.xyxy.astype(int), found.data["detection_id"], rows, strict=True):
        x0, y0, x1, y1 = box
        assert row.crops is not None and row.crops.id == id
        np.testing.assert_array_equal(row.crops.pixels, image.pixels[y0:y1, x0:x1])


def test_boxes_are_rounded_to_the_nearest_pixel() -> None:
    [crop] = crops(scene(), boxes((10.4, 20.6, 30.6, 40.4)))
    assert crop is not None
    assert (crop.origin.to_parent.offset_x, crop.origin.to_parent.offset_y) == (10, 21)
    assert (crop.width, crop.height) == (21, 19)


def test_boxes_over_the_border_are_clipped_and_do_not_wrap_around() -> None:
    image = scene()
    first, last = crops(image, boxes((-30, -5, 12, 9), (300, 310, 500, 400)))
    assert first is not None and last is not None
    np.testing.assert_array_equal(first.pixels, image.pixels[:9, :12])
    np.testing.assert_array_equal(last.pixels, image.pixels[310:, 300:])


def test_a_box_without_area_is_missing_at_its_place() -> None:
    rows = step().run(scene(), boxes((9, 9, 9, 30), (25, 19, 57, 64), (400, 9, 450, 30), (-20, 0, -9, 9)))
    assert [row.crops is None for row in rows] == [True, False, True, True]
    assert [row.predictions is None for row in rows] == [True, False, True, True]


def test_no_detections_give_no_crops() -> None:
    assert list(step().run(scene(), sv.Detections.empty())) == []
    assert list(step().run(scene(), sv.Detections.empty(), 1.0, padding="10%", square=True)) == []


def test_detections_without_ids_get_those_of_the_step() -> None:
    found = boxes((25, 19, 57, 64))
    [crop] = crops(scene(), found)
    assert crop is not None and crop.id == "image/crop/0"
    assert found.data == {}


def test_ids_may_be_a_plain_list() -> None:
    found = boxes((25, 19, 57, 64), (89, 28, 113, 64))
    found.data["detection_id"] = ["a", "b"]
    assert [crop.id for crop in crops(scene(), found) if crop] == ["a", "b"]


def test_the_prediction_of_a_crop_is_its_box_in_pixels_of_the_crop() -> None:
    image = scene()
    found = rich(image)
    row = step().run(image, found)[1]
    assert row.crops is not None and row.predictions is not None
    assert row.predictions.xyxy.tolist() == [[0, 0, 24, 36]]
    assert row.predictions.data["detection_id"].tolist() == ["image/detect/1"]
    assert row.predictions.data["parent_id"].tolist() == [row.crops.id]
    assert row.predictions.metadata["origin"] == row.crops.origin
    shift = (89, 28)
    for key in ("keypoints_xy", "polygon", "xyxyxyxy"):
        np.testing.assert_array_equal(row.predictions.data[key][0], found.data[key][1] - shift)
    np.testing.assert_array_equal(np.asarray(row.predictions.mask)[0], found.mask[1, 28:64, 89:113])


def test_nothing_that_is_passed_in_is_changed() -> None:
    image = scene()
    found = rich(image)
    found.data["keypoints_xy"] = np.nan_to_num(found.data["keypoints_xy"])  # NaN equals nothing
    found.data["polygon"] = np.stack([np.ones((4, 2)), np.zeros((4, 2))])  # supervision compares no objects
    before, pixels = copy.deepcopy(found), image.pixels.copy()
    rows = list(step().run(image, found, 0.7, (255, 255, 255), padding=5, square=True))
    assert found == before
    np.testing.assert_array_equal(image.pixels, pixels)
    for row in rows:
        assert row.crops is not None and not row.crops.pixels.flags.writeable


def test_masks_cover_the_background_with_the_colour_as_written() -> None:
    image = scene()
    crop = crops(image, rich(image), mask_opacity=1.0, background_color=(255, 0, 0))[0]
    assert crop is not None
    assert crop.pixels[0, 0].tolist() == [0, 0, 255]  # red, in BGR
    np.testing.assert_array_equal(crop.pixels[11:41, 5:25], image.bgr[30:60, 30:50])


def test_opacity_changes_nothing_without_masks() -> None:
    image = scene()
    for plain, other in zip(crops(image, digits(image)), crops(image, digits(image), mask_opacity=1.0), strict=True):
        assert plain is not None and other is not None
        np.testing.assert_array_equal(plain.pixels, other.pixels)


def test_padding_belongs_to_the_crop_and_not_to_the_prediction() -> None:
    image = scene()
    [row] = step().run(image, boxes((89, 28, 113, 64)), padding=4)
    assert row.crops is not None and row.predictions is not None
    np.testing.assert_array_equal(row.crops.pixels, image.pixels[24:68, 85:117])
    assert row.predictions.xyxy.tolist() == [[4, 4, 28, 40]]


def test_square_crops_are_square_even_in_the_corner() -> None:
    for crop in crops(scene(), boxes((89, 28, 113, 64), (300, 10, 319.6, 80.3)), padding="12%", square=True):
        assert crop is not None and crop.width == crop.height


def test_what_is_found_on_a_crop_of_a_crop_leads_back_to_the_picture() -> None:
    image = scene()
    [outer] = crops(image, boxes((80, 20, 200, 200)))
    assert outer is not None
    inner_box = stamp(boxes((9, 8, 33, 44)), outer.origin, "detect_digits")
    row = step("inner").run(outer, inner_box)[0]
    assert row.crops is not None and row.predictions is not None
    np.testing.assert_array_equal(row.crops.pixels, image.pixels[28:64, 89:113])
    assert row.crops.id == "image/crop/0/detect_digits/0"
    assert to_root(row.predictions).xyxy.tolist() == [[89, 28, 113, 64]]
    on_inner = stamp(boxes((1, 2, 3, 4)), row.crops.origin, "find")
    assert to_root(on_inner).xyxy.tolist() == [[90, 30, 92, 32]]


def test_predictions_of_the_picture_find_their_place_on_a_crop_of_it() -> None:
    image = scene()
    [outer] = crops(image, boxes((80, 20, 200, 200)))
    assert outer is not None
    row = step("inner").run(outer, rich(image))[1]
    assert row.crops is not None and row.predictions is not None
    np.testing.assert_array_equal(row.crops.pixels, image.pixels[28:64, 89:113])
    assert (row.crops.parent, row.crops.id) == (outer, "image/detect/1")
    np.testing.assert_array_equal(np.asarray(row.predictions.mask)[0], rich(image).mask[1, 28:64, 89:113])


def test_predictions_of_a_crop_can_be_cut_from_the_picture() -> None:
    image = scene()
    [outer] = crops(image, boxes((80, 20, 200, 200)))
    assert outer is not None
    [crop] = crops(image, stamp(boxes((9, 8, 33, 44)), outer.origin, "detect"))
    assert crop is not None and crop.parent is image
    np.testing.assert_array_equal(crop.pixels, image.pixels[28:64, 89:113])


def test_predictions_of_a_smaller_copy_are_scaled_up() -> None:
    image = scene()
    half = image.with_pixels(image.pixels[::2, ::2].copy())
    [crop] = crops(image, stamp(boxes((10, 20, 30, 50)), half.origin, "detect"))
    assert crop is not None
    np.testing.assert_array_equal(crop.pixels, image.pixels[40:100, 20:60])


def test_predictions_of_a_foreign_picture_are_used_as_they_are() -> None:
    image = scene()
    cut_elsewhere = Origin("another/0", 50, 50, Origin("another", 320, 320), Transform(7, 7))
    foreign = stamp(boxes((89, 28, 113, 64)), cut_elsewhere, "detect")
    [crop] = crops(image, foreign)
    assert crop is not None
    np.testing.assert_array_equal(crop.pixels, image.pixels[28:64, 89:113])


def test_predictions_are_made_only_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene()
    calls: list[int] = []

    def counted(found: sv.Detections, i: int) -> sv.Detections:
        calls.append(i)
        return take(found, i)

    monkeypatch.setattr("cropflow.detections.lazy.take", counted)
    rows = step().run(image, digits(image))
    assert len(rows) == 18 and not calls
    assert rows[3].predictions is not None and calls == [3]


coordinates = st.floats(-50, 400, width=32)


@given(st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), max_size=6))
def test_a_prediction_moved_back_is_the_box_it_was(rows: list[tuple[float, ...]]) -> None:
    image = Image(np.zeros((240, 320, 3), np.uint8))
    found = stamp(boxes(*rows), image.origin, "detect")
    for i, row in enumerate(step().run(image, found)):
        assert (row.crops is None) == (row.predictions is None)
        if row.crops is not None and row.predictions is not None:
            back = moved(row.predictions, row.crops.origin.to_parent, image.origin)
            np.testing.assert_allclose(back.xyxy[0], found.xyxy[i], atol=1e-3)
            assert row.crops.id == f"image/detect/{i}"


def test_the_kind_and_the_names_of_documents() -> None:
    spec = DynamicCrop.spec
    assert spec.fan_out
    assert {"roboflow_core/dynamic_crop@v1", "DynamicCrop", "Crop"} <= set(spec.aliases)
    assert [port.aliases for port in spec.ports[:2]] == [("image",), ("detections",)]
    assert spec.outputs[1].kind_of == ("predictions",)
    assert all(output.optional for output in spec.outputs)
    assert spec.port("background_color").literal.read("#ff8000") == (255, 128, 0)


@pytest.mark.parametrize("padding", [-1, "ten", "10 percent", 1.5, True, 10**9, "9" * 400 + "%"])
def test_a_wrong_padding_is_refused_in_words(padding: object) -> None:
    with pytest.raises(ValueError, match=r"^pixels from 0 to 100000, or a share such as 10%$"):
        DynamicCrop.spec.port("padding").literal.read(padding)
