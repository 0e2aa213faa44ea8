"""Reads one field of a step against its port: a literal, a selector, members written out, or names of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from cropflow.block import StepRef
from cropflow.compiler.plan import Value
from cropflow.compiler.problems import Found
from cropflow.document.definition import StepDefinition
from cropflow.document.selectors import OutputSelector, Selector, StepSelector, is_selector, parse_selector
from cropflow.literal import LiteralError, describe
from cropflow.spec import PortSpec

Path: TypeAlias = tuple[str | int, ...]
_SELECTOR = "a selector such as $steps.NAME.OUTPUT or $inputs.NAME"
_SHAPES = {"list": "a list of $steps.NAME", "dict": "a mapping of names to $steps.NAME", None: "$steps.NAME"}


@dataclass(frozen=True, slots=True)
class Selected:
    """An argument that a selector names; `path` is its place in the document."""

    selector: Selector
    port: PortSpec
    path: Path


@dataclass(frozen=True, slots=True)
class Target:
    """A step that a control-flow field names; `path` is its place in the document."""

    selector: StepSelector
    field: str
    path: Path


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """A list or mapping whose members are literals or selectors."""

    members: tuple[Value | Selected, ...]
    names: tuple[str, ...] | None


TypedArgument: TypeAlias = Value | Selected | WrittenOut


class ArgumentReader:
    """Reads the fields of one step.

    Attributes:
        targets: the steps that its control-flow fields name.
        wrong: ports whose field could not be read.
    """

    def __init__(self, step: StepDefinition, found: Found) -> None:
        self.step = step
        self.found = found
        self.targets: list[Target] = []
        self.wrong: set[str] = set()

    def read(self, port: PortSpec, written: object, path: Path) -> TypedArgument:
        """Read a field; one that cannot be read is noted, and `None` stands in its place."""
        if port.steps:
            return Value(self._steps(port, written, path))
        if _is_written_out(port, written):
            return self._written_out(port, written, path)
        if (port.container == "dict" and isinstance(written, list)) or (
            port.container == "list" and isinstance(written, Mapping)
        ):
            return self._literal(port, written, path)
        return self._one(port, written, path)

    def _written_out(self, port: PortSpec, written: Any, path: Path) -> WrittenOut:
        pairs = list(written.items()) if isinstance(written, Mapping) else list(enumerate(written))
        members = tuple(self._one(port.leaf, member, (*path, key)) for key, member in pairs)
        names = tuple(str(key) for key, _ in pairs) if isinstance(written, Mapping) else None
        return WrittenOut(members, names)

    def _one(self, port: PortSpec, written: Any, path: Path) -> Value | Selected:
        """A single selector or literal."""
        if isinstance(written, str) and is_selector(written):
            return self._selected(port, written, path)
        inner = None if port.setting else _inner_selector(written, path)
        if inner is not None:
            return self._too_deep(port, *inner)
        return self._literal(port, written, path)

    def _literal(self, port: PortSpec, written: Any, path: Path) -> Value:
        try:
            if written is None and port.takes_none:
                return Value(None)
            if port.container and not port.kinds:
                raise ValueError(_members_of(port))
            return Value(port.literal.read(written))
        except ValueError as error:
            place = error.place if isinstance(error, LiteralError) else ()
            return self._refuse(
                "wrong-literal",
                f"this value does not fit {port.name!r}",
                port,
                (*path, *place),
                expected=str(error),
                found=_shown(port, reduce(lambda value, key: value[key], place, written)),
                hint=_how(port),
            )

    def _selected(self, port: PortSpec, written: str, path: Path) -> Value | Selected:
        selector = parse_selector(written)
        if port.setting:
            return self._refuse(
                "selector-for-setting",
                f"{port.name!r} must be known when the workflow is compiled",
                port,
                path,
                expected="a value written in the document",
                found=written,
                hint="write the value itself in place of the selector",
            )
        if selector is None:
            self.wrong.add(port.name)
            self.found.malformed(written, path, step=self.step.name, field=port.name)
            return Value(None)
        if isinstance(selector, StepSelector) or (isinstance(selector, OutputSelector) and selector.output == "*"):
            return self._refuse(
                "malformed-selector",
                f"{written!r} names a whole step where one of its outputs is needed",
                port,
                path,
                expected=f"$steps.{selector.step}.OUTPUT",
                found=written,
                hint="add the name of the output",
            )
        if port.container and not port.kinds:
            return self._refuse(
                "wrong-literal",
                f"the members of {port.name!r} must be written out",
                port,
                path,
                expected=_members_of(port),
                found=written,
                hint=f"write [{written}]" if port.container == "list" else f"write {{NAME: {written}}}",
            )
        return Selected(selector, port, path)

    def _too_deep(self, port: PortSpec, written: str, path: Path) -> Value:
        where = "as the whole value or as one of its members" if port.container else "as the whole value"
        return self._refuse(
            "malformed-selector",
            f"{written!r} stands too deep inside the value of {port.name!r}",
            port,
            path,
            expected=f"a selector {where}",
            found=written,
            hint="move the selector up, or write the value itself in place of it",
        )

    def _steps(self, port: PortSpec, written: Any, path: Path) -> Any:
        """Names of steps: one, a list or a mapping of them; what the block receives are the names."""
        if port.container == "list" and isinstance(written, list):
            return [self._steps(port.leaf, item, (*path, i)) for i, item in enumerate(written)]
        if port.container == "dict" and isinstance(written, Mapping):
            return {key: self._steps(port.leaf, item, (*path, key)) for key, item in written.items()}
        selector = parse_selector(written) if isinstance(written, str) and not port.container else None
        if isinstance(selector, StepSelector):
            self.targets.append(Target(selector, port.name, path))
            return StepRef(selector.step)
        if written is None and port.takes_none:
            return None
        single = port.container == "list" and _is_step(written)
        self._refuse(
            "wrong-literal",
            f"{port.name!r} names the steps that elements go on to",
            port,
            path,
            expected=_SHAPES[port.container],
            found=written if isinstance(written, str) and is_selector(written) else describe(written),
            hint=f"write [{written}]" if single else "name a step as $steps.NAME, without an output",
        )
        return None

    def _refuse(self, code: str, message: str, port: PortSpec, path: Path, **details: str) -> Value:
        self.wrong.add(port.name)
        self.found.add(code, message, path, step=self.step.name, field=port.name, **details)
        return Value(None)


def _is_written_out(port: PortSpec, written: object) -> bool:
    """Whether members are read one by one: they must be, or one of them is a selector."""
    if port.container == "list" and isinstance(written, list):
        return not port.kinds or any(map(is_selector, written))
    if port.container == "dict" and isinstance(written, Mapping):
        return not port.kinds or any(map(is_selector, written.values()))
    return False


def _is_step(written: object) -> bool:
    return isinstance(written, str) and isinstance(parse_selector(written), StepSelector)


def _inner_selector(written: object, path: Path) -> tuple[str, Path] | None:
    """Return the first selector inside a literal, and its place; there it would be nothing but text."""
    if isinstance(written, str):
        return (written, path) if is_selector(written) else None
    pairs = written.items() if isinstance(written, Mapping) else enumerate(written if isinstance(written, list) else ())
    return next(filter(None, (_inner_selector(member, (*path, key)) for key, member in pairs)), None)


def _members_of(port: PortSpec) -> str:
    kinds = " or ".join(map(str, port.leaf.kinds))
    return f"{'a list' if port.container == 'list' else 'a mapping'} written out, each member of kind {kinds}"


def _shown(port: PortSpec, written: object) -> str:
    return "text that is not shown" if any(kind.name == "secret" for kind in port.kinds) else describe(written)


def _how(port: PortSpec) -> str:
    ways = []
    if port.literal.adapter is not None and (port.kinds or not port.container):
        ways.append("a fitting value")
    if not port.setting and (port.kinds or not port.container):
        ways.append(_SELECTOR)
    return f"give {' or '.join(ways)}" if ways else f"write out the members, each {_SELECTOR} or a fitting value"
