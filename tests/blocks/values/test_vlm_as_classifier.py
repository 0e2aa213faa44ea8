"""Classes that language models name, as classifications; what cannot be read is told and not raised."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow_blocks.values import VlmAsClassifier, VlmAsClassifierV2

PICTURE = Image(np.zeros((100, 200, 3), np.uint8), id="a.jpg")


def read(data: Any, version: Any = VlmAsClassifier) -> Any:
    return version().run(PICTURE, data if isinstance(data, str) else json.dumps(data), ["cat", "dog"])


@pytest.mark.parametrize("version", [VlmAsClassifier, VlmAsClassifierV2])
@pytest.mark.parametrize(
    ("told", "names", "confidence"),
    [
        ({"class_name": "dog", "confidence": 0.75}, ("cat", "dog"), 0.75),
        ({"class_name": "dog", "confidence": "0.5"}, ("cat", "dog"), 0.5),
        ({"class_name": "dog", "confidence": 7}, ("cat", "dog"), 1.0),
        ({"class_name": "bird", "confidence": 0.25}, ("cat", "dog", "bird"), 0.25),
    ],
)
def test_one_class(version: Any, told: dict[str, Any], names: tuple[str, ...], confidence: float) -> None:
    failed, label, answer = read(told, version)
    assert (failed, answer, label.inference_id) == (False, "a.jpg/", "a.jpg/")
    assert (label.top, label.confidence, label.names) == (told["class_name"], confidence, names)
    form = label.to_json()
    assert (form["top"], form["parent_id"], form["image"]) == (label.top, "a.jpg", {"width": 200, "height": 100})


def test_several_classes() -> None:
    listed = [{"class": "cat", "confidence": 0.75}, {"class": "bird", "confidence": 0.5}]
    label = read({"predicted_classes": [*listed, {"class": "cat", "confidence": 0.25}]}).predictions
    form = label.to_json()
    assert form["predicted_classes"] == ["cat", "bird"]
    assert {name: score["confidence"] for name, score in form["predictions"].items()} == {
        "cat": 0.75,
        "dog": 0.0,
        "bird": 0.5,
    }


def test_none_of_several_is_an_answer() -> None:
    failed, label, _ = read({"predicted_classes": []})
    assert not failed and label.to_json()["predicted_classes"] == [] and label.top is None


@pytest.mark.parametrize(
    "data",
    [
        *("dog", "", "null", "[1]", "7", {"class_name": "dog"}, {"top": "cat"}, {"predicted_classes": 5}),
        *({"predicted_classes": [{"class": "cat"}]}, {"class_name": "dog", "confidence": "high"}),
        '{"class_name": "dog", "confidence": NaN}',
    ],
)
def test_what_cannot_be_read_is_told(data: Any) -> None:
    assert read(data)[:2] == (True, None)


def test_an_existing_document_names_every_picture() -> None:
    step = {"type": "roboflow_core/vlm_as_classifier@v2", "name": "read", "image": "$inputs.image"}
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "text", "kind": ["language_model_output"]},
        ],
        "steps": [{**step, "vlm_output": "$inputs.text", "classes": ["cat", "dog"]}],
        "outputs": [{"type": "JsonField", "name": "read", "selector": "$steps.read.*"}],
    }
    texts = ['```json\n{"class_name": "cat", "confidence": 1}\n```', "no", '{"class_name": "dog", "confidence": 1}']
    with Workflow.load(document) as workflow:
        rows = [row["read"] for row in workflow.run({"image": PICTURE, "text": texts})]
    assert [row["error_status"] for row in rows] == [False, True, False]
    assert [row["predictions"] and row["predictions"].top for row in rows] == ["cat", None, "dog"]
