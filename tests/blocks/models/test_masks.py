"""What masks rely on: right pixels whatever the sizes, and nothing as large as the picture."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cropflow_blocks.models.masks import masks_in_boxes

Size = tuple[int, int]


def seen_by_model(size: Size, padded: Size) -> tuple[float, int, int]:
    """Scale and bars (left, top) of a picture that is fitted into what a model sees."""
    scale = min(padded[0] / size[0], padded[1] / size[1])
    height, width = round(size[0] * scale), round(size[1] * scale)
    return scale, round((padded[1] - width) / 2 - 0.1), round((padded[0] - height) / 2 - 0.1)


def disc_scores(center: tuple[float, float], radius: float, size: Size, padded: Size) -> NDArray[np.float32]:
    """The distance to the edge of a disc given in pixels of the picture, as a map four times coarser."""
    scale, left, top = seen_by_model(size, padded)
    y, x = (np.mgrid[: padded[0] // 4, : padded[1] // 4] + 0.5) * 4
    distance = np.hypot((x - left) / scale - center[0], (y - top) / scale - center[1])
    return (radius - distance).astype(np.float32)[np.newaxis]


def disc(center: tuple[float, float], radius: float, size: Size) -> NDArray[np.bool_]:
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    return np.hypot(x - center[0], y - center[1]) < radius


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


@settings(max_examples=60)
@given(height=st.integers(60, 700), width=st.integers(60, 700), data=st.data())
def test_a_mask_lies_where_the_object_is(height: int, width: int, data: st.DataObject) -> None:
    size, padded = (height, width), (320, 320)
    radius = min(size) * data.draw(st.floats(0.2, 0.35))
    center = (width * data.draw(st.floats(0.45, 0.55)), height * data.draw(st.floats(0.45, 0.55)))
    mask = masks_in_boxes(
        disc_scores(center, radius, size, padded), np.array([[0, 0, width, height]], np.float32), size, padded
    )
    assert mask.shape == (1, height, width)
    # Interpolated scores bend a curve a little, and a fitted picture has whole pixels of the model.
    scale = seen_by_model(size, padded)[0]
    slack = (4 / scale) ** 2 / (2 * radius) + 1 / scale + 0.5
    smaller, larger = disc(center, radius - slack, size), disc(center, radius + slack, size)
    assert not (smaller & ~mask[0]).any() and not (mask[0] & ~larger).any()


def test_edges_are_as_fine_as_the_picture() -> None:
    size, padded, center, radius = (1080, 1920), (192, 320), (900.0, 500.0), 300.0
    box = np.array([[600, 200, 1200, 800]], np.float32)
    fine = masks_in_boxes(disc_scores(center, radius, size, padded), box, size, padded)[0]
    coarse = disc_scores(center, radius, size, padded)[0] > 0
    steps = cv2.resize(coarse.astype(np.uint8), (1920, 1152), interpolation=cv2.INTER_NEAREST)[36:-36].astype(bool)
    assert overlap(fine, disc(center, radius, size)) > 0.99 > overlap(steps, disc(center, radius, size))


@pytest.mark.parametrize("box", [(10, 20, 30, 50), (10.2, 19.7, 29.6, 50.0), (-5, -9, 200, 300)])
def test_nothing_is_outside_of_the_box(box: tuple[float, ...]) -> None:
    mask = masks_in_boxes(np.ones((1, 16, 16), np.float32), np.array([box]), (64, 64), (64, 64))[0]
    y, x = np.nonzero(mask)
    edges = (x.min(), y.min(), x.max() + 1, y.max() + 1)
    assert edges == tuple(np.clip(np.ceil(box), 0, 64))


@pytest.mark.parametrize("box", [(10, 10, 10, 30), (30, 10, 20, 30), (70, 5, 90, 30), (-9, -9, 0, 0), (5.1, 5, 5.9, 9)])
def test_a_box_without_a_pixel_has_an_empty_mask(box: tuple[float, ...]) -> None:
    mask = masks_in_boxes(np.ones((2, 16, 16), np.float32), np.array([box, (0, 0, 4, 4)]), (64, 64), (64, 64))
    assert mask.area.tolist() == [0, 16]


def test_no_objects_no_masks() -> None:
    mask = masks_in_boxes(np.zeros((0, 16, 16), np.float32), np.zeros((0, 4)), (48, 64), (64, 64))
    assert mask.shape == (0, 48, 64)


def test_memory_goes_with_the_boxes_not_with_the_picture() -> None:
    size, padded, count = (1080, 1920), (384, 640), 28
    scores = np.ones((count, 96, 160), np.float32)
    boxes = np.array([[60.0 * i, 30.0 * i, 60.0 * i + 150, 30.0 * i + 150] for i in range(count)])
    tracemalloc.start()
    mask = masks_in_boxes(scores, boxes, size, padded)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mask.shape == (count, *size)
    assert kept < 100_000
    assert most < size[0] * size[1]  # one full frame; all of them would be 58 MB
