"""From answers to columns: rows are turned into one column per output and put back to their places by index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from cropflow.compiler.plan import Key, PlannedStep
from cropflow.detections import stamp
from cropflow.image import Image
from cropflow.kinds import is_detections
from cropflow.runtime.axis import Axis, Mask
from cropflow.runtime.calls import Failure, failed
from cropflow.runtime.column import Column, both, present, spread
from cropflow.runtime.feeds import Items, Prepared, Same
from cropflow.runtime.promises import Rows, values_of


def scatter(step: PlannedStep, prepared: Prepared, answers: list[Any]) -> dict[Key, Column]:
    """Turn one answer per element into the step's columns; a failed element is missing."""
    columns = {}
    for name in step.kept:
        values = spread(_stamped(step, prepared, values_of(step, answers, name)), prepared.chosen, prepared.axis.length)
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
    """Turn the `Rows` of every element into an axis and its columns; the list of a failed element was never made.

    Args:
        title: what elements of the new axis are called.
    """
    groups = [Rows(0, {}) if isinstance(answer, Failure) else answer for answer in answers]
    lengths = spread([group.length for group in groups], prepared.chosen, prepared.axis.length)
    axis = Axis.of_lengths(title, prepared.axis, [length or 0 for length in lengths], _made(prepared, answers))
    columns = {}
    for name in step.kept:
        parts = _stamped_groups(step, prepared, [group.columns.get(name, []) for group in groups])
        values = list(chain.from_iterable(parts))
        columns[Key(step.name, name)] = Column(axis, values, present(values))
    return axis, columns


def _made(prepared: Prepared, answers: list[Any]) -> Mask | None:
    ran: Mask | None = None
    if prepared.chosen is not None:
        ran = np.zeros(prepared.axis.length, np.bool_)
        ran[prepared.chosen] = True
    gone = failed(answers)
    if not gone:
        return ran
    fine = np.ones(prepared.axis.length, np.bool_)
    fine[[prepared.place(number) for number in gone]] = False
    return both(ran, fine)


def _stamped(step: PlannedStep, prepared: Prepared, values: list[Any]) -> list[Any]:
    """Give fresh predictions their ids and the origin of the picture they were made on."""
    if not any(map(is_detections, set(map(type, values)))):
        return values
    pictures = _pictures(step, prepared)
    return [_stamp(value, image, step.name) for value, image in zip(values, pictures, strict=False)]


def _stamped_groups(step: PlannedStep, prepared: Prepared, groups: list[list[Any]]) -> list[list[Any]]:
    """The same for a fan-out; the number of the child keeps ids within one picture apart."""
    if not any(map(is_detections, set(map(type, chain.from_iterable(groups))))):
        return groups
    return [
        [_stamp(value, image, f"{step.name}/{child}") for child, value in enumerate(group)]
        for group, image in zip(groups, _pictures(step, prepared), strict=False)
    ]


def _stamp(value: Any, image: Any, source: str) -> Any:
    """Stamp predictions that have no ids yet; where no picture is known they must know their own."""
    if not is_detections(type(value)):
        return value
    origin = image.origin if isinstance(image, Image) else value.metadata.get("origin")
    return value if origin is None else stamp(value, origin, source)


def _pictures(step: PlannedStep, prepared: Prepared) -> Iterable[Any]:
    """What feeds the first picture port of a step; `None` for every element where it has none."""
    for port in step.spec.ports:
        feed = prepared.feeds[port.name]
        if any(kind.name == "image" for kind in port.kinds) and isinstance(feed, Same | Items) and not port.group:
            return feed.items()
    return repeat(None)
