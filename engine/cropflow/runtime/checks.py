"""Checks values whose kind shows only at run time, before a step receives them.

Only values that would reach the block are looked at, so a gate can keep a wrong one away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cropflow.compiler.plan import PlannedStep, Read, Written
from cropflow.runtime.axis import Axis, Index
from cropflow.runtime.column import Column, both, compose
from cropflow.runtime.feeds import Columns, Have, Prepared, prepare

Report = Callable[[Axis, int, Exception], None]
"""Told the axis and index of a value that does not fit, and why."""


def checked(step: PlannedStep, columns: Columns, report: Report) -> PlannedStep:
    """Return the step with every value that is checked at run time converted; one that does not fit is missing."""
    if not step.checks:
        return step
    prepared = prepare(step, columns)

    def convert(leaf: Any) -> Any:
        if not (isinstance(leaf, Read) and leaf.checked):
            return leaf
        column = columns.column(leaf)
        return Have(_convert(leaf, column, _reached(column, prepared), report))

    arguments = {
        name: replace(argument, members=tuple(map(convert, argument.members)))
        if isinstance(argument, Written)
        else convert(argument)
        for name, argument in step.arguments.items()
    }
    return replace(step, arguments=arguments)


def _reached(column: Column, prepared: Prepared) -> Index:
    """Indices of the values that would reach the block."""
    if column.axis.parent is prepared.axis:
        index = prepared.members
    else:
        index = compose(prepared.axis.index_of(column.axis), prepared.chosen)
    return np.arange(column.axis.length) if index is None else np.unique(index)


def _convert(leaf: Read, column: Column, reached: Index, report: Report) -> Column:
    values: list[Any] = [None] * column.axis.length
    fits = np.ones(column.axis.length, np.bool_)
    for index in reached.tolist():
        value = column.values[index]
        if value is not None:
            try:
                values[index] = leaf.port.literal.check(value)
            except ValueError as error:
                fits[index] = False
                report(column.axis, index, ValueError(f"field {leaf.port.name!r} ({leaf.key}): {error}"))
    return Column(column.axis, values, both(column.valid, None if fits.all() else fits))
