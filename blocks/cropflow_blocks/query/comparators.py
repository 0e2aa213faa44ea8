"""How statements compare: one row per comparator, with the kinds on both sides and, where numpy can, whole columns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.literal import describe
from cropflow_blocks.query.operation import ANY, LIST, NUMBER, TEXT, TRUTH, QueryError, is_one_of
from cropflow_blocks.query.values import Boxes, Column, Mask, Same, array_of

Test = Callable[[Any, Any], bool]
Vector = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
_POINT = ("detection", "point", "list_of_values")
_ZONE = ("zone", "list_of_values")


@dataclass(frozen=True, slots=True)
class Comparator:
    """One way to compare.

    Attributes:
        left: names of the kinds on the left; `right` likewise.
        test: compares two values of these kinds.
        vector: compares whole arrays.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    test: Test
    vector: Vector | None = None

    def mask(self, name: str, left: Column, right: Column) -> Mask:
        """Compare two columns of one length.

        Raises:
            QueryError: a value is of none of the kinds that can be compared; `name` stands in the message.
        """
        if len(left) == 0:
            return np.zeros(0, bool)
        one, other = (array_of(left), array_of(right)) if self.vector else (None, None)
        if self.vector and one is not None and other is not None and _comparable(one, other, self.left):
            return np.broadcast_to(self.vector(one, other), len(left)).copy()
        pairs = zip(_points(left) if self.left is _POINT else left, right, strict=True)
        return np.fromiter((self._holds(name, *pair) for pair in pairs), bool, len(left))

    def _holds(self, name: str, left: Any, right: Any) -> bool:
        for side, kinds, value in (("left", self.left, left), ("right", self.right, right)):
            if not is_one_of(_plain(kinds), value):
                raise QueryError(f"{name}: the {side} side must be {' or '.join(kinds)}, but is {describe(value)}")
        return self.test(left, right)


def _plain(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("list_of_values" if kind in ("point", "zone") else kind for kind in kinds)


def _comparable(one: NDArray[Any], other: NDArray[Any], kinds: tuple[str, ...]) -> bool:
    texts = [array.dtype.kind == "U" for array in (one, other)]
    return not any(texts) if kinds is NUMBER else texts[0] == texts[1]


def _equal(one: Any, other: Any) -> bool:
    same = one == other
    return bool(np.all(same)) if isinstance(same, np.ndarray) else bool(same)


def _in_range(value: float, bounds: Sequence[float]) -> bool:
    if len(bounds) != 2 or not all(is_one_of(NUMBER, bound) for bound in bounds):
        raise QueryError(f"(Number) in range: expected [lowest, highest], but got {bounds!r:.60}")
    return bool(bounds[0] <= value <= bounds[1])


def _points(column: Column) -> Sequence[Any]:
    """Put the centres of boxes in their place."""
    if isinstance(column, Boxes):
        box = column.detections.xyxy
        centres: list[Any] = ((box[:, :2] + box[:, 2:]) / 2).tolist()
        return centres
    return [_points(Boxes(value))[0] if isinstance(value, Detections) and len(value) else value for value in column]


def _in_zone(point: Any, zone: Sequence[Any]) -> bool:
    """Whether a point lies in a polygon or on its border; of several polygons one is enough."""
    many = bool(len(zone)) and np.ndim(zone[0]) == 2
    try:
        polygons = [np.array(polygon, np.float32).reshape(-1, 2) for polygon in (zone if many else [zone])]
        x, y = (float(part) for part in point)
    except (TypeError, ValueError):
        raise QueryError(
            "(Detection) in zone: expected a box or [x, y], and corners [[x, y], …], "
            f"but got {point!r:.40} and {zone!r:.60}"
        ) from None
    return any(len(polygon) > 2 and cv2.pointPolygonTest(polygon, (x, y), False) >= 0 for polygon in polygons)


_NUMBERS = {
    "==": (operator.eq, np.equal),
    "!=": (operator.ne, np.not_equal),
    ">": (operator.gt, np.greater),
    ">=": (operator.ge, np.greater_equal),
    "<": (operator.lt, np.less),
    "<=": (operator.le, np.less_equal),
}
BINARY: Mapping[str, Comparator] = {
    "==": Comparator(ANY, ANY, _equal, np.equal),
    "!=": Comparator(ANY, ANY, lambda one, other: not _equal(one, other), np.not_equal),
    **{f"(Number) {sign}": Comparator(NUMBER, NUMBER, test, vector) for sign, (test, vector) in _NUMBERS.items()},
    "(Number) in range": Comparator(NUMBER, LIST, _in_range),
    "(String) startsWith": Comparator(TEXT, TEXT, str.startswith),
    "(String) endsWith": Comparator(TEXT, TEXT, str.endswith),
    "(String) contains": Comparator(TEXT, TEXT, str.__contains__),
    "in (Sequence)": Comparator(ANY, LIST, lambda item, items: any(_equal(item, other) for other in items)),
    "all in (Sequence)": Comparator(LIST, LIST, lambda some, items: all(item in items for item in some)),
    "any in (Sequence)": Comparator(LIST, LIST, lambda some, items: any(item in items for item in some)),
    "(Detection) in zone": Comparator(_POINT, _ZONE, _in_zone),
}
BinaryName = Literal[
    "==",
    "!=",
    "(Number) ==",
    "(Number) !=",
    "(Number) >",
    "(Number) >=",
    "(Number) <",
    "(Number) <=",
    "(Number) in range",
    "(String) startsWith",
    "(String) endsWith",
    "(String) contains",
    "in (Sequence)",
    "all in (Sequence)",
    "any in (Sequence)",
    "(Detection) in zone",
]

UNARY: Mapping[str, tuple[tuple[str, ...], Callable[[Any], bool]]] = {
    "Exists": (ANY, lambda value: value is not None),
    "DoesNotExist": (ANY, lambda value: value is None),
    "(Boolean) is True": (TRUTH, lambda value: bool(value)),
    "(Boolean) is False": (TRUTH, lambda value: not value),
    "(Sequence) is empty": (LIST, lambda value: len(value) == 0),
    "(Sequence) is not empty": (LIST, lambda value: len(value) > 0),
}
UnaryName = Literal[
    "Exists",
    "DoesNotExist",
    "(Boolean) is True",
    "(Boolean) is False",
    "(Sequence) is empty",
    "(Sequence) is not empty",
]


def unary_mask(name: str, column: Column) -> Mask:
    """Tell of every value of a column whether a unary operator holds.

    Raises:
        QueryError: a value is of no kind it can be asked of.
    """
    kinds, test = UNARY[name]
    if isinstance(column, Same):
        return np.full(len(column), len(column) > 0 and _asked(name, kinds, test, column.value))
    return np.fromiter((_asked(name, kinds, test, value) for value in column), bool, len(column))


def _asked(name: str, kinds: tuple[str, ...], test: Callable[[Any], bool], value: Any) -> bool:
    if not is_one_of(kinds, value):
        raise QueryError(f"{name}: expected {' or '.join(kinds)}, but got {describe(value)}")
    return test(value)
