"""From answers to columns: rows are turned into one column per output and put back to their places by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cropflow.block import Columns as ColumnarAnswer
from cropflow.compiler.plan import Key, PlannedStep
from cropflow.detections import stamp
from cropflow.image import Image
from cropflow.kinds import is_detections
from cropflow.runtime.axis import Axis, Mask
from cropflow.runtime.calls import Failure
from cropflow.runtime.column import Column, both, present, spread
from cropflow.runtime.feeds import Items, Prepared, Same


def scatter(step: PlannedStep, prepared: Prepared, answers: list[Any]) -> dict[Key, Column]:
    """Turn one answer per element into the step's columns; a failed element is missing."""
    rows = [None if isinstance(answer, Failure) else answer for answer in answers]
    columns = {}
    for name in step.kept:
        made = [None if row is None else _value(step, row, name) for row in rows]
        values = spread(_stamped(step, prepared, name, made), prepared.chosen, prepared.axis.length)
        columns[Key(step.name, name)] = Column(prepared.axis, values, present(values))
    return columns


def routes(step: PlannedStep, prepared: Prepared, answers: list[Any], targets: Sequence[str]) -> dict[str, Column]:
    """For each target of a control-flow step, which elements go on to it."""
    found = {}
    for target in targets:
        passed = [not isinstance(answer, Failure) and target in answer for answer in answers]
        values = [bool(value) for value in spread(passed, prepared.chosen, prepared.axis.length)]
        found[target] = Column(prepared.axis, values)
    return found


def fan_out(step: PlannedStep, prepared: Prepared, answers: list[Any], title: str) -> tuple[Axis, dict[Key, Column]]:
    """Turn one group of rows per element into an axis and its columns; the list of a failed element was never made.

    Args:
        title: what elements of the new axis are called.
    """
    failed = [isinstance(answer, Failure) for answer in answers]
    groups = [[] if gone else answer for answer, gone in zip(answers, failed, strict=True)]
    lengths = spread([len(group) for group in groups], prepared.chosen, prepared.axis.length)
    axis = Axis.of_lengths(title, prepared.axis, [length or 0 for length in lengths], _made(prepared, failed))
    columns = {}
    for name in step.kept:
        values: list[Any] = []
        for group in groups:
            values.extend(_values(step, group, name))
        columns[Key(step.name, name)] = Column(axis, values, present(values))
    return axis, columns


def _made(prepared: Prepared, failed: list[bool]) -> Mask | None:
    ran: Mask | None = None
    if prepared.chosen is not None:
        ran = np.zeros(prepared.axis.length, np.bool_)
        ran[prepared.chosen] = True
    if not any(failed):
        return ran
    fine = np.ones(prepared.axis.length, np.bool_)
    fine[[prepared.place(number) for number, gone in enumerate(failed) if gone]] = False
    return both(ran, fine)


def _value(step: PlannedStep, row: Any, name: str) -> Any:
    return row[name] if step.spec.dynamic_outputs is not None else getattr(row, name)


def _values(step: PlannedStep, group: Any, name: str) -> Sequence[Any]:
    if isinstance(group, ColumnarAnswer):
        return group.columns[name]
    return [_value(step, row, name) for row in group]


def _stamped(step: PlannedStep, prepared: Prepared, name: str, values: list[Any]) -> list[Any]:
    """Give fresh predictions their ids and the origin of the picture they were made on."""
    feed = _picture(step, prepared)
    if feed is None or not any(is_detections(type(value)) for value in values):
        return values
    return [
        stamp(value, image.origin, step.name) if is_detections(type(value)) and isinstance(image, Image) else value
        for value, image in zip(values, feed.items(), strict=False)
    ]


def _picture(step: PlannedStep, prepared: Prepared) -> Same | Items | None:
    """What feeds the first picture port of the step, if it has one."""
    for port in step.spec.ports:
        feed = prepared.feeds[port.name]
        if any(kind.name == "image" for kind in port.kinds) and isinstance(feed, Same | Items) and not port.group:
            return feed
    return None
