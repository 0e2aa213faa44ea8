"""Documents inside documents: in place and from files, with fan-outs and gates, and mistakes told where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow import Image, ModelStore, OutputFolder, Problem, Workflow, WorkflowError

ROOT = Path(__file__).parents[3]
SCENES = ROOT / "examples" / "digits" / "scenes"

CHAIN = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: picture}
  - {type: WorkflowParameter, name: least, kind: [float_zero_to_one], default_value: 0.4}
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.picture, model_id: digits-detect.pt,
     confidence: $inputs.least}
  - {type: dynamic_crop@v1, name: crop, images: $inputs.picture, predictions: $steps.detect.predictions, square: true}
  - {type: classification_model@v2, name: classify, images: $steps.crop.crops, model_id: digits-classify.pt}
outputs:
  - {type: JsonField, name: boxes, selector: $steps.detect.predictions}
  - {type: JsonField, name: labels, selector: $steps.classify.predictions}
  - {type: JsonField, name: crops, selector: $steps.crop.crops}
"""


def step(name: str, definition: Any, **bindings: Any) -> dict[str, Any]:
    return {
        "type": "roboflow_core/inner_workflow@v1",
        "name": name,
        "workflow_definition": definition,
        "parameter_bindings": bindings,
    }


def prop(name: str, data: str, *operations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "property_definition@v1", "name": name, "data": data, "operations": list(operations)}


def output(name: str, selector: str) -> dict[str, Any]:
    return {"type": "JsonField", "name": name, "selector": selector}


def document(steps: list[Any], outputs: list[Any], *inputs: dict[str, Any]) -> dict[str, Any]:
    given = list(inputs) or [{"type": "WorkflowImage", "name": "image"}]
    return {"version": "1.0", "inputs": given, "steps": steps, "outputs": outputs}


WIDTH = {"type": "ExtractImageProperty", "property_name": "width"}
MEASURE = document(
    [prop("width", "$inputs.picture", WIDTH), prop("text", "$steps.width.output", {"type": "ToString"})],
    [output("width", "$steps.width.output"), output("text", "$steps.text.output"), output("same", "$inputs.picture")],
    {"type": "WorkflowImage", "name": "picture"},
)


def pictures(*widths: int) -> list[Image]:
    return [Image(np.zeros((4, width, 3), np.uint8)) for width in widths]


def problems(flow: Any, **kwargs: Any) -> tuple[Problem, ...]:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(flow, **kwargs)
    return error.value.problems


def test_outputs_of_an_inner_workflow_are_read_like_those_of_a_step() -> None:
    flow = document(
        [
            step("measure", MEASURE, picture="$inputs.image"),
            prop("again", "$steps.measure.text", {"type": "ToNumber", "cast_to": "int"}),
        ],
        [output("again", "$steps.again.output"), output("all", "$steps.measure.*"), output("t", "$steps.measure.text")],
    )
    with Workflow.load(flow) as workflow:
        rows = workflow.run({"image": pictures(3, 9)})
    assert [(row["again"], row["t"]) for row in rows] == [(3, "3"), (9, "9")]
    assert [row["all"]["width"] for row in rows] == [3, 9]
    assert [row["all"]["same"].width for row in rows] == [3, 9]
    assert [step.name for step in workflow.plan.steps] == ["measure__width", "measure__text", "again"]


def test_a_file_with_models_of_its_own_folder_fans_out_and_back(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "read.yaml").write_text(CHAIN)
    for name in ("digits-detect.pt", "digits-classify.pt"):
        (tmp_path / "parts" / name).write_bytes((ROOT / "models" / name).read_bytes())
    outer = document(
        [
            step("read", "parts/read.yaml", picture="$inputs.image", least=0.5),
            {
                "type": "detections_classes_replacement@v1",
                "name": "named",
                "object_detection_predictions": "$steps.read.boxes",
                "classification_predictions": "$steps.read.labels",
            },
        ],
        [output("named", "$steps.named.predictions"), output("all", "$steps.read.*")],
    )
    (tmp_path / "outer.json").write_text(json.dumps(outer))
    scenes = [SCENES / "form/01.png", SCENES / "sheet/01.png"]
    with Workflow.load(tmp_path / "outer.json", resources=[ModelStore(device="cpu")]) as workflow:
        inside = workflow.run({"image": scenes})
    with Workflow.loads(CHAIN, base=ROOT / "models", resources=[ModelStore(device="cpu")]) as workflow:
        outside = workflow.run({"picture": scenes, "least": 0.5})
    for one, other in zip(inside, outside, strict=True):
        names = [label.top for label in other["labels"]]
        assert one["named"].data["class_name"].tolist() == names
        assert [label.top for label in one["all"]["labels"]] == names
        assert np.array_equal(one["all"]["boxes"].xyxy, other["boxes"].xyxy)
        assert all(confidence >= 0.5 for confidence in one["all"]["boxes"].confidence)


def test_defaults_and_fixed_values_reach_the_steps_inside() -> None:
    inner = document(
        [prop("cut", "$inputs.text", {"type": "StringSubSequence", "start": 0, "end": 2})],
        [output("cut", "$steps.cut.output")],
        {"type": "WorkflowParameter", "name": "text", "kind": ["string"], "default_value": "hello"},
    )
    flow = document(
        [step("default", inner), step("fixed", inner, text="other"), step("bound", inner, text="$inputs.text")],
        [output(name, f"$steps.{name}.cut") for name in ("default", "fixed", "bound")],
        {"type": "WorkflowParameter", "name": "text"},
    )
    with Workflow.load(flow) as workflow:
        assert list(workflow.run({"text": "mine"})) == [{"default": "he", "fixed": "ot", "bound": "mi"}]


def test_inner_workflows_nest_and_feed_each_other() -> None:
    middle = document(
        [step("deep", MEASURE, picture="$inputs.picture")],
        [output("text", "$steps.deep.text"), output("picture", "$steps.deep.same")],
        {"type": "WorkflowImage", "name": "picture"},
    )
    flow = document(
        [step("second", MEASURE, picture="$steps.first.picture"), step("first", middle, picture="$inputs.image")],
        [output("width", "$steps.second.width"), output("text", "$steps.first.text")],
    )
    with Workflow.load(flow) as workflow:
        assert [tuple(row.values()) for row in workflow.run({"image": pictures(3, 9)})] == [(3, "3"), (9, "9")]


def gate(target: str, data: str = "$inputs.image") -> dict[str, Any]:
    statement = {
        "type": "BinaryStatement",
        "left_operand": {"type": "DynamicOperand", "operand_name": "image", "operations": [WIDTH]},
        "comparator": {"type": "(Number) >"},
        "right_operand": {"type": "StaticOperand", "value": 5},
    }
    return {
        "type": "continue_if@v1",
        "name": "gate",
        "condition_statement": {"type": "StatementGroup", "statements": [statement]},
        "evaluation_parameters": {"image": data},
        "next_steps": [f"$steps.{target}"],
    }


def test_control_flow_leads_to_all_steps_inside(tmp_path: Path) -> None:
    """The sink inside reads nothing that the gate could have made missing; the gate itself must stop it."""
    inner = document(
        [
            {
                "type": "image_sink@v1",
                "name": "save",
                "images": "$inputs.picture",
                "folder": "",
                "file_name": "{id}.png",
            },
            prop("width", "$inputs.picture", WIDTH),
        ],
        [output("path", "$steps.save.path"), output("width", "$steps.width.output")],
        {"type": "WorkflowImage", "name": "picture"},
    )
    middle = document(
        [step("inner", inner, picture="$inputs.picture")],
        [output("path", "$steps.inner.path"), output("width", "$steps.inner.width")],
        {"type": "WorkflowImage", "name": "picture"},
    )
    flow = document([gate("both"), step("both", middle, picture="$inputs.image")], [output("all", "$steps.both.*")])
    with Workflow.load(flow, resources=[OutputFolder(tmp_path)]) as workflow:
        rows = [row["all"] for row in workflow.run({"image": pictures(9, 3, 6)})]
    assert [row["width"] for row in rows] == [9, None, 6]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.[0].png", "image.[2].png"]


def test_gates_inside_stay_inside() -> None:
    inner = document(
        [gate("width", "$inputs.picture"), prop("width", "$inputs.picture", WIDTH)],
        [output("width", "$steps.width.output")],
        {"type": "WorkflowImage", "name": "picture"},
    )
    flow = document(
        [step("inner", inner, picture="$inputs.image"), prop("width", "$inputs.image", WIDTH)],
        [output("inner", "$steps.inner.width"), output("outer", "$steps.width.output")],
    )
    with Workflow.load(flow) as workflow:
        assert [tuple(row.values()) for row in workflow.run({"image": pictures(9, 3)})] == [(9, 9), (None, 3)]


def test_mistakes_inside_are_told_at_their_place_in_the_document() -> None:
    text = """\
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
steps:
  - type: inner_workflow@v1
    name: inner
    parameter_bindings: {picture: $inputs.image}
    workflow_definition:
      version: "1.0"
      inputs:
        - {type: WorkflowImage, name: picture}
      steps:
        - {type: property_definition@v1, name: width, data: $inputs.picture,
           operations: [{type: StringToUpperCase}]}
      outputs: []
outputs: []
"""
    with pytest.raises(WorkflowError) as error:
        Workflow.loads(text)
    (problem,) = error.value.problems
    assert (problem.position.line, problem.step) == (14, "inner__width")
    assert "StringToUpperCase cannot work on" in problem.message
    with pytest.raises(WorkflowError) as error:
        Workflow.loads(text.replace("$inputs.picture,", "$inputs.pictrue,"))
    (problem,) = error.value.problems
    assert (problem.position.line, problem.nearest) == (13, ("picture",))


def test_mistakes_in_a_file_are_told_at_their_place_in_that_file(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(CHAIN.replace("square: true", "sqare: true"))
    flow = document([step("inner", "inner.yaml", picture="$inputs.image")], [])
    (problem, *_) = problems(flow, base=tmp_path)
    assert (problem.code, problem.nearest) == ("unknown-field", ("square",))
    assert (Path(problem.position.file), problem.position.line) == (tmp_path / "inner.yaml", 9)
    assert problem.path[:3] == ("steps", 0, "workflow_definition")


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (step("inner", MEASURE), "the input 'picture' of the inner workflow 'inner' is not bound"),
        (step("inner", MEASURE, pictrue="$inputs.image"), "the inner workflow 'inner' has no input 'pictrue'"),
        (step("inner", "nowhere.yaml"), "there is no workflow 'nowhere.yaml'"),
        ({**step("inner", MEASURE, picture="$inputs.image"), "execution_mode": "remote_dispatch"}, "does not fit"),
        ({**step("inner", MEASURE, picture="$inputs.image"), "workflow_id": "mine"}, "does not fit 'workflow_id'"),
        ({**step("inner", MEASURE), "parameter_bindings": "$inputs.image"}, "must be written out"),
        ({"type": "inner_workflow@v1", "name": "inner"}, "the field 'workflow_definition' is missing"),
        (step("inner", {"version": "1.0", "inputs": [], "steps": []}), "'outputs'"),
        (step("inner", MEASURE, picture="$steps.inner.same"), "the output 'same' of the inner workflow"),
    ],
)
def test_what_cannot_be_put_in_place_is_refused(inner: dict[str, Any], words: str) -> None:
    found = problems(document([inner], [output("width", "$steps.inner.width")]))
    assert words in found[0].message
    assert found[0].hint


def test_an_output_that_the_inner_workflow_does_not_have() -> None:
    flow = document([step("inner", MEASURE, picture="$inputs.image")], [output("width", "$steps.inner.widht")])
    (problem,) = problems(flow)
    assert problem.message == "the inner workflow 'inner' has no output 'widht'"
    assert problem.nearest == ("width",)


def test_files_that_hold_each_other_are_refused(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        flow = document([step("inner", f"{other}.json", image="$inputs.image")], [])
        (tmp_path / f"{one}.json").write_text(json.dumps(flow))
    (problem,) = problems(tmp_path / "a.json")
    assert problem.message == "these workflows hold each other: b.json → a.json → b.json"


def test_nesting_has_limits() -> None:
    flow = MEASURE
    for _ in range(4):
        flow = document(
            [step("inner", flow, picture="$inputs.picture")],
            [output("width", "$steps.inner.width")],
            {"type": "WorkflowImage", "name": "picture"},
        )
    with Workflow.load(flow) as workflow:
        assert workflow.run({"picture": pictures(7)})[0]["width"] == 7
    (problem,) = problems(document([step("inner", flow, picture="$inputs.image")], []))
    assert problem.message == "inner workflows may be nested up to 4 deep"
    many = [step(f"inner{number}", MEASURE, picture="$inputs.image") for number in range(33)]
    (problem,) = problems(document(many, []))
    assert problem.message == "inner workflows may be nested up to 32 in all"


def test_names_that_meet_after_inlining_are_refused() -> None:
    flow = document([step("inner", MEASURE, picture="$inputs.image"), prop("inner__width", "$inputs.image", WIDTH)], [])
    (problem,) = problems(flow)
    assert problem.code == "duplicate-name"


def test_outputs_of_different_levels_are_shown_together() -> None:
    inner = document(
        [
            {
                "type": "absolute_static_crop@v1",
                "name": "cut",
                "images": "$inputs.picture",
                "x_center": 1,
                "y_center": 1,
                "width": 2,
                "height": 2,
            },
            {"type": "dimension_collapse@v1", "name": "all", "data": "$steps.cut.crops"},
            prop("count", "$steps.all.output", {"type": "SequenceLength"}),
        ],
        [output("count", "$steps.count.output"), output("crop", "$steps.cut.crops")],
        {"type": "WorkflowImage", "name": "picture"},
    )
    flow = document([step("inner", inner, picture="$inputs.image")], [output("all", "$steps.inner.*")])
    with Workflow.load(flow) as workflow:
        rows = [row["all"] for row in workflow.run({"image": pictures(3, 9)})]
    assert [(row["count"], row["crop"].width) for row in rows] == [(2, 2), (2, 2)]
