"""The JSON Schemas that editors use are fresh, accept every example and refuse what a schema can see."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cropflow import Block, Image
from cropflow.registry import installed
from cropflow.schema import files, workflow_schema

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "workflows").glob("*.yaml"), *(ROOT / "workflows").glob("*.json")])


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = workflow_schema(installed().only("cropflow_blocks"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def document() -> dict[str, Any]:
    return json.loads((ROOT / "workflows" / "detect_crop_classify.json").read_text())


def step(changed: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in changed["steps"] if step["name"] == name)


@pytest.mark.parametrize("name", ["workflow.schema.json", "blocks.json"])
def test_written_schemas_are_fresh(name: str) -> None:
    written = (ROOT / "schemas" / name).read_text(encoding="utf-8")
    assert written == files()[name], "stale; run `make schemas`"
    assert len(written) < 500_000


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_valid(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(yaml.safe_load(path.read_text()))


def test_names_of_existing_documents_are_valid(validator: jsonschema.Draft202012Validator) -> None:
    changed = document()
    step(changed, "crop")["type"] = "roboflow_core/dynamic_crop@v1"
    step(changed, "crop")["image"] = step(changed, "crop").pop("images")
    validator.validate(changed)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("detect", "confidence", 1.5),
        ("detect", "confidence", "high"),
        ("detect", "images", "image"),
        ("detect", "images", None),
        ("crop", "square", "yes"),
        ("crop", "background_color", [0, 0]),
        ("labels", "text", "Name"),
        ("labels", "text_position", 3),
    ],
)
def test_wrong_values_are_refused(
    name: str, field: str, value: Any, validator: jsonschema.Draft202012Validator
) -> None:
    changed = copy.deepcopy(document())
    step(changed, name)[field] = value
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed)


@pytest.mark.parametrize(("name", "field"), [("detect", "images"), ("detect", "model_id"), ("crop", "predictions")])
def test_missing_fields_are_refused(name: str, field: str, validator: jsonschema.Draft202012Validator) -> None:
    changed = copy.deepcopy(document())
    del step(changed, name)[field]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed)


@pytest.mark.parametrize("key", ["version", "inputs", "steps", "outputs"])
def test_missing_parts_are_refused(key: str, validator: jsonschema.Draft202012Validator) -> None:
    changed = document()
    del changed[key]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed)


def test_blocks_of_plug_ins_can_be_referred_to() -> None:
    class Plug(Block):
        """Its id has a slash, which JSON pointers escape."""

        type = "acme/plug@v1"

        def run(self, image: Image) -> None:
            """Do nothing."""

    schema = workflow_schema(installed().extended([Plug]))
    changed = document()
    changed["steps"].append({"type": "acme/plug@v1", "name": "plug", "image": "$inputs.image"})
    jsonschema.validate(changed, schema)
    changed["steps"][-1]["image"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, schema)
