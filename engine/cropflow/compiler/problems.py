"""Collects the mistakes one pass finds, each with its place in the document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from cropflow.document.definition import Definition, InputDefinition, OutputDefinition, StepDefinition
from cropflow.errors import Problem, WorkflowError
from cropflow.spec import BlockSpec, PortSpec

Part: TypeAlias = InputDefinition | StepDefinition | OutputDefinition


class Found:
    """The mistakes found by a pass over a document."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.problems: list[Problem] = []

    def add(self, code: str, message: str, path: tuple[str | int, ...], **details: Any) -> None:
        """Note a mistake at a place of the document; details are fields of `Problem`."""
        position = self.definition.position(path)
        self.problems.append(Problem(code, message, position=position, path=path, **details))

    def missing(self, step: StepDefinition, port: PortSpec, spec: BlockSpec) -> None:
        """Note a required field that is not there."""
        kinds = " or ".join(map(str, port.leaf.kinds)) or "steps"
        self.add(
            "missing-field",
            f"the field {port.name!r} is missing",
            step.path,
            step=step.name,
            field=port.name,
            expected=f"{kinds}: {port.doc}" if port.doc else kinds,
            hint=f"add `{port.name}: ...` to the step; {spec.type} cannot do without it",
        )

    def malformed(self, text: str, path: tuple[str | int, ...], **details: Any) -> None:
        """Note text that begins like a selector but is none."""
        self.add(
            "malformed-selector",
            f"{text!r} is no selector",
            path,
            expected="$inputs.NAME, $steps.NAME.OUTPUT or, for control flow, $steps.NAME",
            found=text,
            hint="correct the selector",
            **details,
        )


def refuse(problems: Iterable[Problem], definition: Definition | None = None) -> None:
    """Raise all problems together, in document order; do nothing if there are none.

    Args:
        problems: what was found.
        definition: gives the order of fields where the document was a mapping and has no positions.

    Raises:
        WorkflowError: there is at least one.
    """
    ordered = sorted(problems, key=lambda problem: _place(problem, definition))
    if ordered:
        raise WorkflowError(ordered)


def _place(problem: Problem, definition: Definition | None) -> tuple[int, ...]:
    if problem.position is not None or definition is None:
        return (problem.position.line, problem.position.column) if problem.position else ()
    parts: tuple[Part, ...] = (*definition.inputs, *definition.steps, *definition.outputs)
    for number, part in enumerate(parts):
        if problem.path[: len(part.path)] == part.path:
            fields = list(part.fields) if isinstance(part, StepDefinition) else []
            field = next(iter(problem.path[len(part.path) :]), None)
            return number, fields.index(field) if field in fields else -1
    return (len(parts),)
