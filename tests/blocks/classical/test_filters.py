"""Grey, blur and threshold on pictures small enough to work out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import RunError, WorkflowError

from .documents import document, meter, run, run_all, sheet


def filtered(type: str, pixels: Any, **fields: Any) -> np.ndarray[Any, Any]:
    made = run(type, Image(np.array(pixels, np.uint8), id="small"), **fields)["image"]
    assert made.id == "small"
    return np.asarray(made.pixels)


def test_grey_weighs_red_green_and_blue_as_the_eye_does() -> None:
    blue, green, red, white = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]
    assert filtered("convert_grayscale@v1", [[blue, green, red, white]]).tolist() == [[29, 150, 76, 255]]


def test_grey_pictures_and_transparent_ones_work_everywhere() -> None:
    grey, clear = np.full((9, 9), 90, np.uint8), np.full((9, 9, 4), 90, np.uint8)
    fields: dict[str, dict[str, Any]] = {"convert_grayscale@v1": {}, "image_blur@v1": {}, "threshold@v1": {}}
    fields["threshold@v1"] = {"thresh_value": 100, "threshold_type": "tozero_inv"}
    for type, more in fields.items():
        assert (filtered(type, grey, **more) == grey).all()
        assert (filtered(type, clear, **more) == 90).all()


def test_blur_keeps_size_channels_and_the_input() -> None:
    picture = sheet()
    before = picture.pixels.copy()
    for kind in ("average", "gaussian", "median", "bilateral"):
        made = run("image_blur@v1", picture, blur_type=kind, kernel_size=7)["image"]
        assert made.pixels.shape == picture.pixels.shape and made.origin == picture.origin
        assert (
            np.abs(np.diff(made.pixels.astype(int), axis=1)).mean() < np.abs(np.diff(before.astype(int), axis=1)).mean()
        )
    np.testing.assert_array_equal(picture.pixels, before)


def test_average_is_the_mean_of_the_square() -> None:
    dot = np.zeros((5, 5), np.uint8)
    dot[2, 2] = 90
    expected = np.zeros((5, 5), np.uint8)
    expected[1:4, 1:4] = 10
    np.testing.assert_array_equal(filtered("image_blur@v1", dot, blur_type="average", kernel_size=3), expected)


@pytest.mark.parametrize("kind", ["gaussian", "median"])
def test_an_even_size_counts_as_the_next_odd_one(kind: str) -> None:
    even, odd = (run("image_blur@v1", meter(), blur_type=kind, kernel_size=size)["image"] for size in (4, 5))
    np.testing.assert_array_equal(even.pixels, odd.pixels)


def test_median_removes_a_speck_that_average_smears() -> None:
    speck = np.zeros((7, 7), np.uint8)
    speck[3, 3] = 255
    assert filtered("image_blur@v1", speck, blur_type="median", kernel_size=3).max() == 0
    assert filtered("image_blur@v1", speck, blur_type="average", kernel_size=3).max() == 28


def test_size_1_changes_nothing() -> None:
    for kind in ("average", "gaussian", "median"):
        made = run("image_blur@v1", meter(), blur_type=kind, kernel_size=1)["image"]
        np.testing.assert_array_equal(made.pixels, meter().pixels)


@pytest.mark.parametrize(("kind", "size"), [("median", 257), ("bilateral", 101)])
def test_sizes_that_would_take_for_ever_are_refused(kind: str, size: int) -> None:
    with pytest.raises(RunError, match=f"kernel_size of {kind} blur is at most .* found {size}"):
        run("image_blur@v1", meter(), blur_type=kind, kernel_size=size)


def test_the_largest_sizes_that_are_allowed_work_on_a_small_picture() -> None:
    for kind, size in (("average", 999), ("gaussian", 999), ("median", 255), ("bilateral", 99)):
        assert (
            filtered("image_blur@v1", np.full((6, 5), 77), blur_type=kind, kernel_size=size).tolist() == [[77] * 5] * 6
        )


@pytest.mark.parametrize(
    ("type", "fields", "named"),
    [
        ("image_blur@v1", {"kernel_size": 0}, "kernel_size"),
        ("image_blur@v1", {"kernel_size": 1000}, "kernel_size"),
        ("image_blur@v1", {"blur_type": "motion"}, "blur_type"),
        ("threshold@v1", {}, "thresh_value"),
        ("threshold@v1", {"thresh_value": 256}, "thresh_value"),
        ("threshold@v1", {"thresh_value": 1, "max_value": -1}, "max_value"),
    ],
)
def test_nonsense_is_refused_in_the_document(type: str, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(WorkflowError, match=named):
        Workflow.load(document(type, ["image"], fields))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("binary", [0, 0, 200]),
        ("binary_inv", [200, 200, 0]),
        ("trunc", [50, 100, 100]),
        ("tozero", [0, 0, 150]),
        ("tozero_inv", [50, 100, 0]),
    ],
)
def test_the_limit_itself_does_not_pass(kind: str, expected: list[int]) -> None:
    found = filtered("threshold@v1", [[50, 100, 150]], threshold_type=kind, thresh_value=100, max_value=200)
    assert found.tolist() == [expected]


def test_channels_of_a_colour_picture_are_taken_one_by_one() -> None:
    assert filtered("threshold@v1", [[[10, 120, 200]]], thresh_value=100).tolist() == [[[0, 255, 255]]]


@pytest.mark.parametrize("kind", ["otsu", "adaptive_mean", "adaptive_gaussian"])
def test_types_that_find_their_own_limit_give_black_and_white_of_a_colour_picture(kind: str) -> None:
    rows = run_all("threshold@v1", [sheet(), meter()], threshold_type=kind, thresh_value=0, max_value=250)
    for row, picture in zip(rows, (sheet(), meter()), strict=True):
        made = row["all"]["image"]
        assert made.pixels.shape == (picture.height, picture.width)
        assert set(np.unique(made.pixels)) == {0, 250}


def test_otsu_tells_ink_from_paper() -> None:
    black = run("threshold@v1", sheet(), threshold_type="otsu", thresh_value=0)["image"].pixels == 0
    assert 0.03 < black.mean() < 0.15
    assert sheet().bgr[black].mean() < 120 < 190 < sheet().bgr[~black].mean()
