"""Runs one step: prepare, call, scatter; failures become records that name step, block and element."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cropflow.block import Stream
from cropflow.compiler.plan import Key, PlannedStep
from cropflow.errors import CancelledError, CropflowError, RunError
from cropflow.runtime.answers import fan_out, routes, scatter
from cropflow.runtime.axis import Axis
from cropflow.runtime.calls import FATAL, call, failed
from cropflow.runtime.checks import checked
from cropflow.runtime.column import Column
from cropflow.runtime.feeds import Columns, Items, Prepared, prepare
from cropflow.runtime.promises import reviewed


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step did in one run.

    Attributes:
        elements: how many elements its level has.
        skipped: how many did not run: gated, or without a value.
        failed: how many failed.
        calls: how often `run` was called.
        seconds: wall-clock time in the step.
        started: when it began, in seconds as `time.perf_counter` gives them.
        thread: number of the thread it ran in.
    """

    step: str
    block: str
    elements: int
    skipped: int
    failed: int
    calls: int
    seconds: float
    started: float = 0.0
    thread: int = 0


@dataclass(slots=True)
class Outcome:
    """What a step leaves behind: its columns and routes, the axis of its fan-out, its failures and its report."""

    columns: dict[Key, Column]
    routes: dict[str, Column]
    axis: Axis | None
    errors: list[RunError]
    report: StepReport


@dataclass(slots=True)
class Memory:
    """What steps remember of streams from run to run, and the frame each stream has reached."""

    states: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def state(self, owner: str, stream: str) -> dict[str, Any]:
        """Return what a step or a shared resource remembers of a stream, empty at first."""
        return self.states.setdefault((owner, stream), {})

    def forget(self, stream: str | None = None) -> None:
        """Forget one stream, or all; what is remembered and has a `close` is closed."""
        gone = [key for key in self.states if stream in (None, key[1])]
        for value in [value for key in gone for value in self.states.pop(key).values()]:
            getattr(value, "close", lambda: None)()


class Surroundings:
    """What a step needs to know of the run around it.

    Args:
        batch: the axis of the batch; `None` where the document has no batch input.
        frames: identity of the stream and number of the frame of each batch element.
        memory: what steps remember.
        targets: for each control-flow step, the steps it may send elements to.
        titles: for each fan-out step, what its elements are called.
        stop: raise the first failure in place of recording it.
        effects: whether blocks with effects are called; if not, their elements are skipped.
        met: told about every column before a step reads it.
        cancelled: asked before every call of a block; once it says so, the run ends.
    """

    def __init__(
        self,
        batch: Axis | None,
        frames: Sequence[tuple[str, int]],
        memory: Memory,
        targets: Mapping[str, Sequence[str]],
        titles: Mapping[str, str],
        stop: bool,
        effects: bool = True,
        met: Callable[[Key, Iterable[Any]], None] = lambda key, values: None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.batch = batch
        self.frames = frames
        self.memory = memory
        self.targets = targets
        self.titles = titles
        self.stop = stop
        self.effects = effects
        self.met = met
        self._cancelled = cancelled

    def check(self) -> None:
        """Raise CancelledError if the run was called off."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("the run was cancelled")

    def row(self, axis: Axis, index: int) -> int | None:
        """Return the batch element an element belongs to; `None` where it belongs to no single one."""
        while axis.parent is not None:
            if axis is self.batch:
                return index
            index, axis = int(axis.parents[index]), axis.parent
        return None

    def stream(self, owner: str, axis: Axis, index: int) -> Stream:
        """Return the stream of an element, with what the owner, a step or a shared resource, remembers of it."""
        row = self.row(axis, index)
        name, frame = self.frames[row] if row is not None else ("", 0)
        return Stream(name, frame, self.memory.state(owner, name))


def run_step(step: PlannedStep, run: Callable[..., Any], columns: Columns, around: Surroundings) -> Outcome:
    """Run one step over all its elements.

    Raises:
        RunError: an element failed and `around.stop` is set, or the failure would meet every element.
        CancelledError: the run was called off.
    """
    around.check()
    started = time.perf_counter()
    failures = _Failures(step, around)
    prepared = prepare(checked(step, columns, failures.add), columns)
    if step.spec.effects and not around.effects:
        prepared = replace(prepared, chosen=np.empty(0, np.intp), count=0)
    if step.spec.stream:
        prepared = _with_streams(step, step.spec.stream, prepared, around)
    unfit = len(failures.errors)
    try:
        answers, calls = call(step.spec, run, prepared, stop=around.stop, check=around.check)
    except FATAL as cause:
        raise failures.error("", None, cause) from cause
    answers = reviewed(step, answers)
    for number in failed(answers):
        failures.add(prepared.axis, prepared.place(number), answers[number].cause)
    seconds = time.perf_counter() - started
    length, errors = prepared.axis.length, failures.errors
    skipped = max(0, length - prepared.count - unfit)
    thread = threading.get_ident()
    report = StepReport(step.name, step.spec.type, length, skipped, len(errors), calls, seconds, started, thread)
    return _outcome(step, prepared, answers, around, errors, report)


def _outcome(
    step: PlannedStep,
    prepared: Prepared,
    answers: list[Any],
    around: Surroundings,
    errors: list[RunError],
    report: StepReport,
) -> Outcome:
    if step.spec.routes:
        sent = routes(step, prepared, answers, around.targets.get(step.name, ()))
        return Outcome({}, sent, None, errors, report)
    if step.spec.fan_out:
        axis, made = fan_out(step, prepared, answers, around.titles.get(step.name, step.name))
        return Outcome(made, {}, axis, errors, report)
    return Outcome(scatter(step, prepared, answers), {}, None, errors, report)


class _Failures:
    """Collects what failed in a step, or raises the first failure."""

    def __init__(self, step: PlannedStep, around: Surroundings) -> None:
        self.step = step
        self.around = around
        self.errors: list[RunError] = []

    def add(self, axis: Axis, index: int, cause: Exception) -> None:
        error = self.error(axis.path(index), self.around.row(axis, index), cause)
        if self.around.stop:
            raise error from cause
        self.errors.append(error)

    def error(self, element: str, row: int | None, cause: Exception) -> RunError:
        error = RunError(_told(cause), step=self.step.name, block=self.step.spec.type, element=element, row=row)
        error.__cause__ = cause
        return error


def _told(cause: Exception) -> str:
    """What went wrong, and for a change of pixels in place also the way out, which numpy cannot know."""
    if isinstance(cause, CropflowError):
        return str(cause)
    hint = "; pixels are shared with other steps: call .copy() first and change that" if _is_locked(cause) else ""
    return f"{type(cause).__name__}: {cause}{hint}"


def _is_locked(cause: Exception) -> bool:
    return isinstance(cause, ValueError) and str(cause) in (
        "assignment destination is read-only",
        "output array is read-only",
    )


def _with_streams(step: PlannedStep, name: str, prepared: Prepared, around: Surroundings) -> Prepared:
    owner = step.name if step.spec.shares is None else f"resource {step.spec.shares}"
    streams = [around.stream(owner, prepared.axis, prepared.place(i)) for i in range(prepared.count)]
    return replace(prepared, feeds={**prepared.feeds, name: Items(streams)})
