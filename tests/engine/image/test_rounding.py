"""Which boxes have an area is said once, for crops and for all that is done before them."""

import doctest

import numpy as np
import pytest

from cropflow.image import Image, rounding
from cropflow.image.rounding import whole_boxes
from cropflow_blocks.transform.boxes import grow


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(rounding).failed == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_box_that_is_not_finite_has_no_area_and_does_not_grow(bad: float) -> None:
    box = np.array([[0.0, 0, 10, 10], [1, 1, bad, 5]])
    assert whole_boxes(box, 20, 20)[1].tolist() == [True, False]
    assert np.array_equal(grow(box, 20, 20, padding=2)[1], box[1], equal_nan=True)
    assert Image(np.zeros((20, 20), np.uint8)).crops(box, ["a", "b"])[1] is None
