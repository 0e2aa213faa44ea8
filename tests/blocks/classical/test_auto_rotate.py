"""Pictures are turned by the angle that they were turned by before."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image
from cropflow.errors import WorkflowError

from .documents import load, meter, run, run_all, sheet


def page(angle: float) -> Image:
    """Level lines on paper, turned counter-clockwise."""
    pixels = np.full((400, 300, 3), 255, np.uint8)
    for y in range(60, 360, 40):
        pixels[y : y + 6, 40:260] = 0
    return turned(Image(pixels), angle)


def turned(image: Image, angle: float) -> Image:
    matrix = cv2.getRotationMatrix2D((image.width / 2, image.height / 2), angle, 1)
    size = image.width, image.height
    return Image(np.asarray(cv2.warpAffine(image.bgr, matrix, size, borderMode=cv2.BORDER_REPLICATE)), id="page")


def angle(image: Image, **fields: Any) -> float:
    return float(run("auto_rotate_on_edges@v1", image, **fields)["angle"])


@pytest.mark.parametrize(
    ("given", "horizontal", "vertical", "either"),
    [(5, -5, 85, -5), (-12, 12, -78, 12), (30, -30, 60, -30), (85, -85, 5, 5), (60, -60, 30, 30), (-44, 44, -46, 44)],
)
def test_lines_become_level_or_upright(given: float, horizontal: float, vertical: float, either: float) -> None:
    expected = {"horizontal": horizontal, "vertical": vertical, "either": either}
    found = {target: angle(page(given), target_orientation=target) for target in expected}
    assert found == pytest.approx(expected, abs=0.1)


def test_the_rotated_picture_is_straight_and_whole() -> None:
    found = run("auto_rotate_on_edges@v1", page(8), target_orientation="horizontal")
    made = found["image"]
    assert (made.width, made.height) == (352, 437)
    assert made.origin.source == page(8).origin and made.origin.root != page(8).origin
    assert angle(made, target_orientation="horizontal") == 0


@pytest.mark.parametrize("make", [sheet, meter])
def test_real_pictures(make: Any) -> None:
    assert angle(turned(make(), 7), target_orientation="either") == pytest.approx(-7, abs=0.2)


def test_small_and_large_angles_are_left_alone_as_asked_for() -> None:
    level: dict[str, Any] = {"target_orientation": "horizontal"}
    assert angle(page(3), **level, skip_below_degrees=4.0) == 0
    assert angle(page(12), **level, max_correction_degrees=10.0) == 0
    assert angle(page(9), **level, max_correction_degrees=10.0) == pytest.approx(-9, abs=0.1)
    untouched = run("auto_rotate_on_edges@v1", page(0.2), **level)
    np.testing.assert_array_equal(untouched["image"].pixels, page(0.2).pixels)


def test_a_lower_resolution_finds_the_same() -> None:
    assert angle(page(8), target_orientation="horizontal", internal_resolution=200) == pytest.approx(-8, abs=0.5)


def test_pictures_without_edges_pass() -> None:
    shapes: list[tuple[int, ...]] = [(50, 50), (50, 50, 4), (1, 1), (1, 400, 3)]
    images = [Image(np.full(shape, 7, np.uint8), id=f"plain {number}") for number, shape in enumerate(shapes)]
    for row, image in zip(run_all("auto_rotate_on_edges@v1", images), images, strict=True):
        assert row["all"]["angle"] == 0 and row["all"]["image"].origin == image.origin


@pytest.mark.parametrize(
    "fields", [{"skip_below_degrees": -1.0}, {"max_correction_degrees": 91.0}, {"internal_resolution": 0}]
)
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("auto_rotate_on_edges@v1", **fields)
