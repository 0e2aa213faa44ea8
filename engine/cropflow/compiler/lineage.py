"""Pass 5: the level of every step and column, and what a step gathers.

The level of a step is the longest lineage among its inputs and the gates before it; the others must be prefixes
of it. A step that gathers works one level above the axis its `Group` ports gather.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cropflow.compiler.link import Graph, Link, LinkedStep
from cropflow.compiler.order import dependencies
from cropflow.compiler.plan import INPUTS, Key, Lineage, PlannedGate, Value
from cropflow.compiler.problems import Found
from cropflow.errors import Problem


@dataclass(frozen=True, slots=True)
class Level:
    """Where a step works: once per element of `level`; `gathered` is the lineage whose last axis it gathers."""

    level: Lineage
    gathered: Lineage | None = None
    gates: tuple[PlannedGate, ...] = ()


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of all steps and columns, and the names of axes for people."""

    steps: Mapping[str, Level]
    columns: Mapping[Key, Lineage]
    axes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """Something that reaches a step: its lineage, what to call it, and where it stands."""

    lineage: Lineage
    title: str
    path: tuple[str | int, ...]
    port: str = ""


def find_levels(
    graph: Graph, steps: Iterable[LinkedStep], miswired: Iterable[str] = ()
) -> tuple[Levels, list[Problem]]:
    """Work out lineages in the order of the steps.

    Args:
        graph: the document.
        steps: in the order they run in.
        miswired: steps that are given something of a kind they cannot take. What stands there in its place may lie on
            another level, so that nothing is told of the levels of these steps and of those that follow from them.
    """
    pass_ = _Pass(graph)
    unsure = set(miswired)
    for step in steps:
        told = len(pass_.found.problems)
        level = pass_.level(step)
        if step.name in unsure or not unsure.isdisjoint(dependencies(step)):
            unsure.add(step.name)
            del pass_.found.problems[told:]
        pass_.levels[step.name] = level
        lineage = (*level.level, step.name) if step.spec.fan_out else level.level
        pass_.columns.update({Key(step.name, output): lineage for output in step.outputs})
        if step.spec.fan_out:
            pass_.axes[step.name] = step.name
    return Levels(pass_.levels, pass_.columns, pass_.axes), pass_.found.problems


def input_lineage(name: str, dimensionality: int) -> Lineage:
    """All batch inputs share the axis of the batch; deeper ones add an axis of their own for every level.

    >>> input_lineage("image", 1)
    ('$inputs',)
    """
    deeper = [f"{INPUTS}.{name}" + ("" if depth == 2 else f".{depth}") for depth in range(2, dimensionality + 1)]
    return (INPUTS, *deeper) if dimensionality else ()


class _Pass:
    def __init__(self, graph: Graph) -> None:
        self.found = Found(graph.definition)
        self.levels: dict[str, Level] = {}
        self.columns: dict[Key, Lineage] = {}
        self.axes: dict[str, str] = {}
        for item in graph.definition.inputs:
            lineage = input_lineage(item.name, item.dimensionality)
            self.columns[Key(INPUTS, item.name)] = lineage
            for axis in lineage:
                self.axes.setdefault(axis, item.name)

    def level(self, step: LinkedStep) -> Level:
        groups = [self._incoming(link) for link in step.links if link.read.port.group]
        others = [self._incoming(link) for link in step.links if not link.read.port.group]
        gates = [self._gate(step, gate.step) for gate in step.gates]
        if _gathers(step):
            return self._gathering(step, groups, others, gates)
        level = self._longest(step, [*others, *gates])
        return Level(level, gates=tuple(PlannedGate(gate.step, gate.target, False) for gate in step.gates))

    def _incoming(self, link: Link) -> _Incoming:
        return _Incoming(self.columns[link.read.key], str(link.read.key), link.path, link.read.port.name)

    def _gate(self, step: LinkedStep, gate: str) -> _Incoming:
        return _Incoming(self.levels[gate].level, f"the gate {gate!r}", step.path)

    def _longest(self, step: LinkedStep, incoming: list[_Incoming]) -> Lineage:
        """The longest lineage, of which all others must be prefixes."""
        longest = max(incoming, key=lambda item: len(item.lineage), default=_Incoming((), "", ()))
        for item in incoming:
            if longest.lineage[: len(item.lineage)] != item.lineage:
                self._parted(step, item, longest)
        return longest.lineage

    def _gathering(
        self, step: LinkedStep, groups: list[_Incoming], others: list[_Incoming], gates: list[_Incoming]
    ) -> Level:
        gathered = self._longest(step, groups)
        level = gathered[:-1]
        for item in others:
            if level[: len(item.lineage)] != item.lineage:
                self._not_above(step, item, groups, gathered)
        planned = []
        for linked, gate in zip(step.gates, gates, strict=True):
            on_members = bool(gathered) and gate.lineage == gathered
            if not on_members and level[: len(gate.lineage)] != gate.lineage:
                self._gate_too_deep(step, linked.step, gate, gathered)
            planned.append(PlannedGate(linked.step, linked.target, on_members))
        return Level(level, gathered, tuple(planned))

    def _show(self, lineage: Lineage) -> str:
        return f"each {self._path(lineage)}" if lineage else "the whole run"

    def _path(self, lineage: Lineage) -> str:
        return " › ".join(self.axes[axis] for axis in lineage)

    def _parted(self, step: LinkedStep, one: _Incoming, other: _Incoming) -> None:
        shared = 0
        while shared < min(len(one.lineage), len(other.lineage)) and one.lineage[shared] == other.lineage[shared]:
            shared += 1
        first, second = self.axes[one.lineage[shared]], self.axes[other.lineage[shared]]
        self.found.add(
            "lineages-part",
            f"{one.title} and {other.title} cannot be paired: axis {first!r} and axis {second!r} share no elements",
            one.path,
            step=step.name,
            field=one.port or None,
            expected=f"one value for {self._show(other.lineage)}, or above it",
            found=f"{one.title}, one for {self._show(one.lineage)}",
            hint=(
                f"take both from {first!r} or both from {second!r}, or join them one level up, for "
                f"{self._show(one.lineage[:shared])}: gather {first!r} or {second!r} with dimension_collapse@v1"
            ),
        )

    def _not_above(self, step: LinkedStep, item: _Incoming, groups: list[_Incoming], gathered: Lineage) -> None:
        group = max(groups, key=lambda group: len(group.lineage), default=_Incoming((), "a literal", (), _group(step)))
        if gathered and not _on_one_path(gathered, item.lineage):
            self._parted(step, item, group)
            return
        level, found = self._show(gathered[:-1]), self._show(item.lineage)
        gathers = f"{group.port!r} gathers {self._path(gathered) if gathered else 'a single value'}"
        self.found.add(
            "batch-for-one-value",
            f"{item.port!r} needs one value for {level}, but {item.title} gives one for {found}",
            item.path,
            step=step.name,
            field=item.port,
            expected=f"one value for {level}, because {gathers}",
            found=f"{item.title}, one for {found}",
            hint=(
                f"give {group.port!r} something one level below {item.title}, or give {item.port!r} something from "
                "above; otherwise one element would receive those of all others"
            ),
        )

    def _gate_too_deep(self, step: LinkedStep, name: str, gate: _Incoming, gathered: Lineage) -> None:
        where = "below" if gate.lineage[: len(gathered)] == gathered else "apart from"
        self.found.add(
            "gate-too-deep",
            f"the gate {name!r} decides for {self._show(gate.lineage)}, {where} what the step gathers",
            step.path,
            step=step.name,
            expected=f"a gate that decides for {self._show(gathered)}, or above",
            found=f"a gate that decides for {self._show(gate.lineage)}",
            hint=f"let {name!r} lead to a step before {step.name!r} in place of {step.name!r} itself",
        )


def _gathers(step: LinkedStep) -> bool:
    """Whether something was given to gather; optional `Group` fields may all be left out."""
    return any(step.arguments[port.name] != Value(None) for port in step.spec.ports if port.leaf.group)


def _group(step: LinkedStep) -> str:
    return next(port.name for port in step.spec.ports if port.leaf.group)


def _on_one_path(one: Lineage, other: Lineage) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
