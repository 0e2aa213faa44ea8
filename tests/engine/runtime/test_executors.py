"""One behaviour suite over every executor: whoever runs the steps, the answers and the promises are the same."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given, settings

from cropflow import Block, Route, RunError, StepRef, Stream, Workflow
from cropflow.compiler.plan import INPUTS, Plan
from cropflow.compiler.prune import prune
from cropflow.result import Result, RunReport
from cropflow.runtime.executor import Executor, execute, serial, threaded
from cropflow.runtime.inputs import assemble
from cropflow.runtime.outputs import rows
from cropflow.runtime.step import Memory, Surroundings

from .graphs import Features, documents
from .levels import Refused
from .made import workflow
from .naive import NoValue, interpret
from .shapes import Document
from .test_against_naive import many

EXECUTORS = {"serial": serial, "one thread": threaded(1), "four threads": threaded(4)}
over_every_executor = pytest.mark.parametrize("executor", EXECUTORS.values(), ids=EXECUTORS.keys())
some = settings(many, max_examples=250)


def run(plan: Plan, inputs: dict[str, Any], executor: Executor, *, stop: bool = False) -> Result:
    """Run a plan as `Workflow.run` does, in an executor of choice."""
    errors: list[RunError] = []
    columns = assemble(plan, inputs, errors.append, {})
    batch = columns.axes.get(INPUTS)
    frames = [("", number) for number in range(batch.length if batch else 0)]
    around = Surroundings(batch, frames, Memory(), plan.targets, plan.axes, stop)
    runs = {step.name: block.run for step in plan.steps for block in [made(step)]}
    failed, reports = execute(plan, runs, columns, around, executor)
    return Result(rows(plan, columns), (*errors, *failed), RunReport(tuple(reports), 0.0))


def made(step: Any) -> Any:
    block = step.spec.make()
    block.step = step.name
    return block


@over_every_executor
@some
@given(document=documents(Features(batch=True, group=True, gates=True, missing=True, fails=True, effects=True, wild=0)))
def test_random_workflows_give_what_the_rules_say(executor: Executor, document: Document) -> None:
    try:
        expected = interpret(document)
    except (Refused, NoValue):
        assume(False)
    loaded, calls = workflow(document)
    plan = prune(loaded.plan)
    result = run(plan, {item.name: item.value for item in document.inputs}, executor)
    assert list(result) == expected.rows
    assert Counter((error.step, error.element) for error in result.errors) == Counter(expected.errors)
    assert [report.step for report in result.report.steps] == [step.name for step in plan.steps]
    for step in document.steps:
        if step.block.effects:
            elements = [element for call in calls.of.get(step.name, []) for element in call]
            assert elements == expected.ran[step.name]


class Out(NamedTuple):
    value: Any


class Add(Block):
    """Adds; tells `WATCH` when it begins and ends."""

    type = "test/add@v1"

    def run(self, values: list[Any]) -> Out:
        with WATCH.inside(self.step):
            return Out(sum(values))


class Slow(Block):
    type = "test/slow@v1"

    def run(self, value: Any) -> Out:
        with WATCH.inside(self.step):
            time.sleep(0.002)
            return Out(value)


class Sink(Block):
    type = "test/sink@v1"
    effects = True

    def run(self, value: Any) -> Out:
        with WATCH.inside(self.step):
            time.sleep(0.001)
            return Out(value)


class Shared(Block):
    type = "test/shared@v1"
    shares = "the bus"
    run = Slow.run


class Streaming(Block):
    type = "test/streaming@v1"

    def run(self, value: Any, stream: Stream) -> Out:
        with WATCH.inside(self.step):
            stream.state["last"] = value
            return Out(stream.frame)


class Meet(Block):
    """Comes back only when as many calls as the barrier asks for are inside at the same time."""

    type = "test/meet@v1"

    def run(self, value: Any) -> Out:
        BARRIER.wait(timeout=20)
        return Out(value)


class Fail(Block):
    type = "test/fail@v1"

    def run(self, value: Any) -> Out:
        raise ValueError(self.step)


class Gate(Block):
    type = "test/gate@v1"

    def run(self, value: Any, to: list[StepRef]) -> Route:
        return Route(to)


class Thing:
    """Something a weak reference can watch."""


class Make(Block):
    type = "test/make@v1"

    def run(self, value: Any) -> Out:
        thing = Thing()
        THINGS.append(weakref.ref(thing))
        return Out(thing)


class Census(Block):
    """Counts the things that are still alive."""

    type = "test/census@v1"

    def run(self, value: Any) -> Out:
        gc.collect()
        return Out(sum(thing() is not None for thing in THINGS))


class Watch:
    """Which steps were inside their blocks, in order of entering, and which overlapped."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.entered: list[str] = []
        self.now: list[str] = []
        self.overlaps: set[tuple[str, str]] = set()

    @contextmanager
    def inside(self, step: str) -> Iterator[None]:
        with self.lock:
            self.entered.append(step)
            self.overlaps.update((other, step) for other in self.now)
            self.now.append(step)
        yield
        with self.lock:
            self.now.remove(step)


WATCH = Watch()
THINGS: list[weakref.ref[Thing]] = []
BARRIER = threading.Barrier(3)
BLOCKS = [Add, Slow, Sink, Shared, Streaming, Meet, Fail, Gate, Make, Census]


@pytest.fixture(autouse=True)
def forget() -> None:
    WATCH.clear()
    THINGS.clear()
    BARRIER.reset()


def step(block: str, name: str, value: Any = "$inputs.n", **fields: Any) -> dict[str, Any]:
    given = {"values": value} if block == "add" else {"value": value}
    return {"type": f"test/{block}@v1", "name": name, **given, **fields}


def plan(*steps: dict[str, Any], shown: str = "") -> Plan:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "n"}],
        "steps": list(steps),
        "outputs": [{"type": "JsonField", "name": "out", "selector": shown}] if shown else [],
    }
    return Workflow.load(document, blocks=BLOCKS).plan


@over_every_executor
def test_a_step_begins_after_all_it_depends_on(executor: Executor) -> None:
    steps = [
        step("add", "sum", ["$steps.left.value", "$steps.right.value"]),
        step("slow", "right", "$steps.first.value"),
        step("slow", "left"),
        step("slow", "first"),
    ]
    assert [row["out"] for row in run(plan(*steps, shown="$steps.sum.value"), {"n": [1, 2]}, executor)] == [2, 4]
    begun = {name: WATCH.entered.index(name) for name in ("first", "left", "right", "sum")}
    assert begun["first"] < begun["right"] < begun["sum"] > begun["left"]


@over_every_executor
@pytest.mark.parametrize("block", ["sink", "shared"])
def test_effects_and_shared_resources_keep_element_and_document_order(executor: Executor, block: str) -> None:
    steps = [step("slow", "wait"), step(block, "a", "$steps.wait.value"), step(block, "b"), step(block, "c")]
    run(plan(*steps), {"n": [1, 2]}, executor)
    assert [name for name in WATCH.entered if name != "wait"] == ["a", "a", "b", "b", "c", "c"]
    assert not {(one, other) for one, other in WATCH.overlaps if "wait" not in (one, other)}


@over_every_executor
@pytest.mark.parametrize("block", ["sink", "shared"])
def test_effects_written_before_what_they_depend_on_do_not_wait_for_each_other(executor: Executor, block: str) -> None:
    steps = [step(block, "late", "$steps.early.value"), step(block, "early")]
    result = run(plan(*steps, shown="$steps.late.value"), {"n": [1]}, executor)
    assert result[0]["out"] == 1
    assert WATCH.entered == ["early", "late"]


@over_every_executor
def test_one_instance_is_never_run_twice_at_the_same_time(executor: Executor) -> None:
    steps = [step("slow", name) for name in "abcd"] + [step("streaming", name) for name in "ef"]
    run(plan(*steps), {"n": [1, 2, 3]}, executor)
    assert not {(one, other) for one, other in WATCH.overlaps if one == other}


def test_independent_steps_run_at_the_same_time() -> None:
    steps = [step("meet", "a"), step("meet", "b"), step("meet", "c")]
    result = run(plan(*steps, shown="$steps.b.value"), {"n": [1, 2]}, threaded(4), stop=True)
    assert [row["out"] for row in result] == [1, 2]


@over_every_executor
def test_a_failure_ends_the_run_and_nothing_that_depends_on_it_begins(executor: Executor) -> None:
    steps = [step("fail", "bad"), step("sink", "sink", "$steps.bad.value"), step("slow", "other")]
    with pytest.raises(RunError) as error:
        run(plan(*steps), {"n": [1, 2]}, executor, stop=True)
    assert (error.value.step, error.value.element) == ("bad", "n 0")
    assert isinstance(error.value.__cause__, ValueError)
    assert "sink" not in WATCH.entered


@over_every_executor
def test_failures_are_told_in_the_order_of_the_plan(executor: Executor) -> None:
    steps = [step("slow", "wait"), step("fail", "a", "$steps.wait.value"), step("fail", "b")]
    result = run(plan(*steps), {"n": [1, 2]}, executor)
    told = [(error.step, error.element) for error in result.errors]
    assert told == [("a", "n 0"), ("a", "n 1"), ("b", "n 0"), ("b", "n 1")]


@over_every_executor
def test_a_column_is_freed_after_its_last_reader(executor: Executor) -> None:
    steps = [
        step("make", "make"),
        step("gate", "early", "$steps.make.value", to=["$steps.count"]),
        step("census", "before", "$steps.make.value"),
        step("slow", "after", "$steps.before.value"),
        step("census", "count", "$steps.after.value"),
    ]
    steps[2]["value"] = "$steps.make.value"
    result = run(plan(*steps, shown="$steps.before.value"), {"n": [1, 2, 3]}, executor)
    assert [row["out"] for row in result] == [3, 3, 3]
    THINGS.clear()
    result = run(plan(*steps, shown="$steps.count.value"), {"n": [1, 2, 3]}, executor)
    assert [row["out"] for row in result] == [0, 0, 0]


@over_every_executor
def test_what_an_output_reads_stays_and_goes_with_the_result(executor: Executor) -> None:
    result = run(plan(step("make", "make"), shown="$steps.make.value"), {"n": [1, 2]}, executor)
    assert [thing() for thing in THINGS] == [row["out"] for row in result]
    del result
    gc.collect()
    assert [thing() for thing in THINGS] == [None, None]


@over_every_executor
def test_errors_keep_no_values_alive(executor: Executor) -> None:
    steps = [step("make", "make"), step("fail", "bad", "$steps.make.value")]
    result = run(plan(*steps, shown="$steps.bad.value"), {"n": [1, 2]}, executor)
    gc.collect()
    assert len(result.errors) == 2 and all(error.__cause__ is not None for error in result.errors)
    assert [thing() for thing in THINGS] == [None, None]


@over_every_executor
def test_a_workflow_without_steps_runs(executor: Executor) -> None:
    assert list(run(plan(shown="$inputs.n"), {"n": [1, 2]}, executor)) == [{"out": 1}, {"out": 2}]
