"""After the plan: steps that nobody asks for are left out, so that they cost nothing when it runs.

Asked for is what reaches an output, what has effects, and what gives nothing: that is there for an effect too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cropflow.compiler.plan import INPUTS, Key, Plan, PlannedStep
from cropflow.spec import BlockSpec


def prune(plan: Plan) -> Plan:
    """Return the plan without the steps that no output and no effect needs; their names are in `unused`."""
    wanted = {key.step for output in plan.outputs for key in output.keys}
    kept: list[PlannedStep] = []
    for step in reversed(plan.steps):
        if step.name in wanted or step.spec.effects or _gives_nothing(step.spec):
            wanted.update(_needs(step))
            kept.append(step)
    if len(kept) == len(plan.steps):
        return plan
    readers = Counter(key for step in kept for key in step.reads)
    readers.update(key for output in plan.outputs for key in output.keys)
    names = {step.name for step in kept}
    return replace(
        plan,
        steps=tuple(_without_others(step, names, readers) for step in reversed(kept)),
        readers=readers,
        unused=tuple(step.name for step in plan.steps if step.name not in names),
    )


def _gives_nothing(spec: BlockSpec) -> bool:
    return not (spec.outputs or spec.dynamic_outputs or spec.routes)


def _needs(step: PlannedStep) -> set[str]:
    return {key.step for key in step.reads} - {INPUTS} | {gate.step for gate in step.gates}


def _without_others(step: PlannedStep, names: set[str], readers: Counter[Key]) -> PlannedStep:
    kept = tuple(name for name in step.kept if readers[Key(step.name, name)])
    return replace(step, kept=kept, after=tuple(name for name in step.after if name in names))
