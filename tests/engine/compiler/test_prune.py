"""Steps that nobody asks for do not run, and it is told; what is asked for runs with all it needs."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import pytest

from cropflow import Block, Workflow
from cropflow.block import Route, StepRef

RAN: list[str] = []


class Say(Block):
    """Notes that it ran, and gives its text on."""

    type = "prune/say@v1"

    class Output(NamedTuple):
        text: str

    def run(self, text: str) -> Output:
        RAN.append(self.step)
        return self.Output(text)


class Save(Block):
    """Has an effect."""

    type = "prune/save@v1"
    effects = True

    class Output(NamedTuple):
        path: str

    def run(self, text: str) -> Output:
        RAN.append(self.step)
        return self.Output(text)


class Print(Block):
    """Gives nothing."""

    type = "prune/print@v1"

    def run(self, text: str) -> None:
        RAN.append(self.step)


class Gate(Block):
    """Lets everything through."""

    type = "prune/gate@v1"

    def run(self, text: str, next_steps: list[StepRef]) -> Route:
        RAN.append(self.step)
        return Route(next_steps)


def load(steps: dict[str, dict[str, Any]], *outputs: str) -> Workflow:
    RAN.clear()
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "text", "default_value": "a"}],
        "steps": [{"name": name, "text": "$inputs.text", **step} for name, step in steps.items()],
        "outputs": [{"type": "JsonField", "name": f"o{i}", "selector": text} for i, text in enumerate(outputs)],
    }
    return Workflow.load(document, blocks=[Say, Save, Print, Gate])


def test_only_what_is_asked_for_runs(caplog: pytest.LogCaptureFixture) -> None:
    steps: dict[str, dict[str, Any]] = {
        "first": {"type": "prune/say@v1"},
        "dead": {"type": "prune/say@v1", "text": "$steps.first.text"},
        "deader": {"type": "prune/say@v1", "text": "$steps.dead.text"},
        "second": {"type": "prune/say@v1", "text": "$steps.first.text"},
        "save": {"type": "prune/save@v1", "text": "$steps.second.text"},
        "print": {"type": "prune/print@v1"},
        "shown": {"type": "prune/say@v1"},
    }
    with caplog.at_level(logging.WARNING, "cropflow"):
        workflow = load(steps, "$steps.shown.text")
    assert [record.getMessage() for record in caplog.records] == [
        "left out, since no output and no sink needs it: 'dead', 'deader'"
    ]
    result = workflow.run()
    assert RAN == ["first", "second", "save", "print", "shown"]
    assert [step.step for step in result.report.steps] == RAN


def test_gates_before_what_is_asked_for_run_and_others_do_not() -> None:
    steps: dict[str, dict[str, Any]] = {
        "open": {"type": "prune/gate@v1", "next_steps": ["$steps.shown", "$steps.dead"]},
        "idle": {"type": "prune/gate@v1", "next_steps": ["$steps.dead"]},
        "shown": {"type": "prune/say@v1"},
        "dead": {"type": "prune/say@v1"},
    }
    assert load(steps, "$steps.shown.text").run()[0] == {"o0": "a"}
    assert RAN == ["open", "shown"]


def test_what_is_left_out_is_still_checked_and_its_weights_are_not_looked_for() -> None:
    unread = {"type": "object_detection_model@v2", "images": "$inputs.image", "model_id": "no/such.pt"}
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"name": "unread", **unread}],
        "outputs": [],
    }
    Workflow.load(document).close()
    with pytest.raises(Exception, match="confidence"):
        Workflow.load({**document, "steps": [{"name": "unread", **unread, "confidence": 3}]})
