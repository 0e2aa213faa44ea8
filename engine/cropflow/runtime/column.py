"""Columns: the values of one output, flat along an axis, with a validity mask.

Broadcasting, gathering and masking are index operations on whole columns; there is no record per element.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import is_
from typing import Any

import numpy as np

from cropflow.runtime.axis import Axis, Index, Mask


@dataclass(slots=True, eq=False)
class Column:
    """Values along an axis.

    Attributes:
        axis: the level of the values.
        values: one value per element; may be a lazy sequence. A missing element holds `None`.
        valid: False where the element is missing; `None` where none is.
    """

    axis: Axis
    values: Sequence[Any]
    valid: Mask | None = None

    def at(self, axis: Axis, chosen: Index | None) -> list[Any]:
        """Return the values broadcast to `axis`, for the `chosen` elements of it (all, if `None`)."""
        return pick(self.values, compose(axis.index_of(self.axis), chosen))

    def valid_at(self, axis: Axis) -> Mask | None:
        """Return the validity broadcast to `axis`."""
        if self.valid is None:
            return None
        index = axis.index_of(self.axis)
        return self.valid if index is None else self.valid[index]


def pick(values: Sequence[Any], index: Index | None) -> list[Any]:
    """Return the values at the indices (all, if `None`) as a list."""
    if index is None:
        return values if isinstance(values, list) else list(values)
    return list(map(values.__getitem__, index.tolist()))


def compose(first: Index | None, then: Index | None) -> Index | None:
    """Chain two selections, where `None` selects everything."""
    if first is None or then is None:
        return then if first is None else first
    return first[then]


def both(one: Mask | None, other: Mask | None) -> Mask | None:
    """Combine two masks, where `None` lets everything pass."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def where(mask: Mask | None) -> Index | None:
    """Return the indices a mask lets pass; `None` if it lets everything pass."""
    return None if mask is None or mask.all() else np.flatnonzero(mask)


def spread(values: list[Any], chosen: Index | None, length: int) -> list[Any]:
    """Put values made for the `chosen` elements back to their places, `None` elsewhere."""
    if chosen is None:
        return values
    full = [None] * length
    for place, value in zip(chosen.tolist(), values, strict=True):
        full[place] = value
    return full


def has_gap(values: Iterable[Any]) -> bool:
    """Whether one of the values is missing."""
    return any(map(is_, values, repeat(None)))  # in C throughout: it is asked of every value of a run


def present(values: Sequence[Any]) -> Mask | None:
    """Return the validity of values in which `None` stands for missing; `None` where none is missing."""
    if not has_gap(values):
        return None
    return np.fromiter((value is not None for value in values), np.bool_, len(values))
