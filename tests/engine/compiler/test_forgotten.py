"""Text that reads like a selector of the document gets a warning; other text does not."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import pytest

from cropflow import Block, Setting, Workflow


class Keep(Block):
    """Gives back what it gets."""

    type = "forgotten/keep@v1"

    class Output(NamedTuple):
        value: Any

    def run(self, value: Any, rest: dict[str, Any] | None = None, title: Setting[str] = "") -> Output:
        return self.Output(value)


def told(caplog: pytest.LogCaptureFixture, **fields: Any) -> list[str]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "size"}],
        "steps": [
            {"type": "forgotten/keep@v1", "name": "first", "value": "$inputs.size"},
            {"type": "forgotten/keep@v1", "name": "second", "value": 1, **fields},
        ],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.{name}.value"} for name in ("first", "second")
        ],
    }
    with caplog.at_level(logging.WARNING, "cropflow"):
        Workflow.load(document, blocks=[Keep]).close()
    return [record.getMessage() for record in caplog.records]


def test_the_step_and_the_selector_are_told(caplog: pytest.LogCaptureFixture) -> None:
    message = (
        "step 'second', field 'value': 'steps.first.value' looks like a selector; did you mean $steps.first.value?"
    )
    assert told(caplog, value="steps.first.value") == [message]


@pytest.mark.parametrize("field", ["value", "rest"])
def test_members_of_mappings_and_lists_count(field: str, caplog: pytest.LogCaptureFixture) -> None:
    messages = told(caplog, **{field: {"a": "inputs.size", "b": ["steps.first.other"]}})
    assert [message.rpartition("did you mean ")[2] for message in messages] == ["$inputs.size?", "$steps.first.other?"]


@pytest.mark.parametrize("text", ["steps.none.value", "inputs.none", "steps.first", "see steps.first.value", "size"])
def test_text_that_names_nothing_is_text(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, value=text) == []


def test_settings_take_no_selector(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, title="inputs.size") == []


def test_the_place_is_told_where_there_is_one(caplog: pytest.LogCaptureFixture) -> None:
    text = """
version: "1.0"
inputs: [{type: WorkflowParameter, name: size}]
steps:
  - {type: forgotten/keep@v1, name: keep, value: inputs.size}
outputs: [{type: JsonField, name: out, selector: $steps.keep.value}]
"""
    with caplog.at_level(logging.WARNING, "cropflow"):
        Workflow.loads(text, blocks=[Keep]).close()
    assert caplog.records[0].getMessage().startswith("<document>:5:43: step 'keep', field 'value': 'inputs.size'")
