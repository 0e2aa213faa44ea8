"""What a drawing shows, before anybody decides where: boxes and arrows with their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cropflow.compiler.plan import INPUTS, Argument, Key, Lineage, Plan, PlannedOutput, PlannedStep, Read, Written

Role: TypeAlias = Literal["input", "step", "output"]
_LETTERS: dict[Role, str] = {"input": "i", "step": "s", "output": "o"}


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes:
        id: unique in the diagram, such as `s1` for the first step.
        title: its name in the document.
        notes: what stands below the name, one entry per line.
        depth: how many axes its level has; gives the tint.
    """

    id: str
    role: Role
    title: str
    notes: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow, with one label line for the kind and one for the nesting of every value; `gate` for control flow."""

    source: str
    target: str
    labels: tuple[str, ...]
    gate: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes, every one after those it depends on, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def make_diagram(plan: Plan, notes: Mapping[str, Sequence[str]] | None = None) -> Diagram:
    """Say which boxes and arrows a plan has; inputs first, then steps in the order they run, then outputs.

    Args:
        notes: further lines to write on steps, by their names.
    """
    nodes = [*_inputs(plan), *_steps(plan, notes or {}), *_outputs(plan)]
    ids = {(node.role, node.title): node.id for node in nodes}
    edges: dict[tuple[str, str, bool], list[str]] = {}
    for (role, name), target, label, gate in _links(plan):
        edges.setdefault((ids[role, name], ids[target], gate), []).append(label)
    made = (Edge(source, target, tuple(_lines(labels)), gate) for (source, target, gate), labels in edges.items())
    return Diagram(tuple(nodes), tuple(made))


def level_text(plan: Plan, lineage: Lineage) -> str:
    """Return a lineage as people read it, such as `image › crop`; empty for a scalar."""
    return " › ".join(plan.axes[axis] for axis in lineage)


def reads(argument: Argument) -> Iterator[Read]:
    """Give all that an argument reads from columns; a list or mapping may read several."""
    members = argument.members if isinstance(argument, Written) else (argument,)
    yield from (member for member in members if isinstance(member, Read))


def kinds_text(plan: Plan, keys: Iterable[Key]) -> str:
    """Return the kinds that columns may have, such as `string | integer`."""
    return " | ".join(dict.fromkeys(kind.name for key in keys for kind in plan.kinds[key]))


def _inputs(plan: Plan) -> Iterator[Node]:
    for number, item in enumerate(plan.inputs, 1):
        yield _node("input", number, item.name, (), len(item.level))


def _outputs(plan: Plan) -> Iterator[Node]:
    for number, item in enumerate(plan.outputs, 1):
        yield _node("output", number, item.name, (), len(item.level))


def _steps(plan: Plan, notes: Mapping[str, Sequence[str]]) -> Iterator[Node]:
    for number, step in enumerate(plan.steps, 1):
        lines = (step.spec.type, *_level_notes(plan, step), *notes.get(step.name, ()))
        yield _node("step", number, step.name, lines, len(step.level))


def _level_notes(plan: Plan, step: PlannedStep) -> Iterator[str]:
    yield _per(plan, step.level) or "once"
    if step.gathered:
        yield f"gathers {plan.axes[step.gathered[-1]]}"
    if step.spec.fan_out:
        yield f"fans out: {level_text(plan, (*step.level, step.name))}"


def _node(role: Role, number: int, title: str, notes: tuple[str, ...], depth: int) -> Node:
    return Node(f"{_LETTERS[role]}{number}", role, title, notes or (role,), depth)


def _links(plan: Plan) -> Iterator[tuple[tuple[Role, str], tuple[Role, str], str, bool]]:
    """Give (source, target, label, gate) of everything that flows."""
    for step in plan.steps:
        keys = dict.fromkeys(read.key for argument in step.arguments.values() for read in reads(argument))
        for key in keys:
            yield _source(key), ("step", step.name), _label(plan, (key,), plan.lineages[key]), False
        for gate in step.gates:
            yield ("step", gate.step), ("step", step.name), "members let through" if gate.on_members else "", True
    for output in plan.outputs:
        if output.keys:
            yield _source(output.keys[0]), ("output", output.name), _output_label(plan, output), False


def _source(key: Key) -> tuple[Role, str]:
    return ("input", key.output) if key.step == INPUTS else ("step", key.step)


def _output_label(plan: Plan, output: PlannedOutput) -> str:
    if output.fields is None:
        return _label(plan, output.keys, output.level)
    return "\n".join(filter(None, ["all outputs", _per(plan, output.level)]))


def _label(plan: Plan, keys: Iterable[Key], lineage: Lineage) -> str:
    return "\n".join(filter(None, [kinds_text(plan, keys), _per(plan, lineage)]))


def _per(plan: Plan, lineage: Lineage) -> str:
    return f"per {level_text(plan, lineage)}" if lineage else ""


def _lines(labels: Iterable[str]) -> Iterator[str]:
    """Give the lines of all labels; values that look the same are told once."""
    for label in dict.fromkeys(labels):
        yield from filter(None, label.split("\n"))
