"""Blocks whose code stands in the document: refused unless allowed, then blocks like any other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, RunError, Workflow, WorkflowError


def block(name: str, code: str, inputs: dict[str, Any], outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    init = {"init_function_code": more.pop("init")} if "init" in more else {}
    return {
        "type": "DynamicBlockDefinition",
        "manifest": {
            "type": "ManifestDescription",
            "block_type": name,
            "inputs": {key: {"type": "DynamicInputDefinition", **value} for key, value in inputs.items()},
            "outputs": {key: {"type": "DynamicOutputDefinition", **value} for key, value in outputs.items()},
            **more,
        },
        "code": {"type": "PythonCode", "run_function_code": code, **init},
    }


def document(definition: dict[str, Any], step: dict[str, Any], outputs: list[str], kind: str = "*") -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "boxes", "kind": [kind]},
        ],
        "dynamic_blocks_definitions": [definition],
        "steps": [{"name": "step", "type": definition["manifest"]["block_type"], **step}],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$steps.step.{name}"} for name in outputs],
    }


def boxes(count: int) -> Detections:
    return Detections(
        np.array([[i, 0, i + 2, 2] for i in range(count)], np.float32).reshape(-1, 4),
        data={"class_name": np.array(["a", "b", "a"][:count], str)},
    )


COUNT = block(
    "CountOfClass",
    "def run(self, predictions, class_x) -> BlockResult:\n"
    "    return {'count': int(np.sum(predictions['class_name'] == class_x)), 'pi': math.pi}\n",
    {
        "predictions": {"selector_types": ["step_output"]},
        "class_x": {"value_types": ["string"], "has_default_value": True, "default_value": "a"},
    },
    {"count": {"kind": ["integer"]}, "pi": {"kind": []}},
)
CROPFLOW = [sys.executable, "-c", "from cropflow.cli import main; main()"]
PLAIN = document(COUNT, {"predictions": "$inputs.boxes"}, ["count"])


def picture(level: int) -> Image:
    return Image(np.full((4, 6, 3), level, np.uint8))


def test_code_is_refused_unless_allowed() -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(PLAIN)
    (problem,) = error.value.problems
    assert problem.code == "code-refused"
    assert "Python code of its own for 'CountOfClass'" in problem.message
    assert "all rights of this program" in problem.hint and "--allow-code" in problem.hint


def test_refused_code_is_not_even_read(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    definition = {**COUNT, "code": {**COUNT["code"], "imports": [f"open({str(trace)!r}, 'w')"]}}
    with pytest.raises(WorkflowError):
        Workflow.load(document(definition, {"predictions": "$inputs.boxes"}, ["count"]))
    assert not trace.exists()


def test_code_runs_for_every_element_where_it_is_allowed() -> None:
    with Workflow.load(PLAIN, allow_code=True) as workflow:
        rows = workflow.run({"image": [picture(0)] * 3, "boxes": [boxes(3), boxes(0), boxes(1)]})
    assert [row["count"] for row in rows] == [2, 0, 1]


def test_pictures_are_drawn_on_as_copies() -> None:
    code = (
        "def run(self, image):\n"
        "    scene = image.numpy_image\n"
        "    scene[:2] = 255\n"
        "    other = WorkflowImageData.copy_and_replace(origin_image_data=image, numpy_image=scene // 2)\n"
        "    return {'drawn': image, 'half': other}\n"
    )
    definition = block(
        "Draw", code, {"image": {"selector_types": ["input_image"]}}, {"drawn": {"kind": ["image"]}, "half": {}}
    )
    with Workflow.load(document(definition, {"image": "$inputs.image"}, ["drawn", "half"]), allow_code=True) as flow:
        given = picture(7)
        row = flow.run({"image": given, "boxes": [boxes(0)]})[0]
    assert row["drawn"].bgr[:, 0, 0].tolist() == [255, 255, 7, 7]
    assert row["half"].bgr[:, 0, 0].tolist() == [127, 127, 3, 3]
    assert given.bgr[:, 0, 0].tolist() == [7] * 4
    assert row["drawn"].id == "image"


def test_state_stays_from_call_to_call_and_init_runs_once() -> None:
    definition = block(
        "Counter",
        "def run(self, image):\n"
        "    self.seen = getattr(self, 'seen', self._init_results['start']) + 1\n"
        "    return {'seen': self.seen}\n",
        {"image": {"selector_types": ["input_image"]}},
        {"seen": {}},
        init="def init():\n    return {'start': 10}\n",
    )
    with Workflow.load(document(definition, {"image": "$inputs.image"}, ["seen"]), allow_code=True) as workflow:
        first = workflow.run({"image": [picture(0), picture(1)], "boxes": boxes(0)})
        second = workflow.run({"image": picture(2), "boxes": boxes(0)})
    assert [row["seen"] for row in (*first, *second)] == [11, 12, 13]


def test_batches_and_fan_outs() -> None:
    whole = block(
        "Rank",
        "def run(self, boxes):\n    return [{'rank': i, 'of': len(boxes)} for i, _ in enumerate(boxes)]\n",
        {"boxes": {"selector_types": ["step_output"]}},
        {"rank": {}, "of": {}},
        accepts_batch_input=True,
    )
    with Workflow.load(document(whole, {"boxes": "$inputs.boxes"}, ["rank", "of"]), allow_code=True) as workflow:
        rows = workflow.run({"image": [picture(0)] * 2, "boxes": [boxes(1), boxes(2)]})
    assert [tuple(row.values()) for row in rows] == [(0, 2), (1, 2)]
    split = block(
        "Split",
        "def run(self, boxes):\n    return [{'one': boxes[i]} for i in range(len(boxes))]\n",
        {"boxes": {"selector_types": ["step_output"]}},
        {"one": {"kind": ["object_detection_prediction"]}},
        output_dimensionality_offset=1,
    )
    with Workflow.load(document(split, {"boxes": "$inputs.boxes"}, ["one"]), allow_code=True) as workflow:
        rows = workflow.run({"image": [picture(0)] * 2, "boxes": [boxes(3), boxes(0)]})
    assert [len(row["one"]) for row in rows] == [3, 0]


def test_a_failure_in_the_code_is_told_like_that_of_any_block() -> None:
    definition = block(
        "Fails",
        "def run(self, image):\n    return {'out': 1 / 0}\n",
        {"image": {"selector_types": ["input_image"]}},
        {"out": {}},
    )
    workflow = Workflow.load(document(definition, {"image": "$inputs.image"}, ["out"]), allow_code=True)
    with pytest.raises(RunError, match=r"step 'step' \(Fails\), image 0: ZeroDivisionError"):
        workflow.run({"image": [picture(0)], "boxes": boxes(0)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": {"type": "PythonCode", "run_function_code": "def run(self:\n"}}, "cannot be read in line 1"),
        ({"code": {"type": "PythonCode", "run_function_code": "x = 1"}}, "there is no function 'run'"),
        ({"code": {"type": "PythonCode"}}, "Field required"),
    ],
)
def test_code_that_cannot_be_read_is_a_mistake_of_the_document(change: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document({**COUNT, **change}, {"predictions": "$inputs.boxes"}, ["count"]), allow_code=True)
    (problem,) = error.value.problems
    assert words in problem.message
    assert problem.path[:2] == ("dynamic_blocks_definitions", 0)


def test_inputs_are_checked_like_those_of_any_block() -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document(COUNT, {"predictions": "$inputs.boxes", "class_x": 3}, ["count"]), allow_code=True)
    (problem,) = error.value.problems
    assert (problem.code, problem.field) == ("wrong-literal", "class_x")


def test_the_command_line_asks_too(tmp_path: Path) -> None:
    file = tmp_path / "code.json"
    file.write_text(json.dumps(PLAIN))
    for command in ("check", "graph", "explain"):
        refused = subprocess.run([*CROPFLOW, command, file], capture_output=True, text=True)
        assert refused.returncode == 1
        assert "--allow-code" in refused.stderr
        allowed = subprocess.run([*CROPFLOW, command, file, "--allow-code"], capture_output=True, text=True)
        assert allowed.returncode == 0, allowed.stderr
