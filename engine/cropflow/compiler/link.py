"""Pass 2: every selector finds what it names; the steps and outputs of the document become one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cropflow.compiler.arguments import Path, Selected, Target, TypedArgument, WrittenOut
from cropflow.compiler.plan import INPUTS, Argument, Key, Read, Value, Written
from cropflow.compiler.problems import Found
from cropflow.compiler.resolve import TypedStep
from cropflow.document.definition import Definition, OutputDefinition
from cropflow.document.selectors import InputSelector, OutputSelector, StepSelector, parse_selector
from cropflow.errors import Problem, nearest
from cropflow.spec import BlockSpec, OutputSpec


@dataclass(frozen=True, slots=True)
class Link:
    """A column that a step reads: which argument, and where that stands in the document."""

    read: Read
    path: Path


@dataclass(frozen=True, slots=True)
class Gate:
    """A control-flow step before a step, and the name by which it sends elements on: of the step, or of the inner
    workflow that the step belongs to."""

    step: str
    target: str


@dataclass(frozen=True, slots=True)
class LinkedStep:
    """A step whose arguments name columns, and the control-flow steps that lead to it."""

    name: str
    path: Path
    spec: BlockSpec
    arguments: Mapping[str, Argument]
    links: tuple[Link, ...]
    gates: tuple[Gate, ...]
    outputs: Mapping[str, OutputSpec]


@dataclass(frozen=True, slots=True)
class LinkedOutput:
    """An output of the document and the columns it shows; `fields` names them for a wildcard."""

    definition: OutputDefinition
    keys: tuple[Key, ...]
    fields: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """The document as a graph: steps by name in document order, and outputs."""

    definition: Definition
    steps: Mapping[str, LinkedStep]
    outputs: tuple[LinkedOutput, ...]


def link(definition: Definition, steps: Mapping[str, TypedStep]) -> tuple[Graph, list[Problem]]:
    """Look up every selector."""
    linker = _Linker(definition, steps)
    gates: dict[str, list[Gate]] = {}
    for step in steps.values():
        for target in step.targets:
            for member in linker.targeted(target, step.name):
                gates.setdefault(member, []).append(Gate(step.name, target.selector.step))
    linked = {
        step.name: linker.step(step, step.spec, gates.get(step.name, ()))
        for step in steps.values()
        if step.spec is not None
    }
    outputs = [output for definition_ in definition.outputs if (output := linker.output(definition_))]
    return Graph(definition, linked, tuple(outputs)), linker.found.problems


class _Linker:
    def __init__(self, definition: Definition, steps: Mapping[str, TypedStep]) -> None:
        self.definition = definition
        self.found = Found(definition)
        self.inputs = tuple(item.name for item in definition.inputs)
        self.steps = steps

    def step(self, step: TypedStep, spec: BlockSpec, gates: Iterable[Gate]) -> LinkedStep:
        links: list[Link] = []
        arguments = {name: self._argument(step.name, arg, links) for name, arg in step.arguments.items()}
        gates = tuple(dict.fromkeys(gates))
        return LinkedStep(step.name, step.definition.path, spec, arguments, tuple(links), gates, step.outputs or {})

    def _argument(self, step: str, argument: TypedArgument, links: list[Link]) -> Argument:
        if isinstance(argument, WrittenOut):
            members = [self._leaf(step, member, links) for member in argument.members]
            return Written(tuple(members), argument.names)
        return self._leaf(step, argument, links)

    def _leaf(self, step: str, argument: Value | Selected, links: list[Link]) -> Value | Read:
        if isinstance(argument, Value):
            return argument
        key = self._key(argument, step)
        if key is None:
            return Value(None)
        read = Read(key, argument.port)
        links.append(Link(read, argument.path))
        return read

    def _key(self, selected: Selected, step: str) -> Key | None:
        details = {"step": step, "field": selected.port.name}
        match selected.selector:
            case InputSelector(name):
                return self._input(name, selected.path, details)
            case OutputSelector(source, output):
                return self._output(source, output, selected.path, details)
        return None

    def _input(self, name: str, path: Path, details: dict[str, str]) -> Key | None:
        if name in self.inputs:
            return Key(INPUTS, name)
        self.found.add(
            "unknown-input",
            f"there is no input {name!r}",
            path,
            found=f"$inputs.{name}",
            expected=_one_of("$inputs.", self.inputs, "an input of the document; it has none"),
            nearest=nearest(name, self.inputs),
            hint="correct the selector, or declare the input under `inputs`",
            **details,
        )
        return None

    def _output(self, step: str, output: str, path: Path, details: dict[str, str]) -> Key | None:
        source = self.steps.get(step)
        if source is None:
            self._unknown_step(step, f"$steps.{step}.{output}", path, details)
        elif source.outputs is not None and output not in source.outputs:
            names = tuple(source.outputs)
            self.found.add(
                "unknown-output",
                f"step {step!r} ({source.definition.type}) has no output {output!r}",
                path,
                found=f"$steps.{step}.{output}",
                expected=_one_of(f"$steps.{step}.", names, "a step with outputs; this one has none"),
                nearest=nearest(output, names),
                hint="correct the name of the output" if names else "read from another step",
                **details,
            )
        elif source.outputs is not None:
            return Key(step, output)
        return None

    def _unknown_step(self, name: str, found: str, path: Path, details: dict[str, str]) -> None:
        self.found.add(
            "unknown-step",
            f"there is no step {name!r}",
            path,
            found=found,
            expected=_one_of("", tuple(step for step in self.steps if step != details.get("step")), "another step"),
            nearest=nearest(name, self.steps),
            hint="correct the selector, or add the step under `steps`",
            **details,
        )

    def targeted(self, target: Target, step: str) -> tuple[str, ...]:
        """Return the steps that control flow leads to: one, or those of an inner workflow; note it if there is none."""
        name = target.selector.step
        if name in self.definition.inlined:
            return self.definition.inlined[name]
        if name not in self.steps:
            self._unknown_step(name, f"$steps.{name}", target.path, {"step": step, "field": target.field})
            return ()
        return (name,)

    def output(self, output: OutputDefinition) -> LinkedOutput | None:
        path = (*output.path, "selector")
        details = {"field": output.name}
        if output.members is not None:
            return self._members(output, output.members, path, details)
        match parse_selector(output.selector):
            case InputSelector(name):
                keys = (self._input(name, path, details),)
            case OutputSelector(step, "*"):
                return self._wildcard(output, step, path, details)
            case OutputSelector(step, name):
                keys = (self._output(step, name, path, details),)
            case _:
                self._no_output(output, path)
                return None
        return LinkedOutput(output, tuple(key for key in keys if key), None) if keys[0] else None

    def _members(
        self, output: OutputDefinition, members: Mapping[str, str], path: Path, details: dict[str, str]
    ) -> LinkedOutput | None:
        """All outputs of an inner workflow as one mapping."""
        keys = {}
        for name, selector in members.items():
            match parse_selector(selector):
                case InputSelector(source):
                    keys[name] = self._input(source, path, details)
                case OutputSelector(step, source):
                    keys[name] = self._output(step, source, path, details)
        found = {name: key for name, key in keys.items() if key}
        return LinkedOutput(output, tuple(found.values()), tuple(found)) if len(found) == len(members) else None

    def _no_output(self, output: OutputDefinition, path: Path) -> None:
        selector = parse_selector(output.selector)
        step = selector.step if isinstance(selector, StepSelector) else "NAME"
        what = "names a whole step" if selector else "is no selector"
        self.found.add(
            "malformed-selector",
            f"{output.selector!r} {what}; an output of the document is an input or an output of a step",
            path,
            field=output.name,
            expected=f"$inputs.NAME, $steps.{step}.OUTPUT, or $steps.{step}.* for all outputs of the step",
            found=output.selector,
            hint="add the name of the output, or `*`" if selector else "correct the selector",
        )

    def _wildcard(
        self, output: OutputDefinition, step: str, path: Path, details: dict[str, str]
    ) -> LinkedOutput | None:
        source = self.steps.get(step)
        if source is None:
            self._unknown_step(step, output.selector, path, details)
            return None
        if source.outputs is None:
            return None
        names = tuple(source.outputs)
        return LinkedOutput(output, tuple(Key(step, name) for name in names), names)


def _one_of(prefix: str, names: tuple[str, ...], otherwise: str) -> str:
    return ", ".join(f"{prefix}{name}" for name in names) if names else otherwise
