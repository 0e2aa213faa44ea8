"""Walks a plan over columns: steps whose inputs are ready run, and a column is freed after its last reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from traceback import clear_frames
from typing import Any, TypeAlias

from cropflow.compiler.plan import Plan, PlannedStep
from cropflow.errors import RunError
from cropflow.runtime.feeds import Columns
from cropflow.runtime.step import Outcome, StepReport, Surroundings, run_step

Work: TypeAlias = Callable[[PlannedStep], Outcome]
Executor: TypeAlias = Callable[[tuple[PlannedStep, ...], Work], Iterator[tuple[PlannedStep, Outcome]]]
"""Runs `work` for every step, after those it depends on, and yields each outcome before its dependants begin."""


def serial(steps: tuple[PlannedStep, ...], work: Work) -> Iterator[tuple[PlannedStep, Outcome]]:
    """Run one step after the other, in the order of the plan."""
    for step in steps:
        yield step, work(step)


def threaded(workers: int) -> Executor:
    """Make an executor that runs independent steps at the same time in at most `workers` threads."""

    def run(steps: tuple[PlannedStep, ...], work: Work) -> Iterator[tuple[PlannedStep, Outcome]]:
        waiting = {step.name: step for step in steps}
        done: set[str] = set()
        with ThreadPoolExecutor(workers, thread_name_prefix="cropflow") as pool:
            running: dict[Future[Outcome], PlannedStep] = {}
            while waiting or running:
                for name in [name for name, step in waiting.items() if done.issuperset(step.after)]:
                    step = waiting.pop(name)
                    running[pool.submit(work, step)] = step
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in [future for future in running if future in finished]:  # in the order they were begun
                    step = running.pop(future)
                    if future.exception():
                        pool.shutdown(cancel_futures=True)
                    yield step, future.result()
                    done.add(step.name)

    return run


def execute(
    plan: Plan,
    runs: Mapping[str, Callable[..., Any]],
    columns: Columns,
    around: Surroundings,
    executor: Executor = serial,
) -> tuple[list[RunError], list[StepReport]]:
    """Run all steps of a plan; `columns` holds the inputs and, afterwards, what the outputs read.

    Args:
        runs: the `run` of each step's block.

    Returns:
        The failures and the reports, both in the order of the plan.

    Raises:
        RunError: see `run_step`.
    """
    left = dict(plan.readers)
    outcomes: dict[str, Outcome] = {}
    for step, outcome in executor(plan.steps, lambda step: run_step(step, runs[step.name], columns, around)):
        outcomes[step.name] = outcome
        for key, column in outcome.columns.items():
            around.met(key, column.values)
        _keep(step, outcome, columns)
        for key in step.reads:
            left[key] -= 1
            if not left[key]:
                columns.columns.pop(key, None)
    ordered = [outcomes[step.name] for step in plan.steps]
    errors = [error for outcome in ordered for error in outcome.errors]
    _let_go(errors)
    return errors, [outcome.report for outcome in ordered]


def _let_go(errors: Iterable[RunError]) -> None:
    """Drop the values in the frames of failed calls: an error would keep whole columns for as long as it lives."""
    for error in errors:
        entry = error.__cause__.__traceback__ if error.__cause__ else None
        clear_frames(entry)
        frame = entry.tb_frame if entry else None
        with suppress(RuntimeError):  # from here on frames are still running
            while frame := frame and frame.f_back:
                frame.clear()


def _keep(step: PlannedStep, outcome: Outcome, columns: Columns) -> None:
    columns.columns.update(outcome.columns)
    outcome.columns.clear()  # outcomes stay until the run ends; columns must not
    columns.routes.update({(step.name, target): column for target, column in outcome.routes.items()})
    if outcome.axis is not None:
        columns.axes[step.name] = outcome.axis
