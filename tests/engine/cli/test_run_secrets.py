"""Secrets of a document that is run from the shell: neither its output nor its files show them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import COMMAND

DOCUMENT = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}, {type: WorkflowParameter, name: given, kind: [secret]}]
steps:
  - {type: roboflow_core/environment_secrets_store@v1, name: keys, variables_storing_secrets: [API_KEY]}
  - {type: jsonl_sink@v1, name: lines, data: {image: $inputs.image, key: $steps.keys.api_key, given: $inputs.given}}
  - {type: csv_sink@v1, name: table, columns: {image: $inputs.image}, file: $steps.keys.api_key}
outputs:
  - {type: JsonField, name: key, selector: $steps.keys.api_key}
  - {type: JsonField, name: given, selector: $inputs.given}
"""
SECRETS = {"API_KEY": "../hunter2", "GIVEN": "[hunter3"}


@pytest.mark.parametrize("more", [[], ["--verbose"], ["--on-error", "raise", "--verbose"]])
def test_no_output_of_a_run_shows_a_secret(
    tmp_path: Path, pictures: Path, document: Callable[[str], Path], plugged: dict[str, str], more: list[str]
) -> None:
    """The step `table` fails: its file would lie outside of the folder, which the message says with the path."""
    out = tmp_path / "out"
    values = ["--source", str(pictures), "--set", f"given={SECRETS['GIVEN']}", "--out", str(out)]
    command = [str(COMMAND), "run", str(document(DOCUMENT)), *values, *more]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, env={**plugged, **SECRETS})
    assert done.returncode == 3, done.stderr.decode()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in (".jsonl", ".json", ".csv")]
    shown = [done.stdout, done.stderr, *(path.read_bytes() for path in files)]
    assert b"***" in done.stderr and not any(b"hunter" in text for text in shown)
    assert "***" in json.loads((out / "report.json").read_text())["first_errors"][0]["message"]
    assert {json.loads(line)["key"] for line in (out / "records.jsonl").read_text().splitlines()} == {"***"}


def test_a_variable_that_is_not_set_is_told_at_its_place(
    document: Callable[[str], Path], plugged: dict[str, str]
) -> None:
    command = [str(COMMAND), "check", str(document(DOCUMENT))]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, env=plugged)
    assert done.returncode == 1
    assert b"workflow.yaml:5:" in done.stderr and b"'API_KEY' is not set" in done.stderr
