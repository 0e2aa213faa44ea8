"""Documents of a few lines, put together from entries written as YAML, in all three forms a document may have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cropflow import Problem, Workflow, WorkflowError
from cropflow.document import definition

from .blocks import BLOCKS

IMAGE = "{type: WorkflowImage, name: image}"
DETECT = "{type: t/detect@v1, name: detect, images: $inputs.image}"
CROP = "{type: t/crop@v1, name: crop, images: $inputs.image, predictions: $steps.detect.predictions}"
OTHER = "{type: t/crop@v1, name: other, images: $inputs.image, predictions: $steps.detect.predictions}"
AREA = "{type: t/area@v1, name: area, image: $steps.crop.crops}"


def document(steps: Sequence[str], inputs: Sequence[str] = (IMAGE,), outputs: Sequence[str] = ()) -> str:
    """A document as YAML, one entry per line."""
    parts = {"inputs": inputs, "steps": steps, "outputs": outputs}
    lists = (f"{name}:\n" + "".join(f"  - {entry}\n" for entry in entries or ()) for name, entries in parts.items())
    return (
        'version: "1.0"\n'
        + "".join(lists).replace(":\ns", ": []\ns").replace(":\no", ": []\no")
        + ("" if outputs else "  []\n")
    )


def output(selector: str, name: str = "out") -> str:
    return f'{{type: JsonField, name: {name}, selector: "{selector}"}}'


def mapping(text: str) -> dict[str, Any]:
    """The document as Python data."""
    read = definition.parse(text, None).value
    assert isinstance(read, dict)
    return read


def as_json(text: str) -> str:
    return json.dumps(mapping(text), indent=1)


def compiled(text: str) -> Workflow:
    return Workflow.loads(text, blocks=BLOCKS)


def refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(WorkflowError) as caught:
        compiled(text)
    return caught.value.problems


def refused_mapping(data: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(WorkflowError) as caught:
        Workflow.load(data, blocks=BLOCKS)
    return caught.value.problems


def text_at(text: str, problem: Problem) -> str:
    """The rest of the line a problem points at."""
    assert problem.position is not None
    return text.splitlines()[problem.position.line - 1][problem.position.column - 1 :]
