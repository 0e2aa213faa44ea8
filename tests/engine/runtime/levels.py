"""The rules of levels, said once more: the lineage of every column, and what must be refused.

A lineage is a path of axes. Written from the rules alone; the engine is compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from .shapes import INPUTS, Document, Input, Key, LeftOut, Members, Port, Step

Lineage: TypeAlias = tuple[str, ...]


class Refused(Exception):
    """The document breaks a rule of levels; `code` as in the engine's problems."""

    def __init__(self, code: str, step: str) -> None:
        super().__init__(f"{code} at {step}")
        self.code = code
        self.step = step


@dataclass(slots=True)
class Levels:
    """Lineage of every column and level of every step; `gathered` is the lineage whose last axis a step gathers."""

    columns: dict[Key, Lineage] = field(default_factory=dict)
    steps: dict[str, Lineage] = field(default_factory=dict)
    gathered: dict[str, Lineage] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Levels:
        """Work out the levels of a document; raises `Refused`."""
        levels = cls()
        for item in document.inputs:
            levels.columns[Key(INPUTS, item.name)] = input_lineage(item)
        for step in in_order(document):
            levels.add(step, gates_of(document, step))
        return levels

    def add(self, step: Step, gates: list[str]) -> None:
        """Work out the level of one step; raises `Refused`."""
        groups = [self.columns[key] for port in step.block.ports if port.group for key in keys(step, port)]
        others = [self.columns[key] for port in step.block.ports if not port.group for key in keys(step, port)]
        before = [self.steps[gate] for gate in gates]
        if gathers(step):
            self._gather(step, groups, others, before)
        else:
            self.steps[step.name] = _longest([*others, *before], step)
        deeper = (step.name,) if step.block.fan_out else ()
        for name in step.block.names:
            self.columns[Key(step.name, name)] = self.steps[step.name] + deeper

    def _gather(self, step: Step, groups: list[Lineage], others: list[Lineage], before: list[Lineage]) -> None:
        gathered = _longest(groups, step)
        level = gathered[:-1]
        self.gathered[step.name], self.steps[step.name] = gathered, level
        for lineage in others:
            if not is_prefix(lineage, level):
                within = is_prefix(lineage, gathered) or is_prefix(gathered, lineage)
                raise Refused("batch-for-one-value" if within else "lineages-part", step.name)
        for lineage in before:
            if not (is_prefix(lineage, level) or lineage == gathered):
                raise Refused("gate-too-deep", step.name)


def input_lineage(item: Input) -> Lineage:
    """All batch inputs share the axis of the batch; every layer below is an axis of that input alone."""
    if item.dimensionality == 0:
        return ()
    return (INPUTS, *(f"{item.name} {depth}" for depth in range(2, item.dimensionality + 1)))


def _longest(lineages: list[Lineage], step: Step) -> Lineage:
    longest: Lineage = max(lineages, key=len, default=())
    if not all(is_prefix(lineage, longest) for lineage in lineages):
        raise Refused("lineages-part", step.name)
    return longest


def is_prefix(one: Lineage, other: Lineage) -> bool:
    return other[: len(one)] == one


def keys(step: Step, port: Port) -> list[Key]:
    """The columns a port reads."""
    source = step.sources[port.name]
    members = source.members if isinstance(source, Members) else (source,)
    return [member for member in members if isinstance(member, Key)]


def gathers(step: Step) -> bool:
    """Whether a step gathers: a `Group` port that the document leaves out does not."""
    return any(port.group and not isinstance(step.sources[port.name], LeftOut) for port in step.block.ports)


def gates_of(document: Document, step: Step) -> list[str]:
    """The control-flow steps that lead to a step."""
    return [gate.name for gate in document.steps if step.name in gate.targets]


def in_order(document: Document) -> list[Step]:
    """Steps in document order, except that each comes after what it depends on."""
    waiting = list(document.steps)
    ordered: list[Step] = []
    while waiting:
        step = next(step for step in waiting if _depends(document, step) <= {done.name for done in ordered})
        waiting.remove(step)
        ordered.append(step)
    return ordered


def _depends(document: Document, step: Step) -> set[str]:
    sources = {key.step for port in step.block.ports for key in keys(step, port)} - {INPUTS}
    return sources.union(gates_of(document, step))
