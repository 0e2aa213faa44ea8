"""Secrets reach the steps and servers they are for, and no way out of a workflow shows them."""

from __future__ import annotations

import csv
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from cropflow import (
    Block,
    HttpClient,
    InputError,
    OutputFolder,
    RunError,
    Secrets,
    Workflow,
    WorkflowError,
)

from ...recorder import Recorder, recording

KEY = 'hunter2"x'
STORE = {"type": "roboflow_core/environment_secrets_store@v1", "name": "keys", "variables_storing_secrets": ["API_KEY"]}
IMAGE = {"type": "WorkflowImage", "name": "image"}


class Fill(Block):
    """Write a secret into text, as string_template does."""

    type = "testing/fill@v1"

    class Output(NamedTuple):
        """The text."""

        text: str
        parts: dict[str, Any]

    def run(self, key: str, number: str = "") -> Output:
        """Fill in, log it, and fail where asked to."""
        logging.getLogger("cropflow").warning("calling with %s", key)
        if number == "bad":
            raise KeyError(key)
        return self.Output(f"Bearer {key}", {"list": [key], key: f"<{key}>"})


@pytest.fixture
def site() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", KEY)


def document(*steps: dict[str, Any], inputs: list[dict[str, Any]] | None = None, **outputs: str) -> dict[str, Any]:
    fields = [{"type": "JsonField", "name": name, "selector": selector} for name, selector in outputs.items()]
    return {"version": "1.0", "inputs": inputs or [], "steps": [STORE, *steps], "outputs": fields}


def fill(**fields: Any) -> dict[str, Any]:
    return {"type": "testing/fill@v1", "name": "fill", "key": "$steps.keys.api_key", **fields}


NUMBERS = [{"type": "WorkflowBatchInput", "name": "number", "kind": ["string"]}]


def clean(text: str) -> bool:
    return "hunter2" not in text


def test_results_show_no_secret_wherever_it_went() -> None:
    outputs = {"key": "$steps.keys.*", "text": "$steps.fill.text", "parts": "$steps.fill.parts"}
    with Workflow.load(document(fill(), **outputs), blocks=[Fill]) as workflow:
        result = workflow.run()
    assert result[0] == {
        "key": {"api_key": "***"},
        "text": "Bearer ***",
        "parts": {"list": ["***"], "***": "<***>"},
    }
    assert clean(result.to_json())


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_errors_show_no_secret_nor_does_what_caused_them(on_error: Any) -> None:
    written = document(fill(number="$inputs.number"), inputs=NUMBERS, text="$steps.fill.text")
    with Workflow.load(written, blocks=[Fill]) as workflow:
        try:
            [error] = workflow.run({"number": ["bad", "good"]}, on_error=on_error).errors
        except RunError as raised:
            error = raised
    told = "".join(traceback.format_exception(error))
    assert "KeyError" in told and "***" in told and clean(told) and clean(repr(error.__cause__))
    assert (error.step, error.row) == ("fill", 0)


def test_log_records_show_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with Workflow.load(document(fill(), text="$steps.fill.text"), blocks=[Fill]) as workflow:
        workflow.run()
    assert "calling with ***" in caplog.text and clean(caplog.text)


def test_records_in_the_output_folder_show_no_secret(tmp_path: Path) -> None:
    data = {"key": "$steps.keys.api_key", "text": "$steps.fill.text", "parts": "$steps.fill.parts"}
    log = {"content": "$steps.fill.text", "output_mode": "append_log", "target_directory": "logs", "file_type": "txt"}
    steps = [
        {"type": "jsonl_sink@v1", "name": "lines", "data": data},
        {"type": "csv_sink@v1", "name": "table", "columns": data},
        {"type": "local_file_sink@v1", "name": "log", "file_name_prefix": "$steps.keys.api_key", **log},
        {"type": "local_file_sink@v1", "name": "files", **log, "output_mode": "separate_files"},
    ]
    with Workflow.load(document(fill(), *steps), blocks=[Fill], resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert all(clean(path.read_text("utf-8")) and clean(str(path.relative_to(tmp_path))) for path in files)
    record = {"key": "***", "text": "Bearer ***", "parts": {"list": ["***"], "***": "<***>"}}
    assert json.loads((tmp_path / "records.jsonl").read_text()) == record
    with (tmp_path / "records.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert {**row, "parts": json.loads(row["parts"])} == record
    assert sorted(path.read_text() for path in (tmp_path / "logs").iterdir()) == ["Bearer ***\n"] * 2


WEBHOOK = {
    "type": "webhook_sink@v1",
    "name": "tell",
    "method": "POST",
    "headers": {"Authorization": "$steps.fill.text"},
    "query_parameters": {"key": "$steps.keys.api_key"},
    "json_payload": {"key": "$steps.keys.api_key"},
    "fire_and_forget": False,
    "request_timeout": 10,
}


def test_a_server_gets_the_secret_itself(site: Recorder) -> None:
    written = document(fill(), {**WEBHOOK, "url": site.url}, told="$steps.tell.*")
    resources = [HttpClient(allow_private=True)]
    with Workflow.load(written, blocks=[Fill], resources=resources) as workflow:
        [row] = workflow.run()
    [got] = site.received
    assert row["told"]["error_status"] is False
    assert got.headers["authorization"] == f"Bearer {KEY}" and json.loads(got.body) == {"key": KEY}
    assert got.path == "/?key=hunter2%22x"


@pytest.mark.parametrize("background", [False, True])
def test_what_a_webhook_says_of_a_failure_shows_no_secret(
    site: Recorder, caplog: pytest.LogCaptureFixture, background: bool
) -> None:
    """The secret stands in the path of the URL, where services put their tokens, and in the place of a redirect."""
    join = {"type": "testing/join@v1", "name": "join", "start": site.url, "key": "$steps.keys.api_key"}
    written = document(
        fill(), join, {**WEBHOOK, "url": "$steps.join.url", "fire_and_forget": background}, told="$steps.tell.*"
    )
    site.answers = [(302, {"Location": "/again/hunter2%22x"})]
    with Workflow.load(written, blocks=[Fill, Join], resources=[HttpClient(allow_private=True)]) as workflow:
        [row] = workflow.run()
    said = caplog.text if background else row["told"]["message"]
    assert "answered 302" in said and clean(said) and clean(str(row))


class Join(Block):
    """Make a URL that holds a secret."""

    type = "testing/join@v1"

    class Output(NamedTuple):
        """The URL."""

        url: str

    def run(self, start: str, key: str) -> Output:
        """Join."""
        return self.Output(f"{start}/hooks/{key}")


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("API_KEY") if value is None else monkeypatch.setenv("API_KEY", value)
    store = {**STORE, "variables_storing_secrets": ["API_KEY", "PATH", "API_OTHER"]}
    with pytest.raises(WorkflowError) as caught:
        Workflow.load({**document(key="$steps.keys.api_key"), "steps": [store]})
    [problem] = caught.value.problems
    assert problem.path == ("steps", 0, "variables_storing_secrets")
    assert "'API_KEY' is" in problem.message and "'API_OTHER' is not set; set it (export" in problem.message


def test_the_host_may_give_the_secrets_in_place_of_the_environment() -> None:
    written = document(fill(), text="$steps.fill.text")
    with Workflow.load(written, blocks=[Fill], resources=[Secrets({"API_KEY": "other-one"})]) as workflow:
        assert workflow.run()[0]["text"] == "Bearer ***"
    with pytest.raises(WorkflowError, match=r"the secret 'API_KEY' is not given; give it: resources=\[Secrets"):
        Workflow.load(written, blocks=[Fill], resources=[Secrets({})])
    assert clean(repr(Secrets({"API_KEY": KEY})))


@pytest.mark.parametrize(
    ("variables", "said"),
    [([], "at least 1"), (["A", "a"], "would be called 'a'"), ([""], "at least 1"), ("A", "a list")],
)
def test_variables_that_cannot_be_meant(variables: Any, said: str) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load({**document(), "steps": [{**STORE, "variables_storing_secrets": variables}]})


def secret_input(**more: Any) -> list[dict[str, Any]]:
    return [{"type": "WorkflowParameter", "name": "key", "kind": ["secret"], **more}]


@pytest.mark.parametrize("inputs", [{"key": KEY}, {}])
def test_secrets_that_are_given_or_written_are_hidden_too(inputs: dict[str, str]) -> None:
    parameter = secret_input() if inputs else secret_input(default_value=KEY)
    written = document(fill(key="$inputs.key"), inputs=parameter, text="$steps.fill.text", key="$inputs.key")
    with Workflow.load(written, blocks=[Fill]) as workflow:
        assert workflow.run(inputs)[0] == {"text": "Bearer ***", "key": "***"}


def test_a_secret_that_does_not_fit_is_not_shown() -> None:
    class Choice(Block):
        """Take one of two words."""

        type = "testing/choice@v1"

        class Output(NamedTuple):
            """The word."""

            word: str

        def run(self, word: Literal["a", "b"]) -> Output:
            """Give it back."""
            return self.Output(word)

    step = {"type": "testing/choice@v1", "name": "choose", "word": "$inputs.key"}
    with (
        Workflow.load(document(step, inputs=secret_input(), word="$steps.choose.word"), blocks=[Choice]) as workflow,
        pytest.raises(InputError) as caught,
    ):
        workflow.run({"key": KEY})
    assert clean("".join(traceback.format_exception(caught.value)))
