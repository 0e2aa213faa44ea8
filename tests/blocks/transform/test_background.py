"""Covered backgrounds: which pixels change, to which colour, and what stays as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from cropflow.image import Image
from cropflow_blocks.transform.background import cover_background

SCENES = Path(__file__).parents[3] / "examples/digits/scenes"
BOX = np.array([[20, 10, 60, 50]])
RED = (255, 0, 0)


def scene() -> Image:
    return Image.load(SCENES / "sheet/01.png")


def disc(image: Image) -> np.ndarray:
    y, x = np.mgrid[: image.height, : image.width]
    inside: np.ndarray = (x - 40) ** 2 + (y - 30) ** 2 < 15**2
    return inside[None]


def cut(image: Image) -> list[Image | None]:
    return image.crops(BOX, ["a"])


def covered(masks: Any, image: Image, opacity: float = 1.0, color: tuple[int, int, int] = RED) -> Image:
    [found] = cover_background(cut(image), masks, opacity, color)
    assert found is not None
    return found


def test_the_background_becomes_red_and_the_object_stays() -> None:
    image = scene()
    inside = disc(image)[0, 10:50, 20:60]
    pixels = covered(disc(image), image).pixels
    assert (pixels[~inside] == (0, 0, 255)).all()  # red, in BGR
    np.testing.assert_array_equal(pixels[inside], image.bgr[10:50, 20:60][inside])


def test_less_opacity_mixes_both() -> None:
    image = Image(np.full((60, 80, 3), (10, 100, 201), np.uint8))
    pixels = covered(disc(image), image, opacity=0.25, color=(100, 0, 255)).pixels
    assert pixels[0, 0].tolist() == [71, 75, 176]  # 71.25, 75 and 175.75
    assert pixels[20, 20].tolist() == [10, 100, 201]


def test_compact_masks_give_the_same_pixels_as_dense_ones() -> None:
    image = scene()
    dense = disc(image)
    compact = sv.Detections(np.array([[25, 15, 55, 45]]), mask=dense).to_compact_masks().mask
    np.testing.assert_array_equal(covered(compact, image).pixels, covered(dense, image).pixels)


def test_a_compact_mask_may_reach_beyond_its_crop() -> None:
    image = scene()
    whole = np.ones((1, image.height, image.width), bool)
    compact = sv.Detections(np.array([[0, 0, 319, 319]]), mask=whole).to_compact_masks().mask
    np.testing.assert_array_equal(covered(compact, image).pixels, image.bgr[10:50, 20:60])


def test_a_covered_crop_is_the_same_crop_and_its_image_is_untouched() -> None:
    image = scene()
    before = image.pixels.copy()
    found, [crop] = covered(disc(image), image), cut(image)
    assert crop is not None
    assert (found.id, found.origin, found.parent) == (crop.id, crop.origin, image)
    np.testing.assert_array_equal(image.pixels, before)
    with pytest.raises(ValueError, match="read-only"):
        found.pixels[0, 0] = 0


def test_grey_and_transparent_pictures_become_colour_pictures() -> None:
    for shape in [(60, 80), (60, 80, 4)]:
        image = Image(np.full(shape, 90, np.uint8))
        pixels = covered(disc(image), image).pixels
        assert pixels.shape == (40, 40, 3)
        assert pixels[0, 0].tolist() == [0, 0, 255]
        assert pixels[20, 20].tolist() == [90, 90, 90]


def test_a_missing_crop_stays_missing() -> None:
    image = scene()
    masks = np.concatenate([disc(image), disc(image)])
    found = cover_background([None, *cut(image)], masks, 1.0, RED)
    assert found[0] is None and found[1] is not None


def test_masks_of_another_size_are_refused_with_both_sizes() -> None:
    image = scene()
    with pytest.raises(ValueError, match=r"100×50.*320×320"):
        covered(np.ones((1, 50, 100), bool), image)
