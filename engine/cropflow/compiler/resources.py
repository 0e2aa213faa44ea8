"""The last pass, when a workflow is loaded: what lies outside of the document is there.

Models are found but not loaded; resources are what blocks ask for in `__init__`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cropflow.compiler.plan import INPUTS, Argument, Plan, PlannedStep, Read, Value, leaves
from cropflow.compiler.problems import Found
from cropflow.document.definition import Definition
from cropflow.errors import ModelError, Problem
from cropflow.http import HttpClient
from cropflow.models.store import ModelStore
from cropflow.resources import OutputFolder, Resources

_WORDS: dict[type[Any], str] = {OutputFolder: "an output folder", HttpClient: "leave to send requests"}


def find_models(plan: Plan, store: ModelStore) -> list[Problem]:
    """Look for the weights behind every literal of kind `model_id`."""
    found = Found(plan.definition)
    for step in plan.steps:
        for port in step.spec.ports:
            argument = step.arguments[port.name]
            if isinstance(argument, Value) and argument.value and any(kind.name == "model_id" for kind in port.kinds):
                _look(step, port.name, str(argument.value), store, found)
    return found.problems


def named_models(plan: Plan) -> Iterator[tuple[str, Path | None]]:
    """Give each model that the document names, itself or as the default of an input, with the folder it starts from."""
    for step in plan.steps:
        for port in step.spec.ports:
            if any(kind.name == "model_id" for kind in port.kinds):
                model_id = named_model(plan, step.arguments[port.name])
                if model_id is not None:
                    yield model_id, step.base


def named_model(plan: Plan, argument: Argument) -> str | None:
    """Return the model a step names, or the default of the input that names it."""
    if isinstance(argument, Value):
        return str(argument.value) if argument.value else None
    if isinstance(argument, Read) and argument.key.step == INPUTS:
        default = next(item.default for item in plan.inputs if item.name == argument.key.output)
        return str(default) if default else None
    return None


def find_resources(plan: Plan, resources: Resources) -> list[Problem]:
    """Look for what blocks ask for in `__init__`."""
    found = Found(plan.definition)
    for step in plan.steps:
        for _, wanted in step.spec.resources:
            how = resources.missing(wanted)
            if how:
                what = _WORDS.get(wanted, f"a resource {wanted.__name__!r}")
                message = f"{step.spec.type} needs {what}, and none is given"
                found.add("missing-resource", message, _path(step, plan.definition), step=step.name, hint=how)
    return found.problems


def find_unready(plan: Plan, blocks: Mapping[str, Any]) -> list[Problem]:
    """Ask the blocks that want it whether they can run: `ready` takes settings by name and raises ValueError if not."""
    found = Found(plan.definition)
    for step in plan.steps:
        ready = getattr(blocks[step.name], "ready", None)
        settings = inspect.signature(ready).parameters if ready else ()
        values = {name: argument.value for name in settings if isinstance(argument := step.arguments[name], Value)}
        try:
            if ready:
                ready(**values)
        except ValueError as error:
            field = next(iter(settings), None)
            path = (*_path(step, plan.definition), *([field] if field else []))
            found.add("not-ready", str(error), path, step=step.name, field=field)
    return found.problems


def written_secrets(plan: Plan) -> Iterator[object]:
    """Give the secrets that stand in the document itself: in fields that take one, and as defaults of inputs."""
    for step in plan.steps:
        for port in step.spec.ports:
            if any(kind.name == "secret" for kind in port.leaf.kinds):
                yield from (leaf.value for leaf in leaves(step.arguments[port.name]) if isinstance(leaf, Value))
    for item in plan.inputs:
        if any(kind.name == "secret" for kind in item.kinds):
            yield item.default


def _look(step: PlannedStep, field: str, model_id: str, store: ModelStore, found: Found) -> None:
    try:
        store.locate(model_id, step.base)
    except ModelError as error:
        found.add(
            "unknown-model",
            error.message,
            (*_path(step, found.definition), field),
            step=step.name,
            field=field,
            expected=f"weights at {' or '.join(error.tried)}" if error.tried else None,
            found=model_id,
            nearest=error.nearest,
            hint=error.hint,
        )


def _path(step: PlannedStep, definition: Definition) -> tuple[str | int, ...]:
    return next(item.path for item in definition.steps if item.name == step.name)
