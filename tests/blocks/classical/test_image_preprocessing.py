"""Every pixel of a resized, rotated or flipped picture is where it should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import RunError, WorkflowError

from .documents import document, meter, run, run_all, sheet


def arrow() -> Image:
    """Two rows of three: 0 1 2 above 3 4 5."""
    return Image(np.arange(6, dtype=np.uint8).reshape(2, 3), id="arrow")


def pixels(image: Image, **fields: Any) -> list[Any]:
    return list(run("image_preprocessing@v1", image, **fields)["image"].pixels.tolist())


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(30, 20, (30, 20)), (160, None, (160, 112)), (None, 448, (640, 448)), (1, None, (1, 1))],
)
def test_a_side_that_is_null_follows_from_the_other(
    width: int | None, height: int | None, size: tuple[int, int]
) -> None:
    picture = meter()
    assert (picture.width, picture.height) == (320, 224)
    made = run("image_preprocessing@v1", picture, task_type="resize", width=width, height=height)["image"]
    assert (made.width, made.height) == size


def test_without_a_size_it_is_640_squared() -> None:
    made = run("image_preprocessing@v1", sheet(), task_type="resize")["image"]
    assert (made.width, made.height, made.id) == (640, 640, "sheet")


def test_the_channels_stay() -> None:
    for shape in ((40, 60), (40, 60, 3), (40, 60, 4)):
        image = Image(np.full(shape, 100, np.uint8), id="plain")
        for fields in ({"task_type": "resize", "width": 9}, {"task_type": "rotate", "rotation_degrees": 90}):
            made = run("image_preprocessing@v1", image, **fields)["image"].pixels
            assert made.shape[2:] == shape[2:] and (made == 100).all()


def test_neither_side_is_refused() -> None:
    with pytest.raises(RunError, match="width, height or both"):
        run("image_preprocessing@v1", sheet(), task_type="resize", width=None, height=None)


def test_a_long_narrow_picture_does_not_fill_the_memory() -> None:
    narrow = Image(np.zeros((1, 4000), np.uint8), id="narrow")
    with pytest.raises(RunError, match="longer than 16384"):
        run("image_preprocessing@v1", narrow, task_type="resize", width=None, height=640)


@pytest.mark.parametrize(
    ("field", "value"), [("width", 0), ("height", -5), ("width", 10**6), ("rotation_degrees", 361), ("width", 2.5)]
)
def test_nonsense_is_refused_in_the_document(field: str, value: float) -> None:
    with pytest.raises(WorkflowError, match=field):
        Workflow.load(document("image_preprocessing@v1", ["image"], {"task_type": "resize", field: value}))


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (90, [[2, 5], [1, 4], [0, 3]]),
        (-270, [[2, 5], [1, 4], [0, 3]]),
        (-90, [[3, 0], [4, 1], [5, 2]]),
        (180, [[5, 4, 3], [2, 1, 0]]),
        (0, [[0, 1, 2], [3, 4, 5]]),
        (360, [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_quarter_turns_are_exact_and_positive_is_counter_clockwise(degrees: int, expected: list[Any]) -> None:
    assert pixels(arrow(), task_type="rotate", rotation_degrees=degrees) == expected


def test_other_angles_keep_the_whole_picture() -> None:
    dots = np.zeros((41, 61, 3), np.uint8)
    dots[0:2, 59:61, 0] = dots[39:41, 0:2, 0] = 255  # blue in two corners, which the old size would cut off
    dots[5:8, 50:53, 2] = 255  # red, 21 right of the middle and 14 above it
    made = run("image_preprocessing@v1", Image(dots, id="dots"), task_type="rotate", rotation_degrees=30)["image"]
    assert (made.width, made.height) == (73, 66)
    assert made.pixels[:20, 40:, 0].max() > 100 and made.pixels[40:, :20, 0].max() > 100
    y, x = np.nonzero(made.pixels[:, :, 2] > 100)
    cos, sin = np.cos(np.pi / 6), 0.5
    assert abs(x.mean() - (36 + 21 * cos - 14 * sin)) < 1
    assert abs(y.mean() - (32.5 - 21 * sin - 14 * cos)) < 1


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("vertical", [[3, 4, 5], [0, 1, 2]]),
        ("horizontal", [[2, 1, 0], [5, 4, 3]]),
        ("both", [[5, 4, 3], [2, 1, 0]]),
    ],
)
def test_vertical_swaps_top_and_bottom(flip: str, expected: list[Any]) -> None:
    assert pixels(arrow(), task_type="flip", flip_type=flip) == expected


def test_several_pictures_keep_their_own_size_and_name() -> None:
    rows = run_all("image_preprocessing@v1", [sheet(), meter()], task_type="resize", width=100, height=None)
    found = [(row["all"]["image"].id, row["all"]["image"].height) for row in rows]
    assert found == [("sheet", 100), ("meter", 70)]
