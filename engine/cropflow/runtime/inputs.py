"""From the caller's inputs to columns: pictures are decoded, values checked, single values broadcast.

Nothing the caller passes in is modified. What cannot be right for any element is an `InputError` before the run
starts; an unreadable picture is a missing element with an error of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cropflow.classification import Classification
from cropflow.compiler.plan import INPUTS, Key, Plan, PlannedInput, Read
from cropflow.errors import CropflowError, ImageError, InputError, RunError, nearest
from cropflow.image import Image
from cropflow.kinds import in_words
from cropflow.literal import describe
from cropflow.runtime.axis import Axis
from cropflow.runtime.column import Column, present
from cropflow.runtime.feeds import Columns
from cropflow.serialize import from_json

Fail = Callable[[RunError], None]


def assemble(plan: Plan, given: Mapping[str, Any], fail: Fail, loading: Mapping[str, Any]) -> Columns:
    """Turn run-time inputs into columns.

    Args:
        fail: told about every picture that cannot be read.
        loading: keyword arguments for `Image.load`, such as `allow_urls`.

    Raises:
        InputError: an input is missing, unknown, of the wrong kind, or the lengths of batches differ.
    """
    _check_names(plan, given)
    _refuse_iterators(plan, given)
    columns = Columns()
    batches = {item.name: _elements(item, given) for item in plan.inputs if item.level}
    length = _batch_length({name: elements for name, elements in batches.items() if elements is not None})
    for item in plan.inputs:
        if not item.level:
            value = _parameter(item, given.get(item.name, item.default), plan)
            columns.columns[Key(INPUTS, item.name)] = Column(columns.scalar, [value])
    if batches:
        columns.axes[INPUTS] = Axis(plan.axes[INPUTS], columns.scalar, np.array([0, length], np.intp))
    for item in plan.inputs:
        if item.level:
            _add_batch(item, batches[item.name], columns, fail, loading)
    return columns


def _check_names(plan: Plan, given: Mapping[str, Any]) -> None:
    if not isinstance(given, Mapping):
        raise InputError(f"inputs are a mapping such as {{'image': ...}}; got {describe(given)}")
    names = [item.name for item in plan.inputs]
    for name in given:
        if name not in names:
            meant = "".join(f" Did you mean {close!r}?" for close in nearest(str(name), names)[:1])
            raise InputError(f"the workflow has no input {name!r}.{meant} Its inputs: {', '.join(names) or 'none'}")
    missing = [item.name for item in plan.inputs if item.required and item.name not in given]
    if missing:
        raise InputError(f"the input {missing[0]!r} is missing; give a value for {' and '.join(missing)}")


def _refuse_iterators(plan: Plan, given: Mapping[str, Any]) -> None:
    """A generator is no value and no batch either: how many elements it has shows only when they are all there."""
    for item in plan.inputs:
        value = given.get(item.name)
        if item.level and isinstance(value, Iterator) and not hasattr(value, "read"):  # files can be iterated over, too
            raise InputError(
                f"the input {item.name!r} is a {type(value).__name__}: give list(…) of it to take all at once, or "
                "let `stream` read files, folders and cameras batch by batch"
            )


def _elements(item: PlannedInput, given: Mapping[str, Any]) -> Any:
    """The elements of a batch input: a list as it is, anything else as a single value."""
    value = given.get(item.name, item.default)
    if value is None:
        raise InputError(f"the input {item.name!r} has no value; give one, or a list of values")
    if isinstance(value, tuple) or (isinstance(value, Sequence) and _is_plain_sequence(value)):
        return list(value)
    return _Single(value)


class _Single:
    """A batch input given as one value; it stands for every element of the batch."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _is_plain_sequence(value: object) -> bool:
    return not isinstance(value, str | bytes | bytearray | memoryview | Image | Classification)


def _batch_length(batches: Mapping[str, Any]) -> int:
    lengths = {name: len(elements) for name, elements in batches.items() if not isinstance(elements, _Single)}
    different = set(lengths.values()) - {1}
    if len(different) > 1:
        told = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise InputError(f"batch inputs must have the same length, or one element: {told}")
    return different.pop() if different else 1


@dataclass(frozen=True, slots=True)
class _Level:
    """Values of a batch input along an axis, each with its name for messages.

    Attributes:
        times: how often they stand there, where the input is given once for the whole batch: they are read once.
    """

    axis: Axis
    values: list[Any]
    names: list[str]
    times: int | None = None

    def place(self, index: int) -> tuple[str, int | None]:
        """Return the path of an element, and the row it belongs to; `None` where it belongs to all of them."""
        path, row, axis = self.axis.path(index), index, self.axis
        if self.times is not None:
            return path.partition(" › ")[2], None
        while axis.parent is not None and axis.parent.parent is not None:
            row, axis = int(axis.parents[row]), axis.parent
        return path, row


def _add_batch(item: PlannedInput, elements: Any, columns: Columns, fail: Fail, loading: Mapping[str, Any]) -> None:
    level = _outermost(item, elements, columns.axes[INPUTS])
    for key in item.level[1:]:
        level = _deeper(item, level)
        columns.axes[key] = level.axis
    read = [_element(item, level, index, fail, loading) for index in range(len(level.values))]
    read = read if level.times is None else read * level.times
    columns.columns[Key(INPUTS, item.name)] = Column(level.axis, read, present(read))


def _outermost(item: PlannedInput, elements: Any, axis: Axis) -> _Level:
    bare = isinstance(elements, _Single)
    values = [elements.value] if bare else elements
    names = [item.name] if bare else [f"{item.name}.[{i}]" for i in range(len(values))]
    if len(values) == axis.length:
        return _Level(axis, values, names)
    return _Level(axis, values[: axis.length], names[: axis.length], times=axis.length)


def _deeper(item: PlannedInput, above: _Level) -> _Level:
    """One more level of a nested batch input: its lists become an axis."""
    for value, name in zip(above.values, above.names, strict=True):
        if value is not None and not (isinstance(value, Sequence) and _is_plain_sequence(value)):
            raise InputError(f"the input {name!r} must be nested {len(item.level)} deep; got {describe(value)}")
    lists = [() if value is None else value for value in above.values]
    values = above.values if above.times is None else above.values * above.times
    lengths = [0 if value is None else len(value) for value in values]
    axis = Axis.of_lengths(item.name, above.axis, lengths, present(values))
    flat = [inner for value in lists for inner in value]
    names = [f"{name}.[{i}]" for value, name in zip(lists, above.names, strict=True) for i in range(len(value))]
    return _Level(axis, flat, names, above.times)


def _element(item: PlannedInput, level: _Level, index: int, fail: Fail, loading: Mapping[str, Any]) -> Any:
    value, name = level.values[index], level.names[index]
    if value is None:
        return None
    try:
        if any(kind.name == "image" for kind in item.kinds):
            return Image.load(value, id=name, **loading).decode()
        return _checked(item, value, name)
    except (ImageError, InputError) as cause:
        element, row = level.place(index)
        error = RunError(str(cause), step=f"$inputs.{item.name}", block=item.type, element=element, row=row)
        error.__cause__ = cause
        fail(error)
        return None


def _parameter(item: PlannedInput, value: Any, plan: Plan) -> Any:
    if value is not None:
        value = _checked(item, value, item.name)
    for step, read in _readers(plan, Key(INPUTS, item.name)):
        value_for_port(step, read, item.name, value)
    return value


def _readers(plan: Plan, key: Key) -> list[tuple[str, Read]]:
    read = [(step.name, leaf) for step in plan.steps for _, leaf in step.leaves]
    return [(step, leaf) for step, leaf in read if isinstance(leaf, Read) and leaf.key == key]


def value_for_port(step: str, read: Read, name: str, value: Any) -> None:
    """Refuse a parameter that a step cannot take, before anything runs.

    Raises:
        InputError: the message names the parameter, the step and the field.
    """
    if value is None and not read.port.takes_none:
        raise InputError(
            f"the parameter {name!r} has no value, and step {step!r} needs one for {read.port.name!r}; "
            f"give {name!r} when running, or a default_value in the document"
        )
    if value is not None and read.checked:
        try:
            read.port.literal.check(value)
        except ValueError as error:
            raise InputError(
                f"the parameter {name!r} does not fit {read.port.name!r} of step {step!r}: {error}"
            ) from error


def _checked(item: PlannedInput, value: Any, name: str) -> Any:
    """Check a value against the kinds its input declares, reading JSON forms."""
    if value is None or any(kind.name == "*" for kind in item.kinds):
        return value
    reasons = []
    for kind in item.kinds:
        try:
            return from_json(kind, value)
        except (CropflowError, ValueError, TypeError) as error:
            reasons.append(str(error))
    expected = in_words(item.kinds)
    why = f": {reasons[0]}" if len(item.kinds) == 1 and not item.kinds[0].literal else ""
    found = "another value" if any(kind.name == "secret" for kind in item.kinds) else describe(value)
    raise InputError(f"the input {name!r} must be {expected}; got {found}{why}")
