"""The JSON Schemas that editors use are fresh, accept every example and refuse what a schema can see."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cropflow import Block, BlockSpec, Image
from cropflow.registry import installed
from cropflow.schema import block_schema, files, workflow_schema

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


def test_unknown_fields_are_refused_but_for_the_names_of_existing_documents(
    validator: jsonschema.Draft202012Validator,
) -> None:
    changed = document()
    step(changed, "crop")["ui_color"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="'ui_color' is not one of"):
        validator.validate(changed)
    step(changed, "crop")["type"] = "roboflow_core/dynamic_crop@v1"
    validator.validate(changed)


FILTER: dict[str, Any] = {
    "type": "detections_filter@v1",
    "name": "filter",
    "predictions": "$steps.detect.predictions",
    "operations": [{"type": "SequenceApply", "operations": [{"type": "NumberRound", "decimal_digits": 1}]}],
}


def test_queries_are_checked_to_any_depth(validator: jsonschema.Draft202012Validator) -> None:
    changed = document()
    changed["steps"].append(copy.deepcopy(FILTER))
    validator.validate(changed)
    changed["steps"][-1]["operations"][0]["operations"][0]["decimal_digits"] = "one"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(changed)


@pytest.mark.parametrize("spec", list(installed().only("cropflow_blocks")), ids=lambda spec: spec.type)
def test_the_schema_of_a_block_is_complete_in_itself(spec: BlockSpec) -> None:
    schema = block_schema(spec)
    places = re.findall(r'"\$ref": "#([^"]*)"', json.dumps(schema))
    assert places or all(port.setting for port in spec.ports)  # settings are literals, which need no selector
    assert all(_there(schema, place) for place in places)


def _there(schema: Any, place: str) -> bool:
    for key in place.strip("/").split("/"):
        schema = schema.get(key.replace("~1", "/").replace("~0", "~"), None) if isinstance(schema, dict) else None
    return schema is not None


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
