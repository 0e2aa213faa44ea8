"""Boxes with room around them: what a classifier gets to see."""

import doctest

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cropflow_blocks.transform import boxes as module
from cropflow_blocks.transform.boxes import grow

BOX = np.array([[40, 40, 60, 50]], np.float32)

coordinates = st.floats(-150, 250, width=32)
any_box = st.tuples(coordinates, coordinates, coordinates, coordinates)
small_boxes = st.tuples(st.floats(-20, 119, width=32), st.floats(-20, 99, width=32), st.floats(1, 40), st.floats(1, 40))


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(module).failed == 0


def test_pixels_are_added_on_all_four_sides() -> None:
    assert grow(BOX, 100, 100, padding=3).tolist() == [[37, 37, 63, 53]]


def test_a_share_is_one_of_width_and_height_on_each_side() -> None:
    assert grow(BOX, 100, 100, padding="10%").tolist() == [[38, 39, 62, 51]]


def test_fractions_of_a_percent_are_read() -> None:
    assert grow(BOX, 100, 100, padding="2.5%").tolist() == [[39.5, 39.75, 60.5, 50.25]]


def test_a_square_grows_the_shorter_side_around_the_centre() -> None:
    assert grow(BOX, 100, 100, square=True).tolist() == [[40, 35, 60, 55]]


def test_the_padding_of_a_square_is_a_share_of_the_square() -> None:
    assert grow(BOX, 100, 100, padding="50%", square=True).tolist() == [[30, 25, 70, 65]]


def test_a_square_over_the_border_is_moved_onto_the_image() -> None:
    corners = np.array([[0, 0, 20, 4], [96, 70, 100, 100]])
    assert grow(corners, 100, 100, square=True).tolist() == [[0, 0, 20, 20], [70, 70, 100, 100]]


def test_a_square_larger_than_the_image_covers_its_shorter_side() -> None:
    assert grow(np.array([[10, 0, 70, 20]]), 100, 40, square=True).tolist() == [[10, -20, 70, 40]]


def test_the_small_errors_of_float32_make_no_square_larger() -> None:
    side = np.array([[0.1, 0.1, 24.1, 20]], np.float32)
    assert grow(side, 100, 100, square=True).tolist() == [[0, 0, 24, 24]]


def test_boxes_of_integers_are_not_changed_in_place() -> None:
    given_boxes = np.array([[10, 10, 20, 30]])
    grow(given_boxes, 100, 100, padding="1%", square=True)
    assert given_boxes.tolist() == [[10, 10, 20, 30]]


@pytest.mark.parametrize("box", [(5, 5, 5, 20), (20, 20, 10, 30), (-9, 0, -1, 9), (0, 100, 9, 120)])
def test_a_box_without_area_on_the_image_does_not_grow_into_it(box: tuple[float, ...]) -> None:
    found = grow(np.array([box, (10, 10, 20, 20)]), 100, 100, padding=20, square=True)
    assert found.tolist() == [list(box), [0, 0, 50, 50]]


@pytest.mark.parametrize("padding", [-1, "ten", "10", "-5%", "%", 0.5])
def test_a_wrong_padding_is_named_with_what_is_right(padding: object) -> None:
    with pytest.raises(ValueError, match="10%") as caught:
        grow(BOX, 100, 100, padding=padding)  # type: ignore[arg-type]
    assert repr(padding) in str(caught.value)


def test_no_boxes_stay_no_boxes() -> None:
    assert grow(np.zeros((0, 4), np.float32), 100, 100, padding="10%", square=True).shape == (0, 4)


@given(st.lists(any_box, max_size=5), st.integers(0, 30))
def test_padding_never_loses_a_part_of_a_box(rows: list[tuple[float, ...]], padding: int) -> None:
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    larger = grow(boxes, 100, 80, padding=padding)
    assert (larger[:, :2] <= boxes[:, :2] + 1e-6).all()
    assert (larger[:, 2:] >= boxes[:, 2:] - 1e-6).all()


@given(small_boxes, st.sampled_from([0, 4, "12%"]))
@example((0.0, 0.5, 1.0, 1.0), 0)
@example((2.5, 10.5, 3.0, 1.0), 0)
def test_a_square_that_fits_is_square_whole_and_on_the_image(box: tuple[float, ...], padding: int | str) -> None:
    x, y, width, height = box
    before = np.array([[x, y, x + width, y + height]])
    after = grow(before, 120, 100, padding, square=True)[0]
    seen = before[0].round().clip(0, [120, 100, 120, 100])
    if seen[0] < seen[2] and seen[1] < seen[3]:
        assert (after == after.round()).all()
        assert after[2] - after[0] == after[3] - after[1] >= max(width, height) - 0.001
        assert (after[:2] >= 0).all() and after[2] <= 120 and after[3] <= 100
        assert (after[:2] <= seen[:2]).all() and (after[2:] >= seen[2:]).all()
