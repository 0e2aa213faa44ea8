"""Pass 1: every step finds its block, and its fields become arguments, checked against the ports."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cropflow.compiler.plan import Value
from cropflow.compiler.problems import Found
from cropflow.definition import Definition, StepDefinition
from cropflow.errors import Problem, nearest
from cropflow.kinds import KINDS, Kind
from cropflow.literal import describe
from cropflow.registry import Registry
from cropflow.selectors import OutputSelector, Selector, StepSelector, is_selector, parse_selector
from cropflow.spec import BlockSpec, OutputSpec, PortSpec

log = logging.getLogger("cropflow")
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Selected:
    """An argument that a selector names; `path` is its place in the document."""

    selector: Selector
    port: PortSpec
    path: Path


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """A list or mapping whose members are literals or selectors."""

    members: tuple[Value | Selected, ...]
    names: tuple[str, ...] | None


TypedArgument: TypeAlias = Value | Selected | WrittenOut


@dataclass(frozen=True, slots=True)
class TypedStep:
    """A step with its block; `spec` is `None` where there is no such block, so that other passes can go on."""

    definition: StepDefinition
    spec: BlockSpec | None
    arguments: Mapping[str, TypedArgument]
    targets: tuple[Selected, ...]
    outputs: Mapping[str, OutputSpec]

    @property
    def name(self) -> str:
        """Name of the step."""
        return self.definition.name


def resolve(definition: Definition, registry: Registry) -> tuple[dict[str, TypedStep], list[Problem]]:
    """Find the block of every step and check its fields."""
    found = Found(definition)
    return {step.name: _resolve_step(step, registry, found) for step in definition.steps}, found.problems


def _resolve_step(step: StepDefinition, registry: Registry, found: Found) -> TypedStep:
    spec = registry.find(step.type)
    if spec is None:
        found.add(
            "unknown-block",
            f"there is no block of type {step.type!r}",
            (*step.path, "type"),
            step=step.name,
            field="type",
            found=step.type,
            expected="the type of a core block or of an installed plug-in",
            nearest=nearest(step.type, registry.names),
            hint="correct the type, or install the package that brings the block",
        )
        return TypedStep(step, None, {}, (), {})
    fields = _fields_by_port(step, spec, found)
    arguments: dict[str, TypedArgument] = {}
    targets: list[Selected] = []
    for port in spec.ports:
        if port.name in fields:
            written, path = fields[port.name]
            arguments[port.name] = _argument(step, port, written, path, targets, found)
        elif port.required:
            found.missing(step, port, spec)
        else:
            arguments[port.name] = Value(port.default)
    return TypedStep(step, spec, arguments, tuple(targets), _outputs(step, spec, arguments, found))


def _fields_by_port(step: StepDefinition, spec: BlockSpec, found: Found) -> dict[str, tuple[object, Path]]:
    names = {name: port.name for port in spec.ports for name in (port.name, *port.aliases)}
    fields: dict[str, tuple[object, Path]] = {}
    for field, value in step.fields.items():
        path = (*step.path, field)
        port = names.get(field)
        if port is None:
            _unknown_field(step, spec, field, path, tuple(names), found)
        elif port in fields:
            message = f"the field {field!r} is another name of {port!r}, which is given too"
            found.add("duplicate-name", message, path, step=step.name, field=field, hint="keep one of the two")
        else:
            fields[port] = (value, path)
    return fields


def _unknown_field(
    step: StepDefinition, spec: BlockSpec, field: str, path: Path, names: tuple[str, ...], found: Found
) -> None:
    """Editors leave keys of their own in documents made elsewhere: there a warning is enough."""
    message = f"{step.type} has no field {field!r}"
    close = nearest(field, names)
    if step.type != spec.type and (step.type.startswith("roboflow_core/") or "@" not in step.type):
        meant = f"; did you mean {close[0]!r}?" if close else ""
        log.warning("step %r: %s; it is ignored%s", step.name, message, meant)
        return
    found.add(
        "unknown-field",
        message,
        path,
        step=step.name,
        field=field,
        found=field,
        expected=", ".join(port.name for port in spec.ports) or "no fields",
        nearest=close,
        hint="correct the name or remove the field",
    )


def _argument(
    step: StepDefinition, port: PortSpec, written: object, path: Path, targets: list[Selected], found: Found
) -> TypedArgument:
    if port.steps:
        return Value(_steps(step, port, written, path, targets, found))
    if port.container and (_is_written_out(port, written)):
        return _written_out(step, port, written, path, found)
    return _one(step, port, written, path, found)


def _is_written_out(port: PortSpec, written: object) -> bool:
    if port.container == "list" and isinstance(written, list):
        return not port.kinds or any(is_selector(member) for member in written)
    if port.container == "dict" and isinstance(written, Mapping):
        return not port.kinds or any(is_selector(member) for member in written.values())
    return False


def _written_out(step: StepDefinition, port: PortSpec, written: Any, path: Path, found: Found) -> WrittenOut:
    pairs = list(written.items()) if isinstance(written, Mapping) else list(enumerate(written))
    members = tuple(_one(step, port.leaf, member, (*path, key), found) for key, member in pairs)
    names = tuple(str(key) for key, _ in pairs) if isinstance(written, Mapping) else None
    return WrittenOut(members, names)


def _one(step: StepDefinition, port: PortSpec, written: object, path: Path, found: Found) -> Value | Selected:
    """A single selector or literal."""
    if isinstance(written, str) and is_selector(written):
        return _selected(step, port, written, path, found)
    try:
        if port.container and not port.kinds:
            raise ValueError(f"a {port.container} written out in the document")
        if written is None and port.takes_none:
            return Value(None)
        return Value(port.literal.read(written))
    except ValueError as error:
        found.add(
            "wrong-literal",
            f"this value does not fit {port.name!r}",
            path,
            step=step.name,
            field=port.name,
            expected=str(error),
            found=describe(written),
            hint=_how(port),
        )
        return Value(None)


def _selected(step: StepDefinition, port: PortSpec, written: str, path: Path, found: Found) -> Value | Selected:
    selector = parse_selector(written)
    if port.setting:
        found.add(
            "selector-for-setting",
            f"{port.name!r} must be known when the workflow is compiled",
            path,
            step=step.name,
            field=port.name,
            expected="a value written in the document",
            found=written,
            hint="write the value itself in place of the selector",
        )
    elif selector is None:
        found.malformed(written, path, step=step.name, field=port.name)
    elif isinstance(selector, StepSelector) or (isinstance(selector, OutputSelector) and selector.output == "*"):
        found.add(
            "malformed-selector",
            f"{written!r} names a whole step where one of its outputs is needed",
            path,
            step=step.name,
            field=port.name,
            expected=f"$steps.{selector.step}.OUTPUT",
            found=written,
            hint="add the name of the output",
        )
    else:
        return Selected(selector, port, path)
    return Value(None)


def _steps(
    step: StepDefinition, port: PortSpec, written: object, path: Path, targets: list[Selected], found: Found
) -> Any:
    """Step selectors: one, a list or a mapping of them; what the block receives are the names."""
    if port.container == "list" and isinstance(written, list):
        return [_steps(step, port.leaf, item, (*path, i), targets, found) for i, item in enumerate(written)]
    if port.container == "dict" and isinstance(written, Mapping):
        return {key: _steps(step, port.leaf, item, (*path, key), targets, found) for key, item in written.items()}
    selector = parse_selector(written) if isinstance(written, str) else None
    if isinstance(selector, StepSelector):
        targets.append(Selected(selector, port, path))
        from cropflow.block import StepRef

        return StepRef(selector.step)
    if written is None and port.takes_none:
        return None
    shape = {"list": "a list of $steps.NAME", "dict": "a mapping to $steps.NAME", None: "$steps.NAME"}[port.container]
    found.add(
        "wrong-literal",
        f"{port.name!r} names the steps that elements go on to",
        path,
        step=step.name,
        field=port.name,
        expected=shape,
        found=describe(written),
        hint="name a step as $steps.NAME, without an output",
    )
    return None


def _outputs(
    step: StepDefinition, spec: BlockSpec, arguments: Mapping[str, TypedArgument], found: Found
) -> dict[str, OutputSpec]:
    if spec.dynamic_outputs is None:
        return {output.name: output for output in spec.outputs}
    settings = {name: arguments[name] for name in spec.dynamic_settings if name in arguments}
    if len(settings) < len(spec.dynamic_settings):
        return {}
    values = {name: argument.value for name, argument in settings.items() if isinstance(argument, Value)}
    try:
        told = spec.dynamic_outputs(**values)
    except Exception as error:
        found.add(
            "wrong-literal",
            f"the outputs cannot be told from the settings: {error}",
            step.path,
            step=step.name,
        )
        return {}
    return {name: OutputSpec(name, (_kind(kind),), optional=True) for name, kind in told.items()}


def _kind(kind: Kind | str) -> Kind:
    return kind if isinstance(kind, Kind) else KINDS[kind]


def _how(port: PortSpec) -> str:
    literal = port.literal.adapter is not None
    selector = "" if port.setting else "a selector such as $steps.NAME.OUTPUT or $inputs.NAME"
    return "give " + " or ".join(filter(None, ["a fitting value" if literal else "", selector]))
