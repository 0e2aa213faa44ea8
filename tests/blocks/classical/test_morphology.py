"""Bright regions grow and shrink by what the kernel says, in grey or in colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import WorkflowError

from .documents import document, run, sheet


def blob() -> Image:
    """A white square of 10 pixels with a dark speck in it, and a white speck beside it."""
    pixels = np.zeros((30, 30), np.uint8)
    pixels[10:20, 10:20] = 255
    pixels[14, 14] = 0
    pixels[3, 3] = 255
    return Image(pixels, id="blob")


def white(operation: str, version: str = "v2", size: int = 3) -> int:
    made = run(f"morphological_transformation@{version}", blob(), operation=operation, kernel_size=size)["image"]
    return int((made.pixels == 255).sum())


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("Erosion", 8 * 8 - 9),
        ("Dilation", 12 * 12 + 9),
        ("Closing", 10 * 10 + 1),
        ("Top Hat", 1),
        ("Black Hat", 1),
    ],
)
def test_a_square_of_ten(operation: str, expected: int, version: str) -> None:
    assert white(operation, version) == expected


def test_opening_then_closing_cleans_both_kinds_of_specks() -> None:
    big = np.zeros((40, 40), np.uint8)
    big[5:35, 5:35] = 255
    clean = big.copy()
    big[20, 20], big[2, 2] = 0, 255
    made = run("morphological_transformation@v2", Image(big, id="big"))["image"]  # the default of version 2
    np.testing.assert_array_equal(made.pixels, clean)


def test_gradient_is_dilation_less_erosion() -> None:
    assert white("Gradient") == white("Dilation") - white("Erosion")


def test_version_1_is_grey_and_version_2_keeps_colour() -> None:
    first, second = (run(f"morphological_transformation@{v}", sheet())["image"].pixels for v in ("v1", "v2"))
    assert first.shape == (320, 320) and second.shape == (320, 320, 3)


def test_size_1_changes_nothing_and_a_large_one_leaves_nothing() -> None:
    assert white("Erosion", size=1) == 100
    assert white("Erosion", size=999) == 0
    assert white("Dilation", size=999) == 900


@pytest.mark.parametrize(
    ("version", "fields"),
    [("v1", {"operation": "Opening then Closing"}), ("v1", {"kernel_size": 0}), ("v2", {"kernel_size": 5000})],
)
def test_nonsense_is_refused_in_the_document(version: str, fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        Workflow.load(document(f"morphological_transformation@{version}", ["image"], fields))
