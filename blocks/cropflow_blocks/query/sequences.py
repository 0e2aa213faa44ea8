"""Operations on lists, and on what can be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from cropflow.kinds import KINDS
from cropflow_blocks.query.operation import (
    BOXES,
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Kinds,
    Operation,
    Parameters,
    Place,
    QueryError,
)
from cropflow_blocks.query.plain import look_up

if TYPE_CHECKING:
    from cropflow_blocks.query.language import Operations


class SequenceMap(Operation):
    """Put what a table holds for every value of a list in its place."""

    type: Literal["SequenceMap"]
    lookup_table: dict[str, Any]
    takes, gives = LIST, LIST

    def apply(self, value: Sequence[Any], parameters: Parameters) -> list[Any]:
        """Return the entries."""
        return [look_up(self.lookup_table, item) for item in plain_list(value)]


class SequenceApply(Operation):
    """Work on every value of a list."""

    type: Literal["SequenceApply"]
    operations: Operations
    takes, gives = LIST, LIST

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """What a list holds is not known when compiling."""
        from cropflow_blocks.query.chain import check

        check(self.operations, (KINDS["*"],), parameters, (*place, "operations"))
        return (KINDS["list_of_values"],)

    def apply(self, value: Sequence[Any], parameters: Parameters) -> list[Any]:
        """Return the answers."""
        from cropflow_blocks.query.chain import evaluate_column

        return plain_list(evaluate_column(self.operations, plain_list(value), parameters))


class SequenceLength(Operation):
    """Count the values of a list, the entries of a mapping, or the boxes of a prediction."""

    type: Literal["SequenceLength"]
    takes: ClassVar[tuple[str, ...]] = (*LIST, *MAPPING, *BOXES)
    gives = ("integer",)

    def apply(self, value: Any, parameters: Parameters) -> int:
        """Count."""
        return len(value)


class SequenceElementsCount(Operation):
    """Count how often each value occurs in a list."""

    type: Literal["SequenceElementsCount"]
    takes, gives = LIST, MAPPING

    def apply(self, value: Sequence[Any], parameters: Parameters) -> dict[Any, int]:
        """Return value → count, in the order of first occurrence."""
        return dict(_counted(value))


class SequenceJoin(Operation):
    """Write the values of a list as one text with a separator between them."""

    type: Literal["SequenceJoin"]
    separator: str
    takes, gives = LIST, TEXT

    def apply(self, value: Sequence[Any], parameters: Parameters) -> str:
        """Join."""
        return self.separator.join(map(str, plain_list(value)))


class SequenceAggregate(Operation):
    """Choose one value of a list; of an empty list there is none. Of equally common ones the first counts."""

    type: Literal["SequenceAggregate"]
    mode: Literal["first", "last", "most_common", "least_common"]
    takes = LIST

    def apply(self, value: Sequence[Any], parameters: Parameters) -> Any:
        """Choose."""
        if not len(value):
            return None
        if self.mode in ("first", "last"):
            return plain_list(value)[0 if self.mode == "first" else -1]
        choose: Callable[..., Any] = max if self.mode == "most_common" else min
        counted = _counted(value)
        return choose(counted, key=counted.__getitem__)


class NumericSequenceAggregate(Operation):
    """Reduce a list of numbers to one; an empty list gives `neutral_value`."""

    type: Literal["NumericSequenceAggregate"]
    function: Literal["min", "max", "sum"]
    neutral_value: int | float | None = None
    takes, gives = LIST, NUMBER

    def apply(self, value: Sequence[Any], parameters: Parameters) -> Any:
        """Reduce."""
        numbers = plain_list(value)
        if not numbers:
            return self.neutral_value
        try:
            return _REDUCE[self.function](numbers)
        except TypeError:
            raise QueryError(f"NumericSequenceAggregate takes a list of numbers, but got {numbers!r:.80}") from None


_REDUCE: Mapping[str, Callable[..., Any]] = {"min": min, "max": max, "sum": sum}


def plain_list(values: Any) -> list[Any]:
    """Return a list of plain Python values."""
    plain: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return plain


def _counted(values: Sequence[Any]) -> Counter[Any]:
    try:
        return Counter(plain_list(values))
    except TypeError:
        raise QueryError("lists inside of a list cannot be counted; take a property of them first") from None
