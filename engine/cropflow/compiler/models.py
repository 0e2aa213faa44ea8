"""Pass 7: the models a document names are there; found by the store, not loaded."""

from __future__ import annotations

from cropflow.compiler.plan import Plan, PlannedStep, Value
from cropflow.compiler.problems import Found
from cropflow.errors import ModelError, Problem
from cropflow.models.store import ModelStore


def find_models(plan: Plan, store: ModelStore) -> list[Problem]:
    """Look for the weights behind every literal of kind `model_id`."""
    found = Found(plan.definition)
    for step in plan.steps:
        for port in step.spec.ports:
            argument = step.arguments[port.name]
            if isinstance(argument, Value) and argument.value and any(kind.name == "model_id" for kind in port.kinds):
                _look(step, port.name, str(argument.value), store, found)
    return found.problems


def _look(step: PlannedStep, field: str, model_id: str, store: ModelStore, found: Found) -> None:
    try:
        store.locate(model_id, found.definition.base)
    except ModelError as error:
        path = next(item.path for item in found.definition.steps if item.name == step.name)
        found.add("unknown-model", str(error), (*path, field), step=step.name, field=field)
