"""Puts requests that ask the same of one workflow into one run of it, so that the engine works once for all of them.

A run costs about the same for one small picture as for many, and what models share is only a part of that. Only runs
whose rows know nothing of each other are put together, and whose blocks may be called again: a request that fails among
others is run once more by itself, so that it is told what it would be told alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from cropflow.compiler.plan import INPUTS, Plan
from cropflow.cores import cores
from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.models import Batching, ModelStore
from cropflow.models.gather import Gatherer
from cropflow.result import Result
from cropflow.server.desk import Cancelled
from cropflow.workflow import Workflow

_LARGEST = 2**21
"""Pixels of a picture that shares a run, those of a video of 1080 lines; larger ones would hold up the others."""
_ABREAST = max(1, cores() // 2)
"""Runs of one workflow at the same time: the other half of the cores is for HTTP and the threads of the models."""


@dataclass(frozen=True, slots=True)
class _Member:
    """What one request gives to a run: its pictures by the names of inputs, and how it wants to be run."""

    pictures: Mapping[str, Image]
    on_error: Literal["raise", "skip"]
    cancelled: Cancelled


class Meeting:
    """Where requests meet before they run.

    Args:
        batching: how many pictures may meet, and how long they wait for each other.
        ran: told of each run that requests may share.
    """

    def __init__(self, batching: Batching, ran: Callable[[Workflow, Result], None]) -> None:
        self._batching = batching
        self._ran = ran
        self._gatherers: WeakKeyDictionary[Workflow, Gatherer | None] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def run(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Any],
        cancelled: Cancelled,
        on_error: Literal["raise", "skip"],
    ) -> Result | None:
        """Return the answer to one request, or `None` if it has to run alone."""
        gatherer, plan = self._gatherer(workflow), workflow.plan
        batches = {item.name for item in plan.inputs if item.level}
        if gatherer is None or not batches <= inputs.keys() <= {item.name for item in plan.inputs}:
            return None
        pictures = {name: inputs[name] for name in batches}
        values = {name: value for name, value in inputs.items() if name not in batches}
        try:
            key = json.dumps(sorted(values.items()))
        except (TypeError, ValueError):  # such as a file for an input that takes bytes
            return None
        if not all(map(_is_small, pictures.values())):
            return None

        def work(members: Sequence[_Member]) -> list[Result | None]:
            return self._together(workflow, values, members)

        (answer,) = gatherer.call(key, [_Member(pictures, on_error, cancelled)], work)
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
        """Run once for all; who was called off, or met an error among others, gets no answer and runs alone."""
        if len(members) == 1:
            (one,) = members
            inputs = {**values, **one.pictures}
            result = workflow.run(inputs, on_error=one.on_error, remember=False, cancelled=one.cancelled)
            self._ran(workflow, result)
            return [result]
        live = [place for place, member in enumerate(members) if not member.cancelled()]
        answers: list[Result | None] = [None] * len(members)
        if live:
            batches = {name: [members[place].pictures[name] for place in live] for name in members[0].pictures}
            result = workflow.run(
                {**values, **batches},
                on_error="skip",
                remember=False,
                cancelled=lambda: all(members[place].cancelled() for place in live),
            )
            self._ran(workflow, result)
            failed = {error.row for error in result.errors}
            for row, place in enumerate(live):
                if not failed & {row, None}:
                    answers[place] = Result([result[row]], (), result.report)
        return answers


def _is_small(picture: Any) -> bool:
    """Decode a picture, here in the thread of its request; `False` if it is large or none."""
    if not isinstance(picture, Image):
        return False
    try:
        return picture.width * picture.height <= _LARGEST and picture.pixels.size > 0
    except ImageError:
        return False


def may_meet(plan: Plan) -> bool:
    """Whether sharing pays, each row of a run depends on its own pictures alone, and running twice does nothing twice.

    It pays where there are models, which work for one request after the other anyway; all other work is done faster
    side by side.
    """
    batches = [item for item in plan.inputs if item.level]
    return (
        any(wanted is ModelStore for step in plan.steps for _, wanted in step.spec.resources)
        and any(plan.lineages[key][:1] == (INPUTS,) for output in plan.outputs for key in output.keys)
        and all(item.level == (INPUTS,) and any(kind.name == "image" for kind in item.kinds) for item in batches)
        and all(step.level[:1] == (INPUTS,) for step in plan.steps)
        and not plan.remembers
        and not any(step.spec.effects or step.spec.whole or step.spec.shares for step in plan.steps)
    )
