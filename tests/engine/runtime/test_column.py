"""Columns are broadcast, masked and put back by index, and `None` in a mask or selection stands for everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cropflow.runtime.axis import Axis, Index, Mask
from cropflow.runtime.column import Column, both, compose, pick, present, spread, where

scalar = Axis.scalar()
images = Axis.of_lengths("image", scalar, [3])
crops = Axis.of_lengths("crop", images, [2, 0, 1])
masks = st.none() | arrays.arrays(np.bool_, 5)


def full(mask: Mask | None) -> list[bool]:
    return [True] * 5 if mask is None else [bool(value) for value in mask]


def selections(length: int) -> st.SearchStrategy[Index | None]:
    indices = st.lists(st.integers(0, length - 1), max_size=6)
    return st.none() | indices.map(lambda chosen: np.array(chosen, np.intp))


def test_a_parent_value_is_handed_to_all_its_children() -> None:
    column = Column(images, ["a", "b", "c"])
    assert column.at(crops, None) == ["a", "a", "c"]
    assert column.at(crops, np.array([0, 2])) == ["a", "c"]
    assert Column(scalar, ["x"]).at(crops, None) == ["x", "x", "x"]


def test_validity_is_broadcast_like_values() -> None:
    missing = Column(images, ["a", None, None], np.array([True, False, False]))
    valid = missing.valid_at(crops)
    assert valid is not None and valid.tolist() == [True, True, False]
    assert Column(images, ["a", "b", "c"]).valid_at(crops) is None


def test_a_lazy_column_makes_only_what_is_picked() -> None:
    made: list[int] = []

    class Lazy(list[Any]):
        def __getitem__(self, index: Any) -> Any:
            made.append(index)
            return index

    assert pick(Lazy([None] * 9), np.array([7, 2])) == [7, 2]
    assert made == [7, 2]


def test_present_finds_none_and_nothing_else() -> None:
    mask = present([0, None, "", False, []])
    assert mask is not None and mask.tolist() == [True, False, True, True, True]
    assert present([0, ""]) is None
    assert present([]) is None


@given(masks, masks)
def test_both_is_and(one: Mask | None, other: Mask | None) -> None:
    assert full(both(one, other)) == [a and b for a, b in zip(full(one), full(other), strict=True)]


@given(masks)
def test_where_gives_the_indices_that_pass(mask: Mask | None) -> None:
    index = where(mask)
    found = list(range(5)) if index is None else index.tolist()
    assert found == [place for place, passed in enumerate(full(mask)) if passed]


@given(selections(5), selections(3))
def test_composed_selections_select_one_after_the_other(first: Index | None, then: Index | None) -> None:
    values = list("abcde")
    picked = pick(values, first)
    if then is not None and len(picked) < 3:
        return
    assert pick(values, compose(first, then)) == pick(picked, then)


@given(masks)
def test_spread_puts_values_back_where_they_were_chosen(mask: Mask | None) -> None:
    chosen = where(mask)
    values = list("abcde")
    back = spread(pick(values, chosen), chosen, 5)
    assert back == [value if passed else None for value, passed in zip(values, full(mask), strict=True)]
