"""Workflows as the tests describe them: shapes of blocks, steps and inputs, as plain values.

The naive interpreter reads these; `made.py` turns them into real block classes and documents for the engine. The
answer of a block is a pure function of its arguments (`respond`), and every text it makes tells where it comes from.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

INPUTS = "$inputs"
RouteForm: TypeAlias = Literal["one", "list", "dict"]


class Key(NamedTuple):
    """An output of a step; an input where `step` is `INPUTS`."""

    step: str
    output: str

    @property
    def selector(self) -> str:
        return f"$inputs.{self.output}" if self.step == INPUTS else f"$steps.{self.step}.{self.output}"


@dataclass(frozen=True, slots=True)
class Port:
    """One parameter of `run`: `maybe` sees missing values, `maybe_group` lists that were never made."""

    name: str
    batch: bool = False
    group: bool = False
    maybe: bool = False
    maybe_group: bool = False
    container: Literal["list", "dict"] | None = None
    optional: bool = False

    def __repr__(self) -> str:
        text = "Maybe[str]" if self.maybe else "str"
        if self.group:
            text = f"Maybe[Group[{text}]]" if self.maybe_group else f"Group[{text}]"
        text = f"Batch[{text}]" if self.batch else text
        text = {"list": f"list[{text}]", "dict": f"dict[str, {text}]", None: text}[self.container]
        return f"{self.name}: {text}" + (" = None" if self.optional else "")


@dataclass(frozen=True, slots=True)
class BlockShape:
    """The signature of a block.

    Attributes:
        outputs: for each output, whether it may be `None`.
        loose: the outputs are of any kind, so that their values are checked when they are read.
        columnar: the answer to a fan-out is given as `Columns`.
    """

    ports: tuple[Port, ...] = ()
    outputs: tuple[bool, ...] = ()
    fan_out: bool = False
    columnar: bool = False
    route: RouteForm | None = None
    batch_size: int | None = None
    whole: bool = False
    effects: bool = False
    loose: bool = False

    def __repr__(self) -> str:
        outputs = "Route" if self.route else "/".join("str?" if optional else "str" for optional in self.outputs)
        flags = [name for name in ("columnar", "whole", "effects", "loose", "batch_size") if getattr(self, name)]
        return f"{self.ports} -> {'Group ' * self.fan_out}{outputs or None} {' '.join(flags)}"

    @property
    def batch(self) -> bool:
        return any(port.batch for port in self.ports)

    @property
    def fails_whole(self) -> bool:
        """Whether a failed call takes down all its elements, because it is never repeated."""
        return self.batch and (self.effects or self.whole)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"o{number}" for number in range(len(self.outputs)))


@dataclass(frozen=True, slots=True)
class Literally:
    """A value written in the document."""

    value: Any


@dataclass(frozen=True, slots=True)
class Members:
    """A list or mapping written out in the document."""

    members: tuple[Literally | Key, ...]
    names: tuple[str, ...] | None = None


class LeftOut:
    """A field the document does not give."""

    def __repr__(self) -> str:
        return "LeftOut"


LEFT_OUT = LeftOut()
Source: TypeAlias = Literally | Key | Members | LeftOut


@dataclass(frozen=True, slots=True)
class Step:
    """A step: `seed` decides what its block does (0: nothing is missing or fails), `targets` where a gate leads."""

    name: str
    block: BlockShape
    sources: Mapping[str, Source]
    seed: int = 0
    fails: bool = False
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the document; dimensionality 0 is a parameter. `value` is what the caller gives."""

    name: str
    dimensionality: int
    value: Any
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Document:
    """A workflow and what it is run with; an output is a column, or a step for its wildcard."""

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Key | str, ...]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print a failing example so that it can be read."""
        printer.text("\n".join(["", *map(repr, (*self.inputs, *self.steps)), f"outputs: {self.outputs}"]))


class Bad(Exception):
    """What a block raises for an element it cannot digest."""


def respond(step: Step, arguments: Mapping[str, Any]) -> Any:
    """What the block of a step answers for one element: names of steps, a row, or a list of rows.

    Raises:
        Bad: the element is one of those the step fails for.
    """
    text = f"{step.name}({', '.join(_told(value) for value in arguments.values())})"
    if len(text) > 60:
        text = f"{step.name}({zlib.crc32(text.encode()):x})"
    if step.fails and _dice("fail", text, step.seed) % 3 == 0:
        raise Bad(text)
    if step.block.route:
        return {target for target in step.targets if _chance(target, text, step.seed)}
    if not step.block.fan_out:
        return _row(step, text)
    size = _dice("size", text, step.seed) % 4 if step.seed else 2
    return [_row(step, f"{text}/{number}") for number in range(size)]


def _row(step: Step, text: str) -> tuple[str | None, ...]:
    return tuple(
        f"{name}:{text}" if not optional or _chance(name, text, step.seed) else None
        for name, optional in zip(step.block.names, step.block.outputs, strict=True)
    )


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _chance(what: str, text: str, seed: int) -> bool:
    return seed == 0 or _dice(what, text, seed) % 2 == 0


def _dice(what: str, text: str, seed: int) -> int:
    return zlib.crc32(f"{what} {text} {seed}".encode()) >> 4
