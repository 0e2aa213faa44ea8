"""Elements go on where a condition holds: pictures, crops, whole runs, and streams with a delay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow import Image, ModelStore, Workflow, WorkflowError
from cropflow_blocks.flow.continue_if import ContinueIf

ROOT = Path(__file__).parents[3]
SCENES = ROOT / "examples" / "digits" / "scenes"


def condition(operand: dict[str, Any], comparator: str, value: Any) -> dict[str, Any]:
    statement = {
        "type": "BinaryStatement",
        "left_operand": {"type": "DynamicOperand", **operand},
        "comparator": {"type": comparator},
        "right_operand": {"type": "StaticOperand", "value": value},
    }
    return {"type": "StatementGroup", "statements": [statement]}


def gate(parameters: dict[str, str], statement: dict[str, Any], *targets: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "roboflow_core/continue_if@v1",
        "name": "gate",
        "condition_statement": statement,
        "evaluation_parameters": parameters,
        "next_steps": [f"$steps.{target}" for target in targets],
        **fields,
    }


WIDTH = {"operand_name": "image", "operations": [{"type": "ExtractImageProperty", "property_name": "width"}]}
MEASURE = {
    "type": "property_definition@v1",
    "name": "width",
    "operations": [{"type": "ExtractImageProperty", "property_name": "width"}],
}


def output(name: str) -> dict[str, Any]:
    return {"type": "JsonField", "name": name, "selector": f"$steps.{name}.output"}


def pictures(*widths: int) -> list[Image]:
    return [Image(np.zeros((4, width, 3), np.uint8)) for width in widths]


def test_pictures_that_fail_the_condition_are_missing_and_keep_their_place() -> None:
    flow = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            gate({"image": "$inputs.image"}, condition(WIDTH, "(Number) >", 5), "width"),
            {**MEASURE, "data": "$inputs.image"},
        ],
        "outputs": [output("width")],
    }
    with Workflow.load(flow) as workflow:
        assert [row["width"] for row in workflow.run({"image": pictures(3, 9, 5, 6)})] == [None, 9, None, 6]
        assert [row["width"] for row in workflow.run({"image": pictures(3, 4)})] == [None, None]
        assert list(workflow.run({"image": []})) == []


def test_crops_are_gated_one_by_one_by_what_a_model_says_of_them() -> None:
    sure = {
        "operand_name": "label",
        "operations": [{"type": "ClassificationPropertyExtract", "property_name": "top_class"}],
    }
    flow = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "object_detection_model@v2",
                "name": "detect",
                "images": "$inputs.image",
                "model_id": "models/digits-detect.pt",
            },
            {
                "type": "dynamic_crop@v1",
                "name": "crop",
                "images": "$inputs.image",
                "predictions": "$steps.detect.predictions",
                "square": True,
            },
            {
                "type": "classification_model@v2",
                "name": "classify",
                "images": "$steps.crop.crops",
                "model_id": "models/digits-classify.pt",
            },
            gate({"label": "$steps.classify.predictions"}, condition(sure, "in (Sequence)", ["1", "7"]), "width"),
            {**MEASURE, "data": "$steps.crop.crops"},
        ],
        "outputs": [
            output("width"),
            {"type": "JsonField", "name": "labels", "selector": "$steps.classify.predictions"},
            {"type": "JsonField", "name": "crops", "selector": "$steps.crop.crops"},
        ],
    }
    with Workflow.load(flow, base=ROOT, resources=[ModelStore(device="cpu")]) as workflow:
        result = workflow.run({"image": [SCENES / "form/01.png", SCENES / "sheet/01.png"]})
    passed = 0
    for row in result:
        for label, crop, width in zip(row["labels"], row["crops"], row["width"], strict=True):
            assert width == (crop.width if label.top in ("1", "7") else None)
            passed += width is not None
    assert passed >= 3


def test_a_gate_on_single_values_lets_the_whole_step_run_or_not() -> None:
    flow = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowParameter", "name": "wanted", "kind": ["boolean"]},
        ],
        "steps": [
            gate({"wanted": "$inputs.wanted"}, condition({"operand_name": "wanted"}, "==", True), "width"),
            {**MEASURE, "data": "$inputs.image"},
        ],
        "outputs": [output("width")],
    }
    with Workflow.load(flow) as workflow:
        assert [row["width"] for row in workflow.run({"image": pictures(3, 4), "wanted": True})] == [3, 4]
        assert [row["width"] for row in workflow.run({"image": pictures(3, 4), "wanted": False})] == [None, None]


def test_a_missing_value_is_asked_for_before_it_is_compared() -> None:
    """`exists and greater` holds for no null, and fails on none."""
    exists = {
        "type": "UnaryStatement",
        "operand": {"type": "DynamicOperand", "operand_name": "limit"},
        "operator": {"type": "Exists"},
    }
    greater = condition({"operand_name": "limit"}, "(Number) >", 3)["statements"][0]
    both = {"type": "StatementGroup", "operator": "and", "statements": [exists, greater]}
    flow = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}, {"type": "WorkflowParameter", "name": "limit"}],
        "steps": [gate({"limit": "$inputs.limit"}, both, "width"), {**MEASURE, "data": "$inputs.image"}],
        "outputs": [output("width")],
    }
    with Workflow.load(flow) as workflow:
        seen = [workflow.run({"image": pictures(3), "limit": limit})[0]["width"] for limit in (None, 3, 4)]
    assert seen == [None, None, 3]


def test_frames_still_go_on_for_some_seconds_after_the_condition_held(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            gate({"image": "$inputs.image"}, condition(WIDTH, "(Number) >", 5), "width", stop_delay=2.0),
            {**MEASURE, "data": "$inputs.image"},
        ],
        "outputs": [output("width")],
    }
    moments = iter([0.0, 1.5, 2.1, 3.0, 4.9, 6.0])
    monkeypatch.setattr(ContinueIf, "now", staticmethod(lambda: next(moments)))
    frames = [
        Image(np.zeros((4, width, 3), np.uint8), stream="camera", frame=number)
        for number, width in enumerate([9, 1, 1, 9, 1, 1])
    ]
    other = Image(np.zeros((4, 1, 3), np.uint8), stream="another", frame=0)
    with Workflow.load(flow) as workflow:
        assert [workflow.run({"image": frame})[0]["width"] for frame in frames] == [9, 1, None, 9, 1, None]
        assert workflow.run({"image": other})[0]["width"] is None


def test_a_condition_about_a_value_that_is_not_given_is_refused() -> None:
    flow = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            gate({"picture": "$inputs.image"}, condition(WIDTH, "(Number) >", 5), "width"),
            {**MEASURE, "data": "$inputs.image"},
        ],
        "outputs": [],
    }
    with pytest.raises(WorkflowError, match="there is no operand 'image'"):
        Workflow.load(flow)
