"""An axis knows its children, its ancestors and what its elements are called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow.runtime.axis import Axis

lengths = st.lists(st.integers(0, 3), max_size=5)


def two_levels() -> tuple[Axis, Axis, Axis]:
    """Three images with 2, 0 and 1 crops."""
    scalar = Axis.scalar()
    images = Axis.of_lengths("image", scalar, [3])
    return scalar, images, Axis.of_lengths("crop", images, [2, 0, 1])


def test_the_scalar_level_has_one_element_and_no_parent() -> None:
    scalar = Axis.scalar()
    assert (scalar.length, scalar.parent, scalar.path(0)) == (1, None, "")


def test_lengths_become_offsets_and_parents() -> None:
    _, images, crops = two_levels()
    assert crops.offsets.tolist() == [0, 2, 2, 3]
    assert crops.parents.tolist() == [0, 0, 2]
    assert (images.length, crops.length) == (3, 3)


def test_every_element_finds_each_of_its_ancestors() -> None:
    scalar, images, crops = two_levels()
    parts = Axis.of_lengths("part", crops, [1, 2, 1])
    assert parts.index_of(parts) is None
    assert parts.index_of(crops).tolist() == [0, 1, 1, 2]  # type: ignore[union-attr]
    assert parts.index_of(images).tolist() == [0, 0, 0, 2]  # type: ignore[union-attr]
    assert parts.index_of(scalar).tolist() == [0, 0, 0, 0]  # type: ignore[union-attr]


def test_an_axis_of_another_branch_is_no_ancestor() -> None:
    _, images, crops = two_levels()
    other = Axis.of_lengths("other", images, [1, 1, 1])
    with pytest.raises(ValueError, match="no ancestor"):
        crops.index_of(other)


def test_an_element_is_told_by_its_path_each_part_counted_within_its_parent() -> None:
    _, images, crops = two_levels()
    assert images.path(2) == "image 2"
    assert [crops.path(index) for index in range(3)] == ["image 0 › crop 0", "image 0 › crop 1", "image 2 › crop 0"]


def test_lists_that_were_never_made_stay_told_from_empty_ones() -> None:
    _, images, _ = two_levels()
    assert Axis.of_lengths("crop", images, [0, 0, 1]).made is None
    made = np.array([True, False, True])
    axis = Axis.of_lengths("crop", images, [0, 0, 1], made)
    assert axis.made is not None and axis.made.tolist() == [True, False, True]


@given(st.data())
def test_indices_to_ancestors_agree_with_nested_lists(data: st.DataObject) -> None:
    first = data.draw(lengths)
    second = data.draw(st.lists(st.integers(0, 3), min_size=sum(first), max_size=sum(first)))
    top = Axis.of_lengths("top", Axis.scalar(), [len(first)])
    middle = Axis.of_lengths("middle", top, first)
    bottom = Axis.of_lengths("bottom", middle, second)
    owners = [owner for owner, length in enumerate(first) for _ in range(length)]
    expected = [owners[index] for index, length in enumerate(second) for _ in range(length)]
    found = bottom.index_of(top)
    assert found is not None and found.tolist() == expected
    assert bottom.length == sum(second)
