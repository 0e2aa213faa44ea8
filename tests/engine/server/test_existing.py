"""Existing clients: the real `inference_sdk`, in an environment of its own, runs workflows against this server."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import yaml

from cropflow import Workflow

from .conftest import ROOT, SCENES, Server

PYTHON = ROOT / "build" / "client" / "bin" / "python"
PICTURES = [str(SCENES / "form" / f"0{number}.png") for number in (1, 2, 3)]
DOCUMENT = yaml.safe_load((ROOT / "workflows" / "classes_on_boxes.yaml").read_text())
NESTED = {
    "version": "1.4.0",
    "inputs": [
        {"type": "WorkflowBatchInput", "name": "pictures", "kind": ["image"], "dimensionality": 2},
        {"type": "InferenceParameter", "name": "word", "default_value": "none"},
    ],
    "steps": [{"type": "roboflow_core/convert_grayscale@v1", "name": "grey", "image": "$inputs.pictures"}],
    "outputs": [
        {"type": "JsonField", "name": "grey", "selector": "$steps.grey.image"},
        {"type": "JsonField", "name": "word", "selector": "$inputs.word"},
    ],
}


def ask(server: Server, *calls: dict[str, Any], key: str | None = None) -> list[Any]:
    asked = json.dumps({"url": server.url, "key": key, "calls": calls})
    ran = subprocess.run(
        [str(PYTHON), str(Path(__file__).with_name("sdk.py"))], input=asked, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["info"][0] == "cropflow"
    return told["answers"]


def about(rows: Any) -> Any:
    """Let the numbers in an expected answer differ a little, as they do from process to process on a busy machine."""
    if isinstance(rows, float):
        return pytest.approx(rows, abs=0.01)
    if isinstance(rows, dict):
        return {key: about(value) for key, value in rows.items()}
    return [about(item) for item in rows] if isinstance(rows, list) else rows


def classes(rows: Any) -> list[str]:
    return [box["class"] for box in rows[0]["named"]["predictions"]]


def test_the_real_client_gets_what_the_workflow_gives(served: Server) -> None:
    with Workflow.load(DOCUMENT, base=ROOT / "workflows") as workflow:
        expected = [workflow.run({"image": picture}).to_dict() for picture in PICTURES]
        batch = workflow.run({"image": PICTURES}).to_dict()
    posted, single, by_name, several = ask(
        served,
        {"specification": DOCUMENT, "images": {"image": PICTURES[0]}},
        {"specification": DOCUMENT, "images": {"image": [PICTURES[0]]}},
        {"workspace_name": "any", "workflow_id": "classes_on_boxes", "images": {"image": PICTURES[1]}},
        {"workspace_name": "any", "workflow_id": "classes_on_boxes", "images": {"image": PICTURES}},
    )
    assert posted == about(expected[0])
    assert classes(single) == classes(expected[0])
    assert by_name == about(expected[1])
    assert several == about(batch)


def test_nested_lists_stay_nested_and_pictures_come_back_as_pictures(served: Server) -> None:
    first, second, third = PICTURES
    (answer,) = ask(
        served,
        {"specification": NESTED, "images": {"pictures": [[first, second], [third]]}, "parameters": {"word": "hi"}},
    )
    assert [len(row["grey"]) for row in answer] == [2, 1]
    assert [row["word"] for row in answer] == ["hi", "hi"]
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(answer[1]["grey"][0]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.shape == cv2.imread(third).shape[:2]


def test_options_of_the_client(served: Server, tmp_path: Path) -> None:
    plain, excluded = ask(
        served,
        {
            "workspace_name": "any",
            "workflow_id": "detect_crop_classify",
            "images": {"image": PICTURES[0]},
            "parameters": {"confidence": 0.99999},
        },
        {
            "workspace_name": "any",
            "workflow_id": "detect_crop_classify",
            "images": {"image": PICTURES[0]},
            "excluded_fields": ["annotated"],
            "disable_sinks": True,
            "use_cache": False,
        },
    )
    assert plain[0]["named"]["predictions"] == []
    assert "annotated" in plain[0]
    assert "annotated" not in excluded[0]


def test_errors_reach_the_user_of_the_client(served: Server) -> None:
    wrong = {**DOCUMENT, "steps": [{**DOCUMENT["steps"][0], "images": "$inputs.imgae"}, *DOCUMENT["steps"][1:]]}
    document, name, picture = ask(
        served,
        {"specification": wrong, "images": {"image": PICTURES[0]}},
        {"workspace_name": "any", "workflow_id": "classes_on_box", "images": {"image": PICTURES[0]}},
        {"specification": DOCUMENT, "images": {"image": "/nope.png"}},
    )
    assert "did you mean" in document["error"].lower() and "'image'" in document["error"]
    assert "Did you mean 'classes_on_boxes'?" in name["error"]
    assert "base64" in picture["error"]


def test_a_document_is_checked(client: httpx.Client) -> None:
    assert client.post("/workflows/validate", json=DOCUMENT).json() == {"status": "ok"}
    answer = client.post("/workflows/validate", json={**DOCUMENT, "outputs": 3})
    assert answer.status_code == 400
    assert {"message", "error_type", "context", "inner_error_type", "inner_error_message", "blocks_errors"} <= set(
        answer.json()
    )
    broken = {**DOCUMENT, "steps": [{**DOCUMENT["steps"][0], "confidence": "much"}, *DOCUMENT["steps"][1:]]}
    (problem,) = client.post("/workflows/validate", json=broken).json()["blocks_errors"]
    assert (problem["block_id"], problem["property_name"]) == (DOCUMENT["steps"][0]["name"], "confidence")


@pytest.mark.parametrize("by_name", [False, True])
def test_an_interface_is_described(client: httpx.Client, by_name: bool) -> None:
    place = "/any/workflows/classes_on_boxes/describe_interface" if by_name else "/workflows/describe_interface"
    told = client.post(place, json={"api_key": "x", "specification": DOCUMENT}).json()
    assert told["inputs"] == {"image": ["image"]}
    assert told["outputs"] == {"named": ["object_detection_prediction"]}
    assert "object_detection_prediction" in told["kinds_schemas"]
    assert told["typing_hints"]["image"]


def test_blocks_schema_and_versions_are_described_in_little_space(client: httpx.Client) -> None:
    described = client.get("/workflows/blocks/describe")
    assert len(described.content) < 1_000_000
    assert client.post("/workflows/blocks/describe", json={}).content == described.content
    types = {block["manifest_type_identifier"] for block in described.json()["blocks"]}
    assert {"dynamic_crop@v1", "object_detection_model@v2"} <= {name.removeprefix("roboflow_core/") for name in types}
    assert {"blocks", "declared_kinds", "kinds_connections", "primitives_connections"} <= set(described.json())
    schema = client.get("/workflows/definition/schema")
    assert len(schema.content) < 1_000_000
    assert schema.json()["schema"]["type"] == "object"
    assert client.get("/workflows/execution_engine/versions").json()["versions"]


def test_a_trace_on_request(client: httpx.Client) -> None:
    value = {"type": "base64", "value": base64.b64encode(Path(PICTURES[0]).read_bytes()).decode()}
    body = {"specification": DOCUMENT, "inputs": {"image": value}, "enable_profiling": True}
    trace = client.post("/workflows/run", json=body).json()["profiler_trace"]
    assert [event["name"] for event in trace] == [step["name"] for step in DOCUMENT["steps"]]
    assert client.post("/workflows/run", json={**body, "enable_profiling": False}).json()["profiler_trace"] == []
