"""Columns: the values that an expression takes for many elements at once, such as all boxes of a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.detections import take

Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]
Column: TypeAlias = "Sequence[Any] | NDArray[Any]"
"""One value per element: a list, a flat array of numbers or texts, `Same` or `Boxes`."""


@dataclass(frozen=True, slots=True)
class Same(Sequence[Any]):
    """One value for every element."""

    value: Any
    length: int

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Any]:
        return repeat(self.value, self.length)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return Same(self.value, len(range(self.length)[index])) if isinstance(index, slice) else self.value


@dataclass(frozen=True, slots=True)
class Boxes(Sequence[Detections]):
    """Every box of a prediction as an element of its own, cut out only where somebody looks at it."""

    detections: Detections

    def __len__(self) -> int:
        return len(self.detections)

    @overload
    def __getitem__(self, index: int) -> Detections: ...
    @overload
    def __getitem__(self, index: slice) -> Boxes: ...
    def __getitem__(self, index: int | slice) -> Detections | Boxes:
        picked = take(self.detections, index)
        return Boxes(picked) if isinstance(index, slice) else picked


def pick(column: Column, places: Places) -> Column:
    """Return the values at some places."""
    match column:
        case Same():
            return Same(column.value, len(places))
        case Boxes():
            return Boxes(take(column.detections, places))
        case np.ndarray():
            return column[places]
    return [column[place] for place in places.tolist()]


def array_of(column: Column) -> NDArray[Any] | None:
    """Return a column of plain numbers or texts as an array that broadcasts to its length; `None` where it is none."""
    if isinstance(column, Same) and type(column.value) in (int, float, str):
        return np.asarray(column.value)
    return column if isinstance(column, np.ndarray) and column.dtype.kind in "iufU" else None
