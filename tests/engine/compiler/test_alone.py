"""Documents of strangers open no other documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cropflow import Workflow, WorkflowError
from cropflow.document.definition import from_mapping


def nesting(inner: Any) -> dict[str, Any]:
    step = {"type": "inner_workflow@v1", "name": "inner", "workflow_definition": inner, "parameter_bindings": {}}
    return {"version": "1.0", "inputs": [], "steps": [step], "outputs": []}


def test_only_workflows_that_stand_in_the_document_are_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text('{version: "1.0", inputs: [], steps: [], outputs: []}')
    for document in (nesting(str(secret)), nesting(nesting(str(secret)))):
        Workflow(from_mapping(document))
        with pytest.raises(WorkflowError, match="may not open others"):
            Workflow(replace(from_mapping(document), alone=True))
    Workflow(
        replace(
            from_mapping(nesting(nesting({"version": "1.0", "inputs": [], "steps": [], "outputs": []}))), alone=True
        )
    )
