"""What the weights behind a step say about themselves, or why nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from cropflow.compiler.plan import Plan, PlannedStep, Read
from cropflow.compiler.resources import named_model
from cropflow.errors import ModelError
from cropflow.models.protocol import ModelInfo, Task
from cropflow.models.store import ModelStore

_SHOWN_CLASSES = 10


def model_facts(plan: Plan, step: PlannedStep, store: ModelStore) -> Iterator[str]:
    """Give lines about every model of a step; its weights are loaded. What cannot be told is said in their place."""
    for port in step.spec.ports:
        argument = step.arguments[port.name]
        if any(kind.name == "model_id" for kind in port.kinds):
            model_id = named_model(plan, argument)
            if model_id is None and isinstance(argument, Read):
                yield f"known when it runs, from {argument.key}"
            elif model_id is not None:
                yield from _told(model_id, step, store)


def _told(model_id: str, step: PlannedStep, store: ModelStore) -> Iterator[str]:
    try:
        info = store.get(model_id, step.base, get_args(Task)).info
    except ModelError as error:
        yield f"{model_id}: not loaded\n{error}"
        return
    yield f"{model_id}: {info.task}, {_size(info)} pixels, {info.runtime} on {info.device}"
    yield _classes(info.names)
    tasks: tuple[Task, ...] = getattr(step.spec.make, "tasks", get_args(Task))
    if info.task not in tasks:
        yield f"does not fit: {step.spec.type} needs weights that do {' or '.join(tasks)}"


def _size(info: ModelInfo) -> str:
    height, width = info.image_size
    return f"{width} × {height}"


def _classes(names: tuple[str, ...]) -> str:
    count = f"{len(names)} class{'' if len(names) == 1 else 'es'}"
    shown = [*names[: _SHOWN_CLASSES - 1], "…", names[-1]] if len(names) > _SHOWN_CLASSES else names
    return f"{count}: {', '.join(shown)}"
