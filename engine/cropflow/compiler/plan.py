"""The plan: what the runtime walks. Frozen, plain, and free of anything that belongs to one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, NamedTuple, TypeAlias

from cropflow.document.definition import Definition
from cropflow.kinds import Kind
from cropflow.spec import BlockSpec, PortSpec

INPUTS = "$inputs"
"""Stands where a step's name would, for columns that come from the inputs, and for the axis of the batch."""

Lineage: TypeAlias = tuple[str, ...]
"""Path of axes, outermost first: `()` a scalar, `("$inputs", "crop")` one per crop of each input element."""


class Key(NamedTuple):
    """Names a column: an output of a step, or an input of the document (step is `INPUTS`)."""

    step: str
    output: str

    def __str__(self) -> str:
        return f"$inputs.{self.output}" if self.step == INPUTS else f"$steps.{self.step}.{self.output}"


@dataclass(frozen=True, slots=True)
class Value:
    """A literal of the document, already validated; the same for every element."""

    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """A value taken from a column; `checked` where its kind shows only when the workflow runs."""

    key: Key
    port: PortSpec
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A list or mapping written out in the document, whose members are literals or selectors."""

    members: tuple[Value | Read, ...]
    names: tuple[str, ...] | None = None


Argument: TypeAlias = Value | Read | Written


def leaves(argument: Argument) -> tuple[Value | Read, ...]:
    """Return the literals and columns an argument is made of: itself, or the members written out."""
    return argument.members if isinstance(argument, Written) else (argument,)


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """A control-flow step before a step.

    Attributes:
        step: the control-flow step.
        target: what it calls the step, or the inner workflow that the step belongs to.
        on_members: whether it masks the members of what the step gathers.
    """

    step: str
    target: str
    on_members: bool


@dataclass(frozen=True)
class PlannedStep:
    """One step, ready to run.

    Attributes:
        level: lineage on which the block is called once per element.
        gathered: lineage of the axis that the step's `Group` ports gather; `None` if it gathers nothing.
        kept: outputs that somebody reads; others are not made.
        after: steps that must have run before.
        base: the folder that its paths are relative to.
    """

    name: str
    spec: BlockSpec
    arguments: Mapping[str, Argument]
    level: Lineage
    gathered: Lineage | None
    gates: tuple[PlannedGate, ...]
    kept: tuple[str, ...]
    after: tuple[str, ...]
    base: FilePath | None = None

    @cached_property
    def leaves(self) -> tuple[tuple[PortSpec, Any], ...]:
        """The literals and columns that ports receive, in the order of the ports."""
        return tuple(
            (port.leaf if isinstance(self.arguments[port.name], Written) else port, leaf)
            for port in self.spec.ports
            for leaf in leaves(self.arguments[port.name])
        )

    @cached_property
    def reads(self) -> frozenset[Key]:
        """The columns it reads."""
        return frozenset(leaf.key for _, leaf in self.leaves if isinstance(leaf, Read))

    @cached_property
    def targets(self) -> frozenset[str]:
        """What its fields call the steps that it may send elements to."""
        named = (self.arguments[port.name] for port in self.spec.ports if port.steps)
        return frozenset(name for argument in named for leaf in leaves(argument) for name in _names(leaf))

    @cached_property
    def checks(self) -> bool:
        """Whether it reads values whose kind shows only at run time."""
        return any(isinstance(leaf, Read) and leaf.checked for _, leaf in self.leaves)


def _names(leaf: Any) -> Iterable[str]:
    """The steps that a field names: one, a list or a mapping of them, or none."""
    value = leaf.value if isinstance(leaf, Value) else None
    if isinstance(value, Mapping):
        return tuple(value.values())
    return (value,) if isinstance(value, str) else value or ()


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """An input of the document; `level` is its lineage, `kinds` what it takes."""

    name: str
    type: str
    kinds: tuple[Kind, ...]
    level: Lineage
    default: Any
    required: bool


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """An output of the document: a column, or with `fields` all outputs of a step as a mapping."""

    name: str
    keys: tuple[Key, ...]
    fields: tuple[str, ...] | None
    level: Lineage
    kinds: tuple[Kind, ...]
    to_root: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled workflow.

    Attributes:
        axes: name of every axis for people, by its id in a lineage.
        lineages: level of every column.
        kinds: kinds of every column.
        readers: how many steps and outputs read a column; it is freed after the last one.
        targets: for each control-flow step, the steps it may send elements to.
        unused: steps that reach no output and have no effect; they are left out.
    """

    definition: Definition
    inputs: tuple[PlannedInput, ...]
    steps: tuple[PlannedStep, ...]
    outputs: tuple[PlannedOutput, ...]
    axes: Mapping[str, str]
    lineages: Mapping[Key, Lineage]
    kinds: Mapping[Key, tuple[Kind, ...]]
    readers: Mapping[Key, int]
    targets: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...] = ()

    @property
    def gathers_batch(self) -> tuple[str, ...]:
        """Steps that gather the batch axis, whose answer depends on how a source is cut into batches."""
        return tuple(step.name for step in self.steps if step.gathered == (INPUTS,))

    @property
    def remembers(self) -> bool:
        """Whether steps remember earlier frames, such as trackers do."""
        return any(step.spec.stream is not None for step in self.steps)
