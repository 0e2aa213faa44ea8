"""JSON that a language model wrote: its fields as outputs, and a status that says whether all are there."""

from __future__ import annotations

from typing import Any

import pytest

from cropflow import Workflow, WorkflowError


def document(**fields: Any) -> dict[str, Any]:
    step = {"type": "roboflow_core/json_parser@v1", "name": "read", "raw_json": "$inputs.text"}
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "text", "kind": ["language_model_output"]}],
        "steps": [{**step, "expected_fields": ["a", "b"], **fields}],
        "outputs": [{"type": "JsonField", "name": "read", "selector": "$steps.read.*"}],
    }


@pytest.mark.parametrize(
    ("text", "a", "b", "wrong"),
    [
        ('{"a": 1, "b": {"c": [2]}}', 1, {"c": [2]}, False),
        ('{"a": null, "b": 3, "more": 4}', None, 3, False),
        ('{"a": 1}', 1, None, True),
        ('```json\n{"a": 1, "b": "x"}\n```', 1, "x", False),
        ('Sure!\n```JSON {"a": 1, "b": 2}``` and ```json\n{"a": 5}\n```', 1, 2, False),
        ('Sure: {"a": 1, "b": 2}', None, None, True),
        ("[1, 2]", None, None, True),
        ("null", None, None, True),
        ("", None, None, True),
        ('{"a": 1, "b"', None, None, True),
        ("[" * 100_000, None, None, True),
    ],
)
def test_fields_become_outputs(text: str, a: Any, b: Any, wrong: bool) -> None:
    with Workflow.load(document()) as workflow:
        assert workflow.run({"text": [text]})[0]["read"] == {"a": a, "b": b, "error_status": wrong}


def test_texts_of_a_batch_do_not_disturb_each_other() -> None:
    with Workflow.load(document(expected_fields=["a"])) as workflow:
        rows = workflow.run({"text": ['{"a": 1}', "no", '{"a": 3}']})
    assert [row["read"]["a"] for row in rows] == [1, None, 3]


def test_the_status_is_no_field() -> None:
    with pytest.raises(WorkflowError, match="'error_status' is an output of the step itself"):
        Workflow.load(document(expected_fields=["a", "error_status"]))
