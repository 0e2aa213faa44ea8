"""Pass 1: inner workflows give way to their steps, so that all later passes see one flat document.

A step that stands for another document is replaced by the steps of that document, called `<step>__<inner step>`.
Selectors are rewritten: inner inputs become what they are bound to, outputs of the step become what the inner
document gives out. Paths lead into the inner document, so later mistakes are told at their place there.
"""

from __future__ import annotations

from dataclasses import replace

from cropflow.compiler.opening import open_inner
from cropflow.compiler.scope import GiveUpError, Scope, Shared, is_inner
from cropflow.document.definition import Definition, StepDefinition
from cropflow.errors import Problem
from cropflow.registry import Registry


def inline(definition: Definition, registry: Registry) -> tuple[Definition, list[Problem]]:
    """Put the steps of inner workflows in their places; a document without any is returned as it is."""
    if not any(is_inner(step, registry) for step in definition.steps):
        return definition, []
    shared = Shared(registry)
    try:
        outer = Scope(definition, shared)
        open_inner(outer)
        flat = replace(
            definition,
            steps=_unique(outer, shared),
            outputs=tuple(outer.output(output) for output in definition.outputs),
            files=shared.files,
            inlined=dict(outer.inlined()),
        )
    except GiveUpError:
        return definition, shared.problems
    return flat, shared.problems


def _unique(outer: Scope, shared: Shared) -> tuple[StepDefinition, ...]:
    steps: dict[str, StepDefinition] = {}
    for step in outer.steps():
        if steps.setdefault(step.name, step) is not step:
            shared.problems.append(
                Problem(
                    "duplicate-name",
                    f"two steps are called {step.name!r}, one of them inside of an inner workflow",
                    path=step.path,
                    step=step.name,
                    hint="rename the outer one; inner steps are called <step>__<inner step>",
                )
            )
    return tuple(steps.values())
