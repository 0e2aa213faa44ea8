"""Puts requests that ask the same of one workflow into one run of it, so that the engine works once for all of them.

A run costs about the same for one picture as for many small ones, and what models share is only a part of that. Only
runs whose rows know nothing of each other are put together, and whose blocks may be called again: a request that fails
among others is run once more by itself, so that it is told what it would be told alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from cropflow.compiler.plan import INPUTS, Plan
from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.models import Batching
from cropflow.models.gather import Gatherer
from cropflow.result import Result
from cropflow.server.desk import Cancelled
from cropflow.workflow import Workflow

_ABREAST = max(1, (os.cpu_count() or 1) // 2)
"""Runs of one workflow at the same time: the other half of the cores is for HTTP and the threads of the models."""


@dataclass(frozen=True, slots=True)
class _Member:
    """What one request gives to a run: its pictures by the names of inputs, and whether it was called off."""

    pictures: Mapping[str, Image]
    cancelled: Cancelled


class Meeting:
    """Where requests meet before they run.

    Args:
        batching: how many pictures may meet, and how long they wait for each other.
        ran: told of each run that was shared.
    """

    def __init__(self, batching: Batching, ran: Callable[[Workflow, Result], None]) -> None:
        self._batching = batching
        self._ran = ran
        self._gatherers: WeakKeyDictionary[Workflow, Gatherer | None] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def run(self, workflow: Workflow, inputs: Mapping[str, Any], cancelled: Cancelled) -> Result | None:
        """Return the answer to one request, or `None` if it has to run alone."""
        gatherer = self._gatherer(workflow)
        if gatherer is None:
            return None
        batches = [item.name for item in workflow.plan.inputs if item.level]
        pictures = {name: inputs[name] for name in batches if isinstance(inputs.get(name), Image)}
        values = {name: value for name, value in inputs.items() if name not in pictures}
        if len(pictures) < len(batches) or not all(map(_is_decoded, pictures.values())):
            return None
        try:
            key = json.dumps(values, sort_keys=True)
        except (TypeError, ValueError):  # such as a file for an input that takes bytes
            return None

        def work(members: Sequence[_Member]) -> list[Result | None]:
            return self._together(workflow, values, members)

        (answer,) = gatherer.call(key, [_Member(pictures, cancelled)], work)
        return answer  # type: ignore[no-any-return]

    def _gatherer(self, workflow: Workflow) -> Gatherer | None:
        with self._lock:
            if workflow not in self._gatherers:
                fits = self._batching.largest > 1 and may_meet(workflow.plan)
                self._gatherers[workflow] = Gatherer(self._batching, abreast=_ABREAST) if fits else None
            return self._gatherers[workflow]

    def _together(
        self, workflow: Workflow, values: Mapping[str, Any], members: Sequence[_Member]
    ) -> list[Result | None]:
        """Run once for all; who met an error gets none."""
        batches = {name: [member.pictures[name] for member in members] for name in members[0].pictures}
        result = workflow.run(
            {**values, **batches},
            on_error="skip",
            remember=False,
            cancelled=lambda: all(member.cancelled() for member in members),
        )
        self._ran(workflow, result)
        failed = {error.row for error in result.errors}
        if None in failed:
            return [None] * len(members)
        return [None if row in failed else Result([made], (), result.report) for row, made in enumerate(result)]


def _is_decoded(picture: Image) -> bool:
    """Decode a picture, here in the thread of its request; `False` if it is none."""
    try:
        return picture.pixels.size > 0
    except ImageError:
        return False


def may_meet(plan: Plan) -> bool:
    """Whether each row of a run depends on its own pictures alone, and running twice does nothing twice."""
    batches = [item for item in plan.inputs if item.level]
    return (
        bool(batches)
        and all(item.level == (INPUTS,) and any(kind.name == "image" for kind in item.kinds) for item in batches)
        and all(step.level[:1] == (INPUTS,) for step in plan.steps)
        and not plan.remembers
        and not any(step.spec.effects or step.spec.whole or step.spec.shares for step in plan.steps)
    )
