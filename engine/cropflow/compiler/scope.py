"""Inner documents in their surroundings: what their names and selectors are in the outermost document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

from cropflow.compiler.arguments import Path
from cropflow.document.definition import Definition, OutputDefinition, StepDefinition
from cropflow.document.selectors import InputSelector, OutputSelector, StepSelector, is_selector, parse_selector
from cropflow.document.text import Positions
from cropflow.errors import Problem, nearest
from cropflow.registry import Registry


def is_inner(step: StepDefinition, registry: Registry) -> bool:
    """Whether a step stands for a document."""
    spec = registry.find(step.type)
    return spec is not None and spec.inlined is not None


def inner_fields(step: StepDefinition, registry: Registry) -> tuple[str, str]:
    """Return the fields of such a step that hold the document and bind its inputs."""
    spec = registry.find(step.type)
    assert spec is not None and spec.inlined is not None, "only asked of steps that stand for documents"
    return spec.inlined


class GiveUpError(Exception):
    """Nothing further can be told about inner workflows after this mistake."""


@dataclass(slots=True)
class Shared:
    """What is known across all nested documents."""

    registry: Registry
    problems: list[Problem] = field(default_factory=list)
    files: dict[Path, Positions] = field(default_factory=dict)
    count: int = 0


class Scope:
    """A document in its surroundings: what its inputs are bound to, and what its steps are called outside.

    Args:
        definition: the document.
        shared: see `Shared`.
        parent: the document around it, and the step of it that this one stands for; `None` for the outermost.
        root: where the document is put in, as a path of the outermost one.
        opened: the files that lead here, for finding circles.
    """

    def __init__(
        self,
        definition: Definition,
        shared: Shared,
        parent: tuple[Scope, StepDefinition] | None = None,
        root: Path = (),
        opened: tuple[str, ...] = (),
    ) -> None:
        self.definition = definition
        self.shared = shared
        self.parent = parent
        self.root = root
        self.opened = opened
        self.prefix: str = f"{parent[0].prefix}{parent[1].name}__" if parent else ""
        self.depth: int = parent[0].depth + 1 if parent else 0
        self.children: dict[str, Scope] = {}
        self._resolving: list[str] = []

    @property
    def inner(self) -> tuple[StepDefinition, ...]:
        """The steps that stand for documents."""
        return tuple(step for step in self.definition.steps if is_inner(step, self.shared.registry))

    def steps(self) -> Iterator[StepDefinition]:
        """Give the steps of this document and of those inside of it, with outermost names, selectors and paths."""
        for step in self.definition.steps:
            if step.name in self.children:
                yield from self.children[step.name].steps()
            else:
                fields = {name: self.rewrite(value, (*step.path, name)) for name, value in step.fields.items()}
                base = self.definition.base if self.parent else None
                path = (*self.root, *step.path)
                yield StepDefinition(f"{self.prefix}{step.name}", step.type, fields, path, base)

    def inlined(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Give the name of every inner workflow and the names of its steps."""
        for name, child in self.children.items():
            yield f"{self.prefix}{name}", tuple(step.name for step in child.steps())
            yield from child.inlined()

    def rewrite(self, value: object, path: Path) -> Any:
        """Return a field with every selector as it must be written outside."""
        if isinstance(value, str) and is_selector(value):
            return self.value(value, path)
        if isinstance(value, list):
            return [self.rewrite(item, (*path, i)) for i, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.rewrite(item, (*path, key)) for key, item in value.items()}
        return value

    def value(self, text: str, path: Path) -> Any:
        """Return what a selector of this document is outside: another selector, or a literal it is bound to."""
        match parse_selector(text):
            case InputSelector(name) if self.parent is not None:
                return self._bound(name, text, path)
            case OutputSelector(step, output) if step in self.children and output != "*":
                return self.children[step].result(output, text, path)
            case OutputSelector(step, output):
                return f"$steps.{self.prefix}{step}.{output}"
            case StepSelector(step):
                return f"$steps.{self.prefix}{step}"
        return text

    def result(self, name: str, text: str, path: Path) -> Any:
        """Return what an output of this inner document is outside."""
        outer, step = self._around
        found = next((output for output in self.definition.outputs if output.name == name), None)
        if found is None:
            names = tuple(output.name for output in self.definition.outputs)
            outer.refuse(
                "unknown-output",
                f"the inner workflow {step.name!r} has no output {name!r}",
                path,
                found=text,
                expected=", ".join(f"$steps.{step.name}.{known}" for known in names) or "an output; it has none",
                nearest=nearest(name, names),
                hint="correct the name, or add the output to the inner workflow",
            )
        if name in self._resolving:
            outer.refuse(
                "cycle",
                f"the output {name!r} of the inner workflow {step.name!r} waits for itself",
                path,
                found=text,
                hint=f"bind the inputs of {step.name!r} to something that does not need its outputs",
            )
        self._resolving.append(name)
        value = self.value(found.selector, (*found.path, "selector"))
        self._resolving.pop()
        return value

    def output(self, output: OutputDefinition) -> OutputDefinition:
        """Return an output of the outermost document with its selectors as they must be after inlining."""
        path = (*output.path, "selector")
        match parse_selector(output.selector):
            case OutputSelector(step, "*") if step in self.children:
                child = self.children[step]
                inner = {item.name: child.result(item.name, output.selector, path) for item in child.definition.outputs}
                return replace(output, members={name: self._column(value, path) for name, value in inner.items()})
        value = self.value(output.selector, path)
        return output if value == output.selector else replace(output, selector=self._column(value, path))

    def refuse(self, code: str, message: str, path: Path, **details: Any) -> NoReturn:
        """Note a mistake in this document and leave off."""
        position = self.definition.position(path)
        name = self.parent[1].name if self.parent else None
        self.shared.problems.append(
            Problem(code, message, position=position, path=(*self.root, *path), step=name, **details)
        )
        raise GiveUpError

    def refuse_unknown(self, message: str, path: Path, name: str, declared: Iterable[str], hint: str) -> NoReturn:
        """Note that there is no input of a name and leave off."""
        known = tuple(declared)
        expected = ", ".join(known) or "nothing; there are no inputs"
        near = nearest(name, known)
        self.refuse("unknown-input", message, path, found=name, expected=expected, nearest=near, hint=hint)

    @cached_property
    def bindings(self) -> Mapping[str, object]:
        """What the step around this document binds its inputs to, as written there."""
        outer, step = self._around
        given = step.fields.get(inner_fields(step, outer.shared.registry)[1])
        return given if isinstance(given, Mapping) else {}

    @property
    def _around(self) -> tuple[Scope, StepDefinition]:
        assert self.parent is not None, "the outermost document has no surroundings"
        return self.parent

    def _column(self, value: Any, path: Path) -> str:
        single = isinstance(value, str) and is_selector(value) and not value.endswith(".*")
        return str(value) if single else self._no_column(value, path)

    def _no_column(self, value: Any, path: Path) -> NoReturn:
        self.refuse(
            "malformed-selector",
            "this output of an inner workflow is no single column",
            path,
            expected="an output that a step of the inner workflow, or one of the outer inputs gives",
            found=repr(value),
            hint="name the outputs of the step one by one in the inner workflow; a fixed value needs no output",
        )

    def _bound(self, name: str, text: str, path: Path) -> Any:
        outer, step = self._around
        if name in self.bindings:
            return outer.rewrite(self.bindings[name], (*step.path, inner_fields(step, self.shared.registry)[1], name))
        declared = {item.name: item for item in self.definition.inputs}
        if name not in declared:
            hint = "correct the selector, or declare the input under `inputs`"
            self.refuse_unknown(f"there is no input {name!r}", path, name, declared, hint)
        return declared[name].default
