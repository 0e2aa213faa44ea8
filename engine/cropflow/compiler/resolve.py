"""Pass 1: every step finds its block, and its fields become arguments, checked against the ports."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cropflow.compiler.arguments import ArgumentReader, Path, Target, TypedArgument
from cropflow.compiler.elsewhere import is_planned, note_elsewhere, replacement
from cropflow.compiler.plan import Value
from cropflow.compiler.problems import Found
from cropflow.document.definition import Definition, StepDefinition
from cropflow.errors import Problem, nearest
from cropflow.kinds import KINDS, Kind
from cropflow.registry import Registry
from cropflow.spec import BlockSpec, OutputSpec

log = logging.getLogger("cropflow")
Outputs: TypeAlias = Mapping[str, OutputSpec]


_HINT = "correct the type, install the package that brings the block, or hand it over with blocks=[...] in Python"


@dataclass(frozen=True, slots=True)
class TypedStep:
    """A step with its block.

    `spec` is `None` where there is no such block, and `outputs` where they cannot be told, so that other passes
    can go on without reporting what follows from it.
    """

    definition: StepDefinition
    spec: BlockSpec | None
    arguments: Mapping[str, TypedArgument]
    targets: tuple[Target, ...]
    outputs: Outputs | None

    @property
    def name(self) -> str:
        """Name of the step."""
        return self.definition.name


def resolve(definition: Definition, registry: Registry) -> tuple[dict[str, TypedStep], list[Problem]]:
    """Find the block of every step and check its fields."""
    found = Found(definition)
    steps = {step.name: resolve_step(step, registry, found) for step in definition.steps}
    note_elsewhere((step.definition for step in steps.values() if step.spec is None), found)
    return steps, found.problems


def resolve_step(step: StepDefinition, registry: Registry, found: Found) -> TypedStep:
    """Find the block of one step and check its fields; mistakes go to `found`."""
    spec = registry.find(step.type)
    if spec is None and (replacement(step.type) or is_planned(step.type)):
        return TypedStep(step, None, {}, (), None)
    if spec is None:
        prefix, _, bare = step.type.rpartition("/")
        own = bare if registry.find(bare) else None
        found.add(
            "unknown-block",
            f"there is no block of type {step.type!r}",
            (*step.path, "type"),
            step=step.name,
            field="type",
            found=step.type,
            expected="the type of a core block or of an installed plug-in",
            nearest=(own,) if own else registry.like(bare if prefix == "roboflow_core" else step.type),
            hint=_HINT,
        )
        return TypedStep(step, None, {}, (), None)
    fields, meant = _fields_by_port(step, spec, found)
    reader = ArgumentReader(step, found)
    arguments: dict[str, TypedArgument] = {}
    for port in spec.ports:
        if port.name in fields:
            arguments[port.name] = reader.read(port, *fields[port.name])
        elif not port.required:
            arguments[port.name] = Value(port.default)
        elif port.name not in meant:
            found.missing(step, port, spec)
    return TypedStep(step, spec, arguments, tuple(reader.targets), _outputs(spec, reader, arguments))


def _fields_by_port(
    step: StepDefinition, spec: BlockSpec, found: Found
) -> tuple[dict[str, tuple[object, Path]], set[str]]:
    """Return value and place of every port's field, and the ports that misspelt fields seem to mean."""
    names = {name: port.name for port in spec.ports for name in (port.name, *port.aliases)}
    fields: dict[str, tuple[object, Path]] = {}
    meant: set[str] = set()
    for field, value in step.fields.items():
        path = (*step.path, field)
        port = names.get(field)
        if port is None:
            meant.update(names[name] for name in _unknown_field(step, spec, field, path, tuple(names), found))
        elif port in fields:
            message = f"the field {field!r} is another name of {port!r}, which is given too"
            found.add("duplicate-name", message, path, step=step.name, field=field, hint="keep one of the two")
        else:
            fields[port] = (value, path)
    return fields, meant


def _unknown_field(
    step: StepDefinition, spec: BlockSpec, field: str, path: Path, names: tuple[str, ...], found: Found
) -> tuple[str, ...]:
    """Note an unknown field and return the name it may stand for, so that this one is not told missing as well.

    Editors leave keys of their own in documents made elsewhere: there a warning is enough.
    """
    message = f"{step.type} has no field {field!r}"
    close = nearest(field, names)
    if step.type != spec.type and (step.type.startswith("roboflow_core/") or "@" not in step.type):
        meant = f"; did you mean {close[0]!r}?" if close else ""
        log.warning("step %r: %s; it is ignored%s", step.name, message, meant)
        return ()
    found.add(
        "unknown-field",
        message,
        path,
        step=step.name,
        field=field,
        found=field,
        expected="one of the fields " + ", ".join(port.name for port in spec.ports) if spec.ports else "no fields",
        nearest=close,
        hint="correct the name or remove the field",
    )
    return close[:1]


def _outputs(spec: BlockSpec, reader: ArgumentReader, arguments: Mapping[str, TypedArgument]) -> Outputs | None:
    """Outputs by name; `None` where the settings that tell them cannot be read."""
    if spec.dynamic_outputs is None:
        return {output.name: output for output in spec.outputs}
    settings = {name: argument.value for name, argument in arguments.items() if isinstance(argument, Value)}
    if any(name not in settings or name in reader.wrong for name in spec.dynamic_settings):
        return None
    try:
        told = spec.dynamic_outputs(**{name: settings[name] for name in spec.dynamic_settings})
        return {name: OutputSpec(name, (_kind(kind),), optional=True) for name, kind in told.items()}
    except Exception as error:  # a block may raise anything
        reader.found.add(
            "wrong-literal",
            f"the outputs of the step cannot be told from its settings: {error}",
            (*reader.step.path, spec.dynamic_settings[0]) if spec.dynamic_settings else reader.step.path,
            step=reader.step.name,
            field=" and ".join(spec.dynamic_settings) or None,
            expected="settings that tell the names and kinds of the outputs",
            hint=f"correct {' and '.join(map(repr, spec.dynamic_settings))}, which tell the outputs",
        )
        return None


def _kind(kind: Kind | str) -> Kind:
    if isinstance(kind, str) and kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}")
    return kind if isinstance(kind, Kind) else KINDS[kind]
