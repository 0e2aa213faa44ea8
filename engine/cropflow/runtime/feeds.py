"""Feeds: what each port of a step receives, broadcast to the level of the step and gathered where it asks.

`prepare` decides which elements run (gates, missing values, lists never made) and lays out the arguments of all
of them by index operations on whole columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np

from cropflow.compiler.plan import Argument, Key, PlannedStep, Read, Value, Written
from cropflow.runtime.axis import Axis, Index, Mask
from cropflow.runtime.column import Column, both, compose, pick, where
from cropflow.spec import PortSpec


@dataclass(frozen=True, slots=True)
class Same:
    """One value for every element."""

    value: Any

    def items(self) -> Iterable[Any]:
        """Return the value of every element."""
        return repeat(self.value)

    def chunk(self, start: int, stop: int) -> Sequence[Any]:
        """Return the values of a run of elements."""
        return [self.value] * (stop - start)


@dataclass(frozen=True, slots=True)
class Fresh(Same):
    """A default that a block can change in place, such as a list: every element has a copy of its own."""

    def items(self) -> Iterable[Any]:
        """Return a copy for every element."""
        return map(deepcopy, repeat(self.value))

    def chunk(self, start: int, stop: int) -> Sequence[Any]:
        """Return copies for a run of elements."""
        return [deepcopy(self.value) for _ in range(start, stop)]


@dataclass(frozen=True, slots=True)
class Items:
    """A value for each element."""

    values: Sequence[Any]

    def items(self) -> Iterable[Any]:
        """Return the value of every element."""
        return self.values

    def chunk(self, start: int, stop: int) -> Sequence[Any]:
        """Return the values of a run of elements."""
        return self.values[start:stop]


@dataclass(frozen=True, slots=True)
class Together:
    """Members of a written-out list or mapping, each a feed of its own."""

    members: tuple[Same | Items, ...]
    names: tuple[str, ...] | None

    def items(self) -> Iterable[Any]:
        """Return, for every element, a list or mapping of the members' values."""
        return map(self._pack, zip(*(member.items() for member in self.members), strict=False))

    def chunk(self, start: int, stop: int) -> Any:
        """Return a list or mapping of the members' values for a run of elements."""
        return self._pack([member.chunk(start, stop) for member in self.members])

    def first(self) -> Any:
        """Return the list or mapping of the first element."""
        return self._pack([member.chunk(0, 1)[0] for member in self.members])

    def _pack(self, values: Iterable[Any]) -> Any:
        return list(values) if self.names is None else dict(zip(self.names, values, strict=True))


@dataclass(frozen=True, slots=True)
class Whole:
    """A value that is not taken apart, however many elements there are: the default of written-out batches."""

    value: Any

    def items(self) -> Iterable[Any]:
        """Return the value of every element."""
        return repeat(self.value)

    def chunk(self, start: int, stop: int) -> Any:
        """Return the value as it is, or a copy where a block can change it."""
        return deepcopy(self.value)


Feed: TypeAlias = Same | Items | Together | Whole


@dataclass(frozen=True, slots=True)
class Have:
    """An argument that is a column at hand, such as one converted for this step."""

    column: Column


@dataclass(frozen=True, slots=True)
class Prepared:
    """The elements of a step that run, and what their ports receive.

    Attributes:
        chosen: indices of the elements that run; `None` where all do.
        members: indices on the gathered axis of the members they receive; `None` where they receive all.
    """

    axis: Axis
    chosen: Index | None
    count: int
    feeds: Mapping[str, Feed]
    members: Index | None = None

    def place(self, number: int) -> int:
        """Return the index on the axis of the n-th element that runs."""
        return number if self.chosen is None else int(self.chosen[number])


Leaf: TypeAlias = Value | Read | Have


class Columns:
    """The columns a step may read, its gates, and the axes of the run.

    Attributes:
        columns: by key.
        axes: by id; the last id of a lineage names its axis.
        routes: for each gate step and target, a column of booleans.
    """

    def __init__(self) -> None:
        self.scalar = Axis.scalar()
        self.columns: dict[Key, Column] = {}
        self.axes: dict[str, Axis] = {}
        self.routes: dict[tuple[str, str], Column] = {}

    def axis(self, lineage: Sequence[str]) -> Axis:
        """Return the axis a lineage leads to."""
        return self.axes[lineage[-1]] if lineage else self.scalar

    def column(self, argument: Leaf) -> Column:
        """Return the column of an argument; a literal is a column on the scalar axis."""
        if isinstance(argument, Read):
            return self.columns[argument.key]
        return argument.column if isinstance(argument, Have) else Column(self.scalar, [argument.value])


def prepare(step: PlannedStep, columns: Columns) -> Prepared:
    """Choose the elements of a step that run and lay out their arguments."""
    layout = _Layout(step, columns)
    mask = layout.elements()
    chosen = where(mask)
    count = layout.axis.length if chosen is None else len(chosen)
    members = layout.members(chosen, mask)
    feeds = {port.name: layout.feed(port, argument, chosen, members) for port, argument in layout.arguments}
    return Prepared(layout.axis, chosen, count, feeds, members.kept if members else None)


@dataclass(frozen=True, slots=True)
class _Members:
    """Which members of the gathered axis are `kept`, and the range of each running element among them."""

    kept: Index | None
    ranges: tuple[list[int], list[int]]


class _Layout:
    """The axes a step works on: that of its elements, and that of the members it gathers."""

    def __init__(self, step: PlannedStep, columns: Columns) -> None:
        self.columns = columns
        self.axis = columns.axis(step.level)
        self.arguments = [(port, step.arguments[port.name]) for port in step.spec.ports]
        self.leaves = step.leaves
        self.gates = [(columns.routes[gate.step, gate.target], gate.on_members) for gate in step.gates]
        # where all groups are scalars this is the scalar axis, whose one element is a group of one
        self.gathered = None if step.gathered is None else columns.axis(step.gathered)

    def elements(self) -> Mask | None:
        """Elements that no gate stops and that have every value a port needs."""
        mask: Mask | None = None
        for route, on_members in self.gates:
            if not on_members:
                mask = both(mask, _passed(route, self.axis))
        for port, leaf in self.leaves:
            if _is_given(port, leaf) and not port.sees_unmade and self.gathered is not None:
                mask = both(mask, self.gathered.made)
            column = self.columns.column(leaf)
            if not (self._is_member(port, column) or port.sees_missing):
                mask = both(mask, column.valid_at(self.axis))
        return mask

    def members(self, chosen: Index | None, mask: Mask | None) -> _Members | None:
        """Leave out members that a gate stops or that lack a value, in all groups of the step together."""
        axis = self.gathered
        if axis is None:
            return None
        keep = None if chosen is None or mask is None else mask[axis.parents]
        for route, on_members in self.gates:
            if on_members:
                keep = both(keep, _passed(route, axis))
        for port, leaf in self.leaves:
            column = self.columns.column(leaf)
            if self._is_member(port, column) and not port.sees_missing:
                keep = both(keep, column.valid)
        kept = where(keep)
        ends = axis.offsets if kept is None or keep is None else np.append(0, np.cumsum(keep))[axis.offsets]
        starts, stops = pick_range(ends[:-1], chosen), pick_range(ends[1:], chosen)
        return _Members(kept, (starts, stops))

    def _is_member(self, port: PortSpec, column: Column) -> bool:
        return port.group and column.axis is self.gathered

    def feed(self, port: PortSpec, argument: Argument | Have, chosen: Index | None, members: _Members | None) -> Feed:
        """Lay out what one port receives."""
        if isinstance(argument, Value) and port.container and port.batch:
            return Whole(argument.value)
        if not isinstance(argument, Written):
            return self._leaf(port, argument, chosen, members)
        leaves = tuple(self._leaf(port.leaf, leaf, chosen, members) for leaf in argument.members)
        together = Together(leaves, argument.names)
        if not port.batch and all(isinstance(leaf, Same) for leaf in leaves):
            return Same(together.first())
        return together

    def _leaf(self, port: PortSpec, argument: Leaf, chosen: Index | None, members: _Members | None) -> Same | Items:
        if _is_given(port, argument) and members is not None and self.gathered is not None:
            return self._groups(port, self.columns.column(argument), chosen, members, self.gathered)
        if isinstance(argument, Value):
            return _default(argument.value) if argument.value is port.default else Same(argument.value)
        column = self.columns.column(argument)
        if column.axis is self.columns.scalar:
            return Same(column.values[0])
        return Items(pick(column.values, compose(self.axis.index_of(column.axis), chosen)))

    def _groups(self, port: PortSpec, column: Column, chosen: Index | None, members: _Members, axis: Axis) -> Items:
        flat = column.at(axis, members.kept)
        groups: list[Any] = [flat[start:stop] for start, stop in zip(*members.ranges, strict=True)]
        if port.sees_unmade and axis.made is not None:
            made = pick_range(axis.made, chosen)
            groups = [group if there else None for group, there in zip(groups, made, strict=True)]
        return Items(groups)


def _is_given(port: PortSpec, leaf: Leaf) -> bool:
    """Whether a port gathers; one that the document leaves out as `None` receives `None`."""
    return port.group and not (isinstance(leaf, Value) and leaf.value is None)


def _default(value: Any) -> Same:
    return Fresh(value) if isinstance(value, list | dict | set) else Same(value)


def _passed(route: Column, axis: Axis) -> Mask:
    index = axis.index_of(route.axis)
    passed = np.asarray(route.values, np.bool_)
    return passed if index is None else passed[index]


def pick_range(array: np.ndarray[Any, Any], chosen: Index | None) -> list[Any]:
    """Return the chosen entries of an array (all, if `None`) as a list of plain values."""
    values: list[Any] = (array if chosen is None else array[chosen]).tolist()
    return values
