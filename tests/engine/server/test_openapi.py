"""The OpenAPI document says what the server takes, and how a key is sent."""

from __future__ import annotations

from typing import Any

import httpx

from cropflow import Workflow
from cropflow.server.openapi import operation

from .conftest import serving

RUN = "/run/detect_crop_classify"
SECRET = """
version: "1.0"
inputs: [{type: WorkflowParameter, name: token, kind: [secret], default_value: do-not-show}]
steps: []
outputs: []
"""


def bodies(told: dict[str, Any]) -> dict[str, Any]:
    return {kind: body["schema"] for kind, body in told["post"]["requestBody"]["content"].items()}


def test_a_workflow_is_described_as_it_may_be_called(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    told = bodies(document["paths"][RUN])
    form, data = told["multipart/form-data"]["properties"], told["application/json"]["properties"]
    assert form["image"] == {"type": "array", "items": {"type": "string", "format": "binary"}}
    assert [one["type"] for one in data["image"]["anyOf"]] == ["object", "string", "array"]
    assert data["image"]["anyOf"][0]["properties"]["type"] == {"enum": ["base64"]}
    assert {name: data["confidence"][name] for name in ("type", "minimum", "maximum", "default")} == {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.4,
    }
    assert {"image/png", "image/jpeg"} <= set(told)
    assert "431" in document["paths"][RUN]["post"]["responses"]
    for method, path in (("get", "/workflows"), ("post", "/workflows/run")):
        schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["properties"], path
    assert "securitySchemes" not in document.get("components", {})


def test_urls_are_offered_only_where_they_are_fetched() -> None:
    text = 'version: "1.0"\ninputs: [{type: WorkflowImage, name: image}]\nsteps: []\noutputs: []'
    plan = Workflow.loads(text).plan
    assert ["url" in str(operation("a", plan, allow_urls=allowed)) for allowed in (True, False)] == [True, False]


def test_a_default_that_is_secret_is_not_shown() -> None:
    assert "do-not-show" not in str(operation("a", Workflow.loads(SECRET).plan, allow_urls=False))


def test_defaults_are_listed(client: httpx.Client) -> None:
    listed = {item["name"]: item for item in client.get("/workflows").json()["workflows"]}
    inputs = {item["name"]: item for item in listed["detect_crop_classify"]["inputs"]}
    assert inputs["confidence"]["default"] == 0.4
    assert "default" not in inputs["image"]


def test_keys_are_asked_for_where_there_are_some() -> None:
    with serving(env={"CROPFLOW_API_KEYS": "a"}) as server, server.client() as client:
        document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    assert document["security"] == [{"bearer": []}, {"header": []}]
    assert document["paths"]["/health"]["get"]["security"] == []
