"""Chains of operations: checked once when the document is compiled, run over values or whole columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cropflow.errors import SettingError
from cropflow.kinds import KINDS, Fit, fit
from cropflow_blocks.query.operation import Kinds, Operation, Parameters, Place
from cropflow_blocks.query.values import Column, Same


def check(
    operations: Sequence[Operation],
    kinds: Kinds,
    parameters: Mapping[str, Kinds] | None = None,
    place: Place = ("operations",),
) -> Kinds:
    """Return the kinds that a chain ends in.

    Args:
        operations: the chain.
        kinds: what it begins with.
        parameters: kinds of what statements inside may name; `None` where that shows only when it runs.
        place: where the chain stands in its step.

    Raises:
        SettingError: an operation can never take what the one before gives; the message says which.
    """
    before = "what the step is given"
    for i, operation in enumerate(operations):
        if fit(kinds, (KINDS[name] for name in operation.takes)) is Fit.NEVER:
            raise SettingError(
                f"{operation.type} cannot work on {before}",
                (*place, i),
                expected=f"an operation that takes {' or '.join(map(str, kinds))}",
                found=f"{operation.type}, which takes {' or '.join(operation.takes)}",
                hint="put an operation between them that converts, or choose another one",
            )
        kinds = operation.infer(kinds, parameters, (*place, i))
        before = f"what {operation.type} gives"
    return kinds


def evaluate(operations: Sequence[Operation], value: Any, parameters: Parameters | None = None) -> Any:
    """Return what a chain makes of one value.

    Raises:
        QueryError: an operation cannot work on what it gets.

    >>> from cropflow_blocks.query.plain import StringToUpperCase
    >>> evaluate([StringToUpperCase(type="StringToUpperCase")], "seven")
    'SEVEN'
    """
    if not operations:
        return value
    return evaluate_column(operations, Same(value, 1), parameters or {})[0]


def evaluate_column(operations: Sequence[Operation], column: Column, parameters: Parameters) -> Column:
    """Return what a chain makes of all values of a column; errors as in `evaluate`."""
    for operation in operations:
        column = operation.column(column, parameters)
    return column
