"""From columns to result rows: one dictionary per element of the batch, deeper axes as nested lists.

Missing values read `None`, lists that were never made `[]`. What does not lie on the batch axis is repeated in
every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, get_origin

from cropflow.compiler.plan import INPUTS, Key, Plan, PlannedOutput
from cropflow.detections import to_root
from cropflow.kinds import Kind, is_detections
from cropflow.runtime.axis import Axis
from cropflow.runtime.feeds import Columns


def rows(plan: Plan, columns: Columns) -> list[dict[str, Any]]:
    """Assemble the result; a list of one where no output lies on the batch axis."""
    on_batch = [any(_on_batch(plan, key) for key in output.keys) for output in plan.outputs]
    count = columns.axes[INPUTS].length if any(on_batch) else 1
    shown = [_column(plan, output, columns) for output in plan.outputs]
    made = [values if batch else values * count for values, batch in zip(shown, on_batch, strict=True)]
    names = [output.name for output in plan.outputs]
    if not names:
        return [{} for _ in range(columns.axes[INPUTS].length if INPUTS in columns.axes else 1)]
    return [dict(zip(names, values, strict=True)) for values in zip(*made, strict=True)]


def depths(plan: Plan) -> dict[str, int]:
    """Return how many levels below its row the values of each output lie; boxes and lists are a level of their own."""
    return {output.name: _depth(plan, output) for output in plan.outputs}


def _depth(plan: Plan, output: PlannedOutput) -> int:
    if not output.keys:
        return 0
    single = output.fields is None and bool(output.kinds)
    on_batch = all(_on_batch(plan, key) for key in output.keys)
    return len(output.level) - on_batch + (single and all(map(_has_members, output.kinds)))


def _has_members(kind: Kind) -> bool:
    return kind.python == "Detections" or (get_origin(kind.python) or kind.python) is list


def _column(plan: Plan, output: PlannedOutput, columns: Columns) -> list[Any]:
    """Values of one output along the outermost level that a row stands for."""
    if not output.keys:
        return [{}]
    parts = [columns.columns[key] for key in output.keys]
    flats = [_in_root(part.values) if output.to_root else list(part.values) for part in parts]
    flats = [
        _hidden(flat) if _is_secret(plan.kinds[key]) else flat for flat, key in zip(flats, output.keys, strict=True)
    ]
    if output.fields is None:
        return _nested(plan, output.keys[0], flats[0], columns)
    if any(part.axis is not parts[0].axis for part in parts):
        return _mixed(plan, output.keys, output.fields, flats, columns)
    members = [dict(zip(output.fields, values, strict=True)) for values in zip(*flats, strict=True)]
    return _nested(plan, output.keys[0], members, columns)


def _mixed(
    plan: Plan, keys: Sequence[Key], fields: Sequence[str], flats: Sequence[list[Any]], columns: Columns
) -> list[Any]:
    """One mapping per row, whose members lie on different levels, as outputs of an inner workflow may."""
    count = columns.axes[INPUTS].length if any(_on_batch(plan, key) for key in keys) else 1
    nested = [_nested(plan, key, flat, columns) for key, flat in zip(keys, flats, strict=True)]
    whole = [values if _on_batch(plan, key) else values * count for key, values in zip(keys, nested, strict=True)]
    return [dict(zip(fields, values, strict=True)) for values in zip(*whole, strict=True)]


def _nested(plan: Plan, key: Key, values: list[Any], columns: Columns) -> list[Any]:
    stop = columns.axes[INPUTS] if _on_batch(plan, key) else columns.scalar
    return nest(values, columns.axis(plan.lineages[key]), stop)


def _on_batch(plan: Plan, key: Key) -> bool:
    return plan.lineages[key][:1] == (INPUTS,)


def _is_secret(kinds: tuple[Kind, ...]) -> bool:
    return any(kind.name == "secret" for kind in kinds)


def _hidden(values: list[Any]) -> list[Any]:
    return [None if value is None else "***" for value in values]


def nest(values: list[Any], axis: Axis, stop: Axis) -> list[Any]:
    """Fold flat values along an axis into nested lists, up to the axis `stop`."""
    while axis is not stop and axis.parent is not None:
        offsets = axis.offsets.tolist()
        values = [values[start:end] for start, end in pairwise(offsets)]
        axis = axis.parent
    return values


def _in_root(values: Sequence[Any]) -> list[Any]:
    if any(kind in (list, dict, tuple) or is_detections(kind) for kind in set(map(type, values))):
        return [_moved(value) for value in values]
    return list(values)


def _moved(value: Any) -> Any:
    """Give predictions, also inside lists and mappings, in the coordinates of the original picture."""
    if type(value) in (list, tuple):
        return type(value)(map(_moved, value))
    if isinstance(value, dict):
        return {key: _moved(item) for key, item in value.items()}
    return to_root(value) if is_detections(type(value)) else value
