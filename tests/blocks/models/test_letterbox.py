"""What a classifier sees of a picture, however long and thin it is."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from cropflow_blocks.models.letterbox import place_middle

Pixels = NDArray[np.uint8]


def seen(picture: Pixels, size: int) -> Pixels:
    made = np.empty((size, size, 3), np.uint8)
    place_middle(picture, made)
    return made


def wholly_scaled(picture: Pixels, size: int) -> Pixels:
    """Scale all of a wide picture, and cut its middle."""
    width = int(size * picture.shape[1] / picture.shape[0])
    scaled = np.asarray(PIL.Image.fromarray(picture).resize((width, size), PIL.Image.Resampling.BILINEAR))
    left = round((width - size) / 2)
    return scaled[:, left : left + size]


@pytest.mark.parametrize("size", [32, 224])
@pytest.mark.parametrize("shape", [(1, 17), (1, 3000), (2, 2999), (3, 50), (7, 1001), (300, 9001), (400, 6401)])
def test_of_a_thin_picture_is_seen_what_scaling_all_of_it_would_show(shape: tuple[int, int], size: int) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (*shape, 3), np.uint8)
    wanted = wholly_scaled(picture, size).astype(int)
    assert abs(seen(picture, size) - wanted).max() <= 1
    assert abs(seen(picture.transpose(1, 0, 2), size) - wanted.transpose(1, 0, 2)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 16), (20, 320), (57, 300), (64, 64), (300, 57), (500, 31)])
def test_of_an_ordinary_picture_is_seen_exactly_that(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (*shape, 3), np.uint8)
    if shape[0] <= shape[1]:
        assert np.array_equal(seen(picture, 224), wholly_scaled(picture, 224))
    else:
        wide = wholly_scaled(picture.transpose(1, 0, 2), 224)
        assert abs(seen(picture, 224) - wide.transpose(1, 0, 2).astype(int)).max() <= 1  # Pillow scales the width first


def test_a_line_of_pixels_takes_no_more_memory_than_a_picture() -> None:
    resource = pytest.importorskip("resource")
    picture = np.full((1, 20_000, 3), 9, np.uint8)
    picture[:, 9_990:10_010] = 130
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (seen(picture, 224) == 130).all()
    assert (seen(picture.transpose(1, 0, 2), 224) == 130).all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; all of it would be 3 GB
