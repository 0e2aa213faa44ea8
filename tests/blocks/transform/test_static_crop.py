"""Fixed regions: the same place of every picture."""

from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from cropflow.detections import stamp, to_root
from cropflow.image import Image
from cropflow_blocks.transform.static_crop import AbsoluteStaticCrop, RelativeStaticCrop

SCENES = Path(__file__).parents[3] / "examples/digits/scenes"


def absolute(image: Image, *region: int) -> Image | None:
    block = AbsoluteStaticCrop()
    block.step = "zone"
    return block.run(image, *region).crops


def relative(image: Image, *region: float) -> Image | None:
    block = RelativeStaticCrop()
    block.step = "zone"
    return block.run(image, *region).crops


def scene() -> Image:
    return Image.load(SCENES / "meter/01.jpg")


def test_the_region_lies_around_its_centre() -> None:
    image = scene()
    crop = absolute(image, 100, 80, 40, 20)
    assert crop is not None
    np.testing.assert_array_equal(crop.pixels, image.pixels[70:90, 80:120])


def test_the_size_is_the_one_asked_for_even_if_it_is_odd() -> None:
    for centre in (10, 11, 12, 13):
        crop = absolute(scene(), centre, 40, 5, 7)
        assert crop is not None and (crop.width, crop.height) == (5, 7)


def test_the_region_is_clipped_to_the_image() -> None:
    image = scene()
    crop = absolute(image, 0, 0, 40, 20)
    assert crop is not None
    np.testing.assert_array_equal(crop.pixels, image.pixels[:10, :20])


def test_a_region_outside_of_the_image_is_missing() -> None:
    assert absolute(scene(), 5000, 5000, 40, 20) is None
    assert relative(scene(), 0.5, 0.5, 0.0, 0.5) is None


def test_shares_follow_the_size_of_the_image() -> None:
    for size in ((100, 200), (60, 40)):
        image = Image(np.zeros((*size, 3), np.uint8))
        crop = relative(image, 0.5, 0.25, 0.5, 0.5)
        assert crop is not None
        assert (crop.width, crop.height) == (size[1] // 2, size[0] // 2)
        assert crop.origin.to_parent[:2] == (size[1] / 4, 0)


def test_the_whole_image_is_one_by_one() -> None:
    crop = relative(scene(), 0.5, 0.5, 1, 1)
    assert crop is not None
    np.testing.assert_array_equal(crop.pixels, scene().pixels)


def test_ids_name_image_and_step_so_that_two_regions_differ() -> None:
    crop = absolute(scene(), 100, 80, 40, 20)
    assert crop is not None and crop.id == "image/zone"
    inner = absolute(crop, 20, 10, 10, 10)
    assert inner is not None and inner.id == "image/zone/zone"


def test_what_is_found_on_a_region_leads_back_to_the_picture() -> None:
    crop = absolute(scene(), 100, 80, 40, 20)
    assert crop is not None
    found = stamp(sv.Detections(np.array([[1, 2, 3, 4]], float)), crop.origin, "detect")
    assert to_root(found).xyxy.tolist() == [[81, 72, 83, 74]]


@given(*(st.floats(0, 1) for _ in range(4)))
def test_a_region_never_leaves_the_image(x: float, y: float, width: float, height: float) -> None:
    image = Image(np.zeros((48, 64, 3), np.uint8))
    crop = relative(image, x, y, width, height)
    if crop is not None:
        left, top = crop.origin.to_parent[:2]
        assert left >= 0 and top >= 0
        assert left + crop.width <= 64 and top + crop.height <= 48


def test_documents_may_spell_the_relative_crop_as_they_always_did() -> None:
    names = {RelativeStaticCrop.type, *RelativeStaticCrop.aliases}
    assert {"roboflow_core/relative_statoic_crop@v1", "RelativeStaticCrop", "relative_static_crop@v1"} <= names
    assert "AbsoluteStaticCrop" in AbsoluteStaticCrop.aliases
    assert not RelativeStaticCrop.spec.fan_out


@pytest.mark.parametrize(("field", "value"), [("width", 0), ("height", 10**400), ("x_center", 10**400)])
def test_a_region_without_size_or_beyond_all_numbers_is_refused_in_the_document(field: str, value: int) -> None:
    with pytest.raises(ValueError, match="a number"):
        AbsoluteStaticCrop.spec.port(field).literal.read(value)
