"""Random workflows: a strategy for documents and their inputs.

Sources are mostly chosen so that the levels of a step go together; a wild document takes them as they come, to meet
the rules by which a compiler must refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from .levels import Levels, Lineage, Refused, input_lineage
from .shapes import (
    INPUTS,
    LEFT_OUT,
    BlockShape,
    Document,
    Input,
    Key,
    Literally,
    Members,
    Port,
    RouteForm,
    Source,
    Step,
)

T = TypeVar("T")
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Features:
    """What may occur: forms of blocks, gates, missing values, failures; `wild` tells how many of ten are wild."""

    batch: bool = False
    group: bool = False
    gates: bool = False
    missing: bool = False
    fails: bool = False
    effects: bool = False
    containers: bool = True
    wild: int = 1


@st.composite
def documents(draw: st.DrawFn, features: Features) -> Document:
    """A workflow with what it is run with."""
    return _Drawing(draw, features).document()


@dataclass(slots=True)
class _Drawing:
    draw: st.DrawFn
    features: Features
    wild: bool = False
    inputs: list[Input] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    gates: dict[str, list[str]] = field(default_factory=dict)
    levels: Levels = field(default_factory=Levels)

    def document(self) -> Document:
        self.wild = self._chance(self.features.wild)
        self._draw_inputs()
        while len(self.steps) < MOST_STEPS and (not self.steps or self._chance(8)):
            self._add_step(f"s{len(self.steps)}")
        steps = [replace(step, targets=tuple(self.gates.get(step.name, ()))) for step in self.steps]
        steps = [_with_room(step) for step in steps]
        if self._chance(2):
            steps.reverse()
        return Document(tuple(self.inputs), tuple(steps), self._outputs())

    def _number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def _chance(self, of_ten: int) -> bool:
        return self.draw(st.integers(0, 9)) >= 10 - of_ten

    def _one(self, choices: Sequence[T]) -> T:
        return choices[self._number(0, len(choices) - 1)]

    def _draw_inputs(self) -> None:
        length = self._number(0, 4)
        for name in "abc"[: self._number(1, 3)]:
            depth = self._one([1, 1, 0, 2, 3])
            value = self._value(name, depth, length)
            self.inputs.append(Input(name, depth, value, self._one(["string", "*"])))
            self.levels.columns[Key(INPUTS, name)] = input_lineage(self.inputs[-1])

    def _value(self, name: str, depth: int, length: int) -> Any:
        if depth == 0:
            return None if self.features.missing and self._chance(1) else name
        if self._chance(1):
            return name if depth == 1 else [self._nested(f"{name}0", depth - 1)]
        return [self._nested(f"{name}{number}", depth - 1) for number in range(length)]

    def _nested(self, name: str, depth: int) -> Any:
        if depth == 0:
            return None if self.features.missing and self._chance(1) else name
        return [self._nested(f"{name}.{number}", depth - 1) for number in range(self._number(0, 3))]

    def _add_step(self, name: str) -> None:
        block = self._block()
        step = Step(name, block, {}, self._seed(), self.features.fails and self._chance(4))
        sources: dict[str, Source] = {}
        for port in sorted(block.ports, key=lambda port: not port.group):
            sources[port.name] = self._source(port, replace(step, sources=sources))
        step = replace(step, sources={port.name: sources[port.name] for port in block.ports})
        gates = self._gates(step) if self.features.gates else []
        for gate in gates:
            self.gates.setdefault(gate, []).append(name)
        try:
            self.levels.add(step, gates)
        except Refused:
            self.levels.steps[name] = ()
            self.levels.columns.update({Key(name, output): () for output in block.names})
        self.steps.append(step)

    def _seed(self) -> int:
        return self._number(0, 1000)

    def _block(self) -> BlockShape:
        forms: list[RouteForm] = ["list", "one", "dict"]
        route = self._one(forms) if self.features.gates and self._chance(4) else None
        batch = self.features.batch and self._chance(5)
        gathers = self.features.group and self._chance(5)
        ports = tuple(
            self._port(f"p{number}", batch, gathers, first=number == 0) for number in range(self._number(1, 3))
        )
        outputs = tuple(self.features.missing and self._chance(4) for _ in range(self._one([1, 2, 1, 0])))
        if route:
            outputs = ()
        return BlockShape(
            ports,
            outputs,
            fan_out=bool(outputs) and self._chance(4),
            columnar=self._chance(3),
            route=route,
            batch_size=self._one([None, 1, 2, 3]) if batch else None,
            whole=batch and self._chance(2),
            effects=self.features.effects and self._chance(3),
            loose=self._chance(3),
        )

    def _port(self, name: str, batch: bool, gathers: bool, first: bool) -> Port:
        group = gathers and (first or self._chance(4))
        missing = self.features.missing
        return Port(
            name,
            batch=batch and (first or self._chance(5)),
            group=group,
            maybe=missing and self._chance(3),
            maybe_group=missing and group and self._chance(3),
            container=self._one(["list", "dict"])
            if self.features.containers and not first and self._chance(2)
            else None,
            optional=missing and self._chance(2),
        )

    def _source(self, port: Port, step: Step) -> Source:
        if port.optional and self._chance(5):
            return LEFT_OUT
        if port.container:
            members = tuple(self._leaf(port, step) for _ in range(self._number(1, 2)))
            if any(isinstance(member, Key) for member in members) or port.batch or port.group:
                names = tuple(f"k{number}" for number in range(len(members)))
                return Members(members, names if port.container == "dict" else None)
            values = [member.value for member in members if isinstance(member, Literally)]
            return Literally(values if port.container == "list" else {f"k{n}": v for n, v in enumerate(values)})
        return self._leaf(port, step)

    def _leaf(self, port: Port, step: Step) -> Literally | Key:
        if self._chance(1):
            return Literally("x")
        fitting = [key for key, lineage in self.levels.columns.items() if self._fits(port, key, lineage, step)]
        # the newest first: shrinking then gives chains, and chains are what levels are about
        return self._one(fitting[::-1]) if fitting else Literally("x")

    def _fits(self, port: Port, key: Key, lineage: Lineage, step: Step) -> bool:
        unclear = port.group and (port.maybe_group or port.optional)
        if unclear and key.step == INPUTS and not lineage:
            return False  # what a null parameter means to a group that may be missing as a whole is not laid down
        if self.wild:
            return True
        ports = tuple(other for other in step.block.ports if other.name in step.sources)
        shape = BlockShape((*ports, replace(port, container=None)))
        known = Levels(dict(self.levels.columns), dict(self.levels.steps))
        try:
            known.add(Step("?", shape, {**step.sources, port.name: key}), [])
        except Refused:
            return False
        return not port.group or bool(lineage) or self._chance(1)

    def _gates(self, step: Step) -> list[str]:
        found: list[str] = []
        for gate in self.steps:
            if gate.block.route and self._chance(6) and (self.wild or self._may_gate(step, [*found, gate.name])):
                found.append(gate.name)
        return found

    def _may_gate(self, step: Step, gates: list[str]) -> bool:
        known = Levels(dict(self.levels.columns), dict(self.levels.steps))
        try:
            known.add(step, gates)
        except Refused:
            return False
        return True

    def _outputs(self) -> tuple[Key | str, ...]:
        columns: list[Key | str] = list(self.levels.columns)
        shown = [key for key in columns if not self._chance(2)]
        wild = [step.name for step in self.steps if self._chance(1)]
        return (*shown, *wild)


def _with_room(step: Step) -> Step:
    """A gate that takes one step must have one; a list or mapping takes any number."""
    if step.block.route == "one" and len(step.targets) != 1:
        return replace(step, block=replace(step.block, route="list"))
    return step
