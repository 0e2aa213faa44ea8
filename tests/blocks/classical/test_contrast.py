"""Contrast: what is stretched to what, and what stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import WorkflowError

from .documents import document, run, run_all, sheet

KINDS = ["Contrast Stretching", "Histogram Equalization", "Adaptive Equalization"]


def dull() -> Image:
    """The sheet with all its values between 100 and 163."""
    return Image(sheet().bgr // 4 + 100, id="dull")


def ramp(low: int, high: int) -> Image:
    return Image(np.arange(low, high + 1, dtype=np.uint8)[None], id="ramp")


@pytest.mark.parametrize("kind", KINDS)
def test_a_dull_picture_gets_the_whole_range(kind: str) -> None:
    made = run("contrast_equalization@v1", dull(), equalization_type=kind)["image"]
    assert made.pixels.shape == (320, 320, 3)
    assert made.pixels.std() > 1.5 * dull().pixels.std()
    assert int(np.ptp(made.pixels)) > 2 * int(np.ptp(dull().pixels))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4), (1, 1)])
def test_a_picture_of_one_colour_stays_as_it_is(kind: str, shape: tuple[int, ...]) -> None:
    plain = Image(np.full(shape, 80, np.uint8), id="plain")
    for made in (
        run("contrast_equalization@v1", plain, equalization_type=kind)["image"],
        run("contrast_enhancement@v1", plain, normalize_brightness=True, contrast_multiplier=3.0)["image"],
    ):
        assert (made.pixels == 80).all() and made.pixels.ndim == len(shape)


def test_stretching_gives_up_two_percent_on_both_ends() -> None:
    made = run("contrast_equalization@v1", ramp(50, 150), equalization_type="Contrast Stretching")["image"]
    assert (made.pixels[0, :3] == 0).all() and (made.pixels[0, -3:] == 255).all()
    assert made.pixels[0, 50] == 127


def test_a_histogram_becomes_even() -> None:
    values = np.repeat([10, 13], [25, 75]).astype(np.uint8)[None]
    made = run("contrast_equalization@v1", Image(values, id="two"))["image"]
    assert np.unique(made.pixels).tolist() == [63, 255], "a quarter of the pixels has a quarter of the brightness"


def test_grey_stays_grey_and_pictures_do_not_mix() -> None:
    rows = run_all("contrast_equalization@v1", [dull(), ramp(0, 90)], equalization_type="Adaptive Equalization")
    assert [row["all"]["image"].pixels.ndim for row in rows] == [3, 2]
    alone = run("contrast_equalization@v1", dull(), equalization_type="Adaptive Equalization")["image"]
    np.testing.assert_array_equal(rows[0]["all"]["image"].pixels, alone.pixels)


def test_every_channel_is_stretched_by_itself() -> None:
    cast = np.array([[[0, 100, 50], [255, 200, 60]]], np.uint8)
    assert run("contrast_enhancement@v1", Image(cast, id="cast"))["image"].pixels.tolist() == [[[0] * 3, [255] * 3]]


def test_a_picture_with_the_whole_range_is_not_changed_by_the_defaults() -> None:
    full = ramp(0, 255)
    np.testing.assert_array_equal(run("contrast_enhancement@v1", full)["image"].pixels, full.pixels)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"contrast_multiplier": 2.0}, {64: 0, 100: 72, 128: 128, 192: 255}),
        ({"contrast_multiplier": 0.5}, {0: 64, 128: 128, 255: 191}),
        ({"normalize_brightness": True}, {0: 0, 20: 35, 128: 150, 255: 255}),
        ({"clip_limit": 10}, {20: 0, 127: 126, 235: 255}),
        ({"clip_limit": 50}, {20: 20, 200: 200}),
    ],
)
def test_values_go_where_the_fields_say(fields: dict[str, Any], expected: dict[int, int]) -> None:
    made = run("contrast_enhancement@v1", ramp(0, 255), **fields)["image"].pixels[0]
    assert {value: int(made[value]) for value in expected} == expected


@pytest.mark.parametrize(
    "fields", [{"clip_limit": 51}, {"clip_limit": -1}, {"contrast_multiplier": 0.0}, {"contrast_multiplier": 5.5}]
)
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        Workflow.load(document("contrast_enhancement@v1", ["image"], fields))
