"""A bent line becomes straight again, and a lens without distortion changes nothing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image
from cropflow.errors import WorkflowError

from .documents import load, meter, run, sheet

LENS = {"fx": 300.0, "fy": 300.0, "cx": 160.0, "cy": 160.0, "k1": 0.0, "k2": 0.0, "k3": 0.0, "p1": 0.0, "p2": 0.0}


def corrected(image: Image, **fields: Any) -> Image:
    made: Image = run("camera-calibration@v1", image, **{**LENS, **fields})["calibrated_image"]
    return made


def bent(k1: float, fisheye: bool) -> Image:
    """A straight line of dots far above the middle, as a lens of this kind shows it."""
    x, y = (np.linspace(80, 240, 9) - 160) / 300, np.full(9, (50 - 160) / 300)
    distance = np.hypot(x, y)
    theta = np.arctan(distance)
    factor = theta * (1 + k1 * theta**2) / distance if fisheye else 1 + k1 * distance**2
    pixels = np.zeros((320, 320), np.uint8)
    for column, row in zip(300 * x * factor + 160, 300 * y * factor + 160, strict=True):
        cv2.circle(pixels, (round(column * 16), round(row * 16)), 48, 255, -1, cv2.LINE_AA, 4)
    return Image(pixels, id="dots")


def bend(image: Image) -> float:
    """By how many pixels the dots leave a straight line."""
    count, _, _, centres = cv2.connectedComponentsWithStats((image.pixels > 100).astype(np.uint8))
    assert count == 10
    x, y = centres[1:].T
    return float(np.abs(y - np.polyval(np.polyfit(x, y, 1), x)).max())


@pytest.mark.parametrize(("k1", "fisheye"), [(-0.25, False), (0.4, False), (-0.2, True), (1.0, True)])
def test_a_bent_line_becomes_straight(k1: float, fisheye: bool) -> None:
    image = bent(k1, fisheye)
    assert bend(image) > 1
    assert bend(corrected(image, k1=k1, use_fisheye_model=fisheye)) < 0.5


def test_without_distortion_nothing_changes_but_the_rim() -> None:
    made = corrected(sheet())
    difference = np.abs(made.bgr.astype(int) - sheet().bgr.astype(int))
    assert difference[5:-5, 5:-5].mean() < 3


def test_size_channels_and_name_stay_and_no_way_leads_back() -> None:
    for image in (meter(), Image(meter().bgr[:, :, 0], id="grey")):
        made = corrected(image, k1=-0.2, p1=0.001)
        assert made.pixels.shape == image.pixels.shape and made.id == image.id
        assert made.origin.source == image.origin and made.origin.root == made.origin


@pytest.mark.parametrize("fields", [{"fx": 0.0}, {"fy": -3.0}, {"k1": 1e9}])
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("camera-calibration@v1", **{**LENS, **fields})


def test_wild_numbers_give_a_picture_or_an_error_that_tells() -> None:
    for fisheye in (False, True):
        made = corrected(sheet(), k1=1e6, k2=-1e6, k3=1e6, cx=-1e6, use_fisheye_model=fisheye)
        assert made.pixels.shape == (320, 320, 3)
