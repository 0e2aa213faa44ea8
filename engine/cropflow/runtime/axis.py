"""Ragged axes: how many children every element has, as offsets into one flat range.

An axis knows its parent axis, `offsets` (children of parent element `p` are `offsets[p]` to `offsets[p + 1]`) and,
where lists can be missing, a validity over the parents: a list that was never made is not an empty list. This
is the list-offset layout of Apache Arrow and awkward-array. Every level of a run is an axis; the scalar level is
an axis of length one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Index: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]


class Axis:
    """One level of nesting.

    Args:
        name: what elements are called in messages, such as `image` or the name of a fan-out step.
        parent: the axis one level up; `None` only for the scalar axis.
        offsets: int array of length `parent.length + 1`, beginning with 0.
        made: bool array over the parents, False where the list was never made; `None` where all were.
    """

    def __init__(self, name: str, parent: Axis | None, offsets: Index, made: Mask | None = None) -> None:
        self.name = name
        self.parent = parent
        self.offsets = offsets
        self.made = made
        self.length = int(offsets[-1])

    @classmethod
    def scalar(cls) -> Axis:
        """The level of values that exist once per run."""
        return cls("", None, np.array([0, 1], np.intp))

    @classmethod
    def of_lengths(cls, name: str, parent: Axis, lengths: Sequence[int], made: Mask | None = None) -> Axis:
        """Build an axis from the number of children of every parent element."""
        offsets = np.zeros(len(lengths) + 1, np.intp)
        np.cumsum(lengths, out=offsets[1:])
        return cls(name, parent, offsets, made)

    @cached_property
    def parents(self) -> Index:
        """For every element, the index of its parent element."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def index_of(self, ancestor: Axis) -> Index | None:
        """For every element of this axis, the index of its ancestor element; `None` means: the element itself."""
        index: Index | None = None
        axis = self
        while axis is not ancestor:
            if axis.parent is None:
                raise ValueError(f"axis {ancestor.name!r} is no ancestor of {self.name!r}")
            index = axis.parents if index is None else axis.parents[index]
            axis = axis.parent
        return index

    def path(self, index: int) -> str:
        """Describe an element for people: `image 3 › crop 7`, each counted from 0 within its parent."""
        if self.parent is None:
            return ""
        parent = int(self.parents[index])
        above = self.parent.path(parent)
        return f"{above} › {self.label(index, parent)}" if above else self.label(index, parent)

    def label(self, index: int, parent: int) -> str:
        """Name of an element within its parent."""
        return f"{self.name} {index - int(self.offsets[parent])}"
