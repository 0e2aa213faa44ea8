"""What existing clients and editors ask of a server is right for real documents, valid, and small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cropflow import OutputFolder, Workflow
from cropflow.document import definition as documents
from cropflow.kinds import KINDS
from cropflow.registry import installed
from cropflow.serialize import to_json
from cropflow.server import describe

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted([*(ROOT / "workflows").glob("*.yaml"), *(ROOT / "workflows").glob("*.json")])
SCENE = ROOT / "examples" / "digits" / "scenes" / "form" / "01.png"
LIMIT = 1_000_000
CROPS = """
version: "1.0"
inputs:
- {type: WorkflowImage, name: image}
- {type: WorkflowParameter, name: boxes, kind: [object_detection_prediction]}
steps:
- {type: dynamic_crop@v1, name: crop, images: $inputs.image, predictions: $inputs.boxes}
outputs:
- {type: JsonField, name: all, selector: $steps.crop.*}
- {type: JsonField, name: one, selector: $steps.crop.crops}
"""
INNER = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
- type: inner_workflow@v1
  name: inner
  workflow_definition:
    version: "1.0"
    inputs: [{type: WorkflowImage, name: picture}]
    steps:
    - {type: absolute_static_crop@v1, name: cut, images: $inputs.picture, x_center: 5, y_center: 5, width: 4, height: 4}
    - {type: property_definition@v1, name: size, data: $inputs.picture,
       operations: [{type: ExtractImageProperty, property_name: width}]}
    outputs:
    - {type: JsonField, name: piece, selector: $steps.cut.crops}
    - {type: JsonField, name: width, selector: $steps.size.output}
  parameter_bindings: {picture: $inputs.image}
outputs: [{type: JsonField, name: all, selector: $steps.inner.*}]
"""


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    return describe.blocks(installed())


@pytest.fixture
def sorting(tmp_path: Path) -> Iterator[Workflow]:
    path = ROOT / "workflows" / "detect_crop_classify.yaml"
    with Workflow.load(path, resources=[OutputFolder(tmp_path)]) as workflow:
        yield workflow


def size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode())


def members(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in members(item)] if isinstance(value, list) else [value]


def check_interface(told: dict[str, Any]) -> None:
    assert list(told) == ["inputs", "outputs", "typing_hints", "kinds_schemas"]
    named = [*told["inputs"].values()]
    for output in told["outputs"].values():
        named += output.values() if isinstance(output, dict) else [output]
    met = {kind for kinds in named for kind in kinds}
    assert set(told["typing_hints"]) == met
    assert set(told["kinds_schemas"]) <= met
    for schema in told["kinds_schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_inputs_and_outputs_of_the_first_example(sorting: Workflow) -> None:
    told = describe.interface(sorting)
    check_interface(told)
    assert told["inputs"] == {"image": ["image"], "confidence": ["float_zero_to_one"]}
    assert told["outputs"] == {
        "named": ["object_detection_prediction"],
        "labels": ["classification_prediction"],
        "annotated": ["image"],
    }
    assert told["typing_hints"]["image"] == told["typing_hints"]["object_detection_prediction"] == "dict"
    assert told["typing_hints"]["float_zero_to_one"] == "float"


def test_what_a_run_answers_fits_the_schemas_that_are_told(sorting: Workflow) -> None:
    told = describe.interface(sorting)
    row = to_json(sorting.run({"image": SCENE})[0])
    for name, kinds in told["outputs"].items():
        (kind,) = kinds
        validator = Draft202012Validator(told["kinds_schemas"][kind])
        values = [value for value in members(row[name]) if value is not None]
        assert values, name
        for value in values:
            validator.validate(value)


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        (CROPS, {"all": {"crops": ["image"], "predictions": ["object_detection_prediction"]}, "one": ["image"]}),
        (INNER, {"all": {"piece": ["image"], "width": ["integer"]}}),
    ],
    ids=["all outputs of a step", "all outputs of an inner workflow"],
)
def test_an_output_of_a_whole_step_is_told_field_by_field(text: str, outputs: dict[str, Any]) -> None:
    with Workflow.loads(text) as workflow:
        told = describe.interface(workflow)
    check_interface(told)
    assert told["outputs"] == outputs


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_described(path: Path, tmp_path: Path) -> None:
    written = documents.load(path)
    with Workflow.load(path, resources=[OutputFolder(tmp_path)]) as workflow:
        told = describe.interface(workflow)
    check_interface(told)
    assert list(told["inputs"]) == [item.name for item in written.inputs]
    assert list(told["outputs"]) == [item.name for item in written.outputs]
    assert size(told) < LIMIT


def test_the_schema_of_every_kind_is_valid() -> None:
    for kind in KINDS.values():
        Draft202012Validator.check_schema(describe.kind_schema(kind))


def test_every_installed_block_is_described(answer: dict[str, Any]) -> None:
    described = {block["manifest_type_identifier"]: block for block in answer["blocks"]}
    assert list(described) == [spec.type for spec in installed()]
    for spec in installed():
        block = described[spec.type]
        assert block["manifest_type_identifier_aliases"] == list(spec.aliases)
        assert [output["name"] for output in block["outputs_manifest"] if output["name"] != "*"] == [
            output.name for output in spec.outputs
        ]
        assert block["human_friendly_block_name"] and block["block_source"]
        assert block["fully_qualified_block_class_name"].startswith(block["block_source"] + ".")
        Draft202012Validator.check_schema(block["block_schema"])


def test_a_block_says_what_it_takes_and_gives(answer: dict[str, Any]) -> None:
    crop = next(block for block in answer["blocks"] if block["manifest_type_identifier"] == "dynamic_crop@v1")
    assert "roboflow_core/dynamic_crop@v1" in crop["manifest_type_identifier_aliases"]
    assert crop["block_source"] == "cropflow_blocks"
    assert crop["output_dimensionality_offset"] == 1
    assert crop["outputs_manifest"][0] == {"name": "crops", "kind": [{"name": "image"}]}
    validator = Draft202012Validator(crop["block_schema"])
    step = {"type": "Crop", "name": "c", "image": "$inputs.image", "predictions": "$steps.detect.predictions"}
    validator.validate(step)
    assert not validator.is_valid({**step, "mask_opacity": 2})


def test_connections_name_fields_that_exist(answer: dict[str, Any]) -> None:
    fields = {
        (block["manifest_type_identifier"], field)
        for block in answer["blocks"]
        for field in block["block_schema"]["properties"]
    }
    connections = [item for items in answer["kinds_connections"].values() for item in items]
    for item in [*connections, *answer["primitives_connections"]]:
        assert (item["manifest_type_identifier"], item["property_name"]) in fields
    takers = {
        (item["manifest_type_identifier"], item["property_name"]) for item in answer["kinds_connections"]["image"]
    }
    assert ("dynamic_crop@v1", "images") in takers
    assert ("dynamic_crop@v1", "square") not in takers
    literals = {(item["manifest_type_identifier"], item["property_name"]) for item in answer["primitives_connections"]}
    assert ("dynamic_crop@v1", "square") in literals
    assert ("dynamic_crop@v1", "images") not in literals


def test_every_kind_that_is_named_is_declared(answer: dict[str, Any]) -> None:
    declared = {kind["name"] for kind in answer["declared_kinds"]}
    named = {kind["name"] for block in answer["blocks"] for out in block["outputs_manifest"] for kind in out["kind"]}
    assert named <= declared
    assert all(kind["description"] for kind in answer["declared_kinds"])


def test_answers_are_small_and_made_once(answer: dict[str, Any]) -> None:
    assert size(answer) < LIMIT
    assert size(describe.definition_schema()) < LIMIT
    assert describe.blocks(installed()) is answer
    assert describe.definition_schema() is describe.definition_schema()


def test_the_schema_that_is_told_is_one() -> None:
    Draft202012Validator.check_schema(describe.definition_schema()["schema"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_fit_the_schema_that_is_told(path: Path) -> None:
    schema = describe.definition_schema()["schema"]
    Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_every_version_that_is_told_is_taken() -> None:
    (versions,) = describe.versions().values()
    assert versions == sorted(versions)
    for version in versions:
        assert re.fullmatch(r"1\.\d+\.\d+", version)
        assert documents.from_mapping({"version": version, "inputs": [], "steps": [], "outputs": []}).version == version
