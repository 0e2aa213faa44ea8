"""Kinds that only the block can tell: they follow from its settings and from what is wired to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cropflow.compiler.link import LinkedStep
from cropflow.compiler.plan import Argument, Key, Read, Value, Written
from cropflow.compiler.problems import Found
from cropflow.errors import SettingError
from cropflow.kinds import KINDS, Kind, kind_of_type
from cropflow.spec import PortSpec

Kinds = tuple[Kind, ...]


def infer_kinds(step: LinkedStep, kinds: Mapping[Key, Kinds], found: Found) -> Mapping[str, Kinds]:
    """Ask the block's `infer` for the kinds of outputs; note the mistake where settings and wiring do not fit.

    `infer` gets settings as they are, and for other ports the kinds of what is wired: a tuple of kinds, or for a
    list or mapping written out one such tuple for each member (`None` where one selector gives the whole of it).
    """
    if step.spec.infer is None:
        return {}
    given = {name: _given(step.spec.port(name), step.arguments[name], kinds) for name in step.spec.infer_ports}
    try:
        return step.spec.infer(**given)
    except SettingError as error:
        found.add(
            "wrong-setting",
            error.message,
            (*step.path, *error.place),
            step=step.name,
            field=str(error.place[0]) if error.place else None,
            expected=error.expected,
            found=error.found,
            nearest=error.nearest,
            hint=error.hint,
        )
        return {}


def _given(port: PortSpec, argument: Argument, kinds: Mapping[Key, Kinds]) -> Any:
    match argument:
        case Value(value) if port.setting:
            return value
        case Written(members, names):
            told = [_leaf(member, kinds) for member in members]
            return told if names is None else dict(zip(names, told, strict=True))
        case Value(value) if port.container == "dict" and isinstance(value, Mapping):
            return {name: _kind_of(member) for name, member in value.items()}
        case Value(value) if port.container == "list" and isinstance(value, list):
            return [_kind_of(member) for member in value]
        case Read() if port.container:
            return None
    return _leaf(argument, kinds)


def _leaf(argument: Value | Read, kinds: Mapping[Key, Kinds]) -> Kinds:
    return _kind_of(argument.value) if isinstance(argument, Value) else kinds[argument.key]


def _kind_of(value: object) -> Kinds:
    return (kind_of_type(type(value)) or KINDS["*"],)
