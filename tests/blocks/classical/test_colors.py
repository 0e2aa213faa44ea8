"""Colours are red, green, blue in documents, whatever pixels are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image
from cropflow.errors import WorkflowError

from .documents import load, meter, run, run_all, sheet

RED, BLUE = (0, 0, 255), (255, 0, 0)


def flag(red_rows: int) -> Image:
    pixels = np.zeros((100, 50, 3), np.uint8)
    pixels[:red_rows], pixels[red_rows:] = RED, BLUE
    return Image(pixels, id=f"flag {red_rows}")


def color(image: Image, **fields: Any) -> Any:
    return run("dominant_color@v1", image, **fields)["rgb_color"]


def test_the_larger_part_decides_and_red_comes_first() -> None:
    rows = run_all("dominant_color@v1", [flag(60), flag(40)])
    assert [row["all"]["rgb_color"] for row in rows] == [(255, 0, 0), (0, 0, 255)]


def test_one_group_gives_the_mean() -> None:
    assert color(flag(60), color_clusters=1) == (153, 0, 102)


def test_paper_is_found_beneath_ink_and_every_time_alike() -> None:
    found = color(sheet())
    assert all(abs(a - b) < 20 for a, b in zip(found, (241, 235, 223), strict=True))
    assert all(color(sheet()) == found for _ in range(3))


@pytest.mark.parametrize("clusters", [1, 4, 10])
@pytest.mark.parametrize("shape", [(1, 1), (30, 40), (30, 40, 3), (30, 40, 4), (1, 3000)])
def test_a_picture_of_one_colour_has_that_colour(shape: tuple[int, ...], clusters: int) -> None:
    assert color(Image(np.full(shape, 77, np.uint8), id="plain"), color_clusters=clusters) == (77, 77, 77)


def test_scaling_down_does_not_invent_a_colour() -> None:
    assert color(flag(70), target_size=1, color_clusters=1) == pytest.approx((178, 0, 76), abs=2)
    assert color(flag(70), target_size=250) == (255, 0, 0)


@pytest.mark.parametrize("written", ["(20, 10, 200)", "#140ac8", [20, 10, 200]], ids=["text", "hexadecimal", "list"])
def test_pixels_of_a_colour_are_counted_however_it_is_written(written: Any) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :20] = (200, 10, 20)
    found = run("pixel_color_count@v1", Image(pixels, id="blue"), target_color=written)
    assert found == {"matching_pixels_count": 800}


def test_each_of_red_green_and_blue_may_be_off_by_the_tolerance() -> None:
    pixels = np.array([[[0, 0, 100], [10, 10, 110], [0, 0, 111], [11, 0, 100], [10, 0, 90]]], np.uint8)
    image = Image(pixels, id="near")
    counts = [
        run("pixel_color_count@v1", image, target_color="(100, 0, 0)", tolerance=t)["matching_pixels_count"]
        for t in (0, 10, 11, 255)
    ]
    assert counts == [1, 3, 5, 5]


def test_colours_are_counted_on_grey_and_transparent_pictures() -> None:
    grey = Image(np.full((5, 6), 255, np.uint8), id="grey")
    clear = Image(np.full((5, 6, 4), 255, np.uint8), id="clear")
    rows = run_all("pixel_color_count@v1", [grey, clear, meter()], target_color="#ffffff", tolerance=0)
    assert [row["all"]["matching_pixels_count"] for row in rows][:2] == [30, 30]


@pytest.mark.parametrize(
    ("type", "fields"),
    [
        ("pixel_color_count@v1", {"target_color": "red-ish"}),
        ("pixel_color_count@v1", {"target_color": [0, 0, 256]}),
        ("pixel_color_count@v1", {"target_color": "#fff", "tolerance": -1}),
        ("dominant_color@v1", {"color_clusters": 11}),
        ("dominant_color@v1", {"max_iterations": 0}),
        ("dominant_color@v1", {"target_size": 251}),
    ],
)
def test_nonsense_is_refused_in_the_document(type: str, fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=list(fields)[-1]):
        load(type, **fields)
