"""Kinds are known through the whole graph; what shows only at run time is checked there, and arrives converted."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
import pytest

from cropflow import BlockSpec, InputError, Kind, OutputSpec, PortSpec, RunError, Workflow
from cropflow.compiler.plan import Key, Read
from cropflow.kinds import KINDS

from .blocks import BLOCKS
from .documents import CROP, DETECT, IMAGE, OTHER, compiled, document, output, refused

PICTURE = np.zeros((30, 40, 3), np.uint8)
SEGMENT = "{type: t/segment@v1, name: segment, image: $inputs.image}"
MASKS = "{type: t/masks@v1, name: masks, predictions: $steps.second.predictions}"


def kinds(workflow: Workflow, step: str, name: str) -> list[str]:
    return [str(kind) for kind in workflow.plan.kinds[Key(step, name)]]


def crop(name: str, images: str, predictions: str) -> str:
    return f"{{type: t/crop@v1, name: {name}, images: {images}, predictions: {predictions}}}"


def parameter(kind: str | None = None, default: str | None = None) -> str:
    parts = ["type: WorkflowParameter", "name: value"]
    parts += [f'kind: ["{kind}"]'] if kind else []
    parts += [f"default_value: {default}"] if default else []
    return f"{{{', '.join(parts)}}}"


def test_a_crop_of_a_segmentation_of_a_crop_is_a_segmentation() -> None:
    steps = (
        SEGMENT,
        crop("first", "$inputs.image", "$steps.segment.predictions"),
        "{type: t/segment@v1, name: again, image: $steps.first.crops}",
        crop("second", "$steps.first.crops", "$steps.again.predictions"),
        MASKS,
    )
    workflow = compiled(document(steps, outputs=(output("$steps.masks.count"),)))
    assert kinds(workflow, "second", "predictions") == ["instance_segmentation_prediction"]
    assert workflow.run({"image": PICTURE})[0]["out"] == [[1]]


def test_a_crop_of_boxes_has_no_masks() -> None:
    steps = (DETECT, crop("second", "$inputs.image", "$steps.detect.predictions"), MASKS)
    (problem,) = refused(document(steps))
    assert (problem.code, problem.step) == ("wrong-kind", "masks")


def test_kinds_that_are_not_known_before_are_those_the_port_takes() -> None:
    steps = ("{type: t/anything@v1, name: any, value: 1}", crop("second", "$inputs.image", "$steps.any.value"))
    assert kinds(compiled(document(steps)), "second", "predictions") == ["object_detection_prediction"]


def test_several_kinds_are_kept_as_far_as_the_port_takes_them() -> None:
    inputs = (
        IMAGE,
        "{type: WorkflowBatchInput, name: found, kind: [instance_segmentation_prediction, qr_code_detection, image]}",
    )
    workflow = compiled(document((crop("second", "$inputs.image", "$inputs.found"),), inputs))
    assert kinds(workflow, "second", "predictions") == ["instance_segmentation_prediction", "qr_code_detection"]


def test_only_links_that_may_fail_are_checked_when_running() -> None:
    steps = (
        DETECT,
        CROP,
        "{type: t/read@v1, name: sure, number: 1, image: $steps.crop.crops}",
        "{type: t/anything@v1, name: any, value: 1}",
        "{type: t/read@v1, name: unsure, number: $steps.any.value}",
    )
    plan = compiled(document(steps)).plan
    checked = {
        (step.name, name)
        for step in plan.steps
        for name, argument in step.arguments.items()
        if isinstance(argument, Read) and argument.checked
    }
    assert checked == {("unsure", "number")}


@pytest.mark.parametrize(
    ("value", "given"),
    [("2", "float 2.0"), ("1.5", "float 1.5"), ("numpy", "float 0.5"), ("wide", "float 3.0")],
)
def test_numbers_of_any_make_arrive_as_numbers(value: str, given: str) -> None:
    steps = (
        f"{{type: t/anything@v1, name: any, value: {value}}}",
        "{type: t/read@v1, name: read, number: $steps.any.value}",
    )
    workflow = compiled(document(steps, (), (output("$steps.read.given"),)))
    assert workflow.run()[0]["out"] == given


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("number", "high", "field 'number' ($steps.any.value): expected float, got string 'high'"),
        ("number", "array", "field 'number' ($steps.any.value): expected float, got numpy_array"),
        ("image", "{a: 1}", "field 'image' ($steps.any.value): expected image, got dictionary {'a': 1}"),
        (
            "prediction",
            "[1]",
            "field 'prediction' ($steps.any.value): expected object_detection_prediction, got list_of_values [1]",
        ),
    ],
)
def test_a_value_of_another_kind_is_an_error_of_its_element(field: str, value: str, words: str) -> None:
    steps = (
        f"{{type: t/anything@v1, name: any, value: {value}}}",
        f"{{type: t/read@v1, name: read, {field}: $steps.any.value}}",
    )
    workflow = compiled(document(steps, (), (output("$steps.read.given"),)))
    with pytest.raises(RunError) as caught:
        workflow.run()
    assert (caught.value.step, caught.value.block) == ("read", "t/read@v1")
    assert words in str(caught.value)


def test_one_wrong_value_takes_down_one_element() -> None:
    inputs = ("{type: WorkflowBatchInput, name: values}",)
    workflow = compiled(
        document(("{type: t/read@v1, name: read, number: $inputs.values}",), inputs, (output("$steps.read.given"),))
    )
    result = workflow.run({"values": [1, "x", np.float64(2)]}, on_error="skip")
    assert [row["out"] for row in result] == ["float 1.0", None, "float 2.0"]
    (error,) = result.errors
    assert (error.row, error.step) == (1, "read")
    assert "field 'number' ($inputs.values): expected float, got string 'x'" in str(error)


@pytest.mark.parametrize("kind", [None, "string", "rgb_color", "*"])
@pytest.mark.parametrize("written", ["#ff0000", "(255, 0, 0)"])
def test_a_parameter_arrives_as_what_the_port_takes(kind: str | None, written: str) -> None:
    workflow = compiled(
        document(
            ("{type: t/paint@v1, name: paint, color: $inputs.value}",),
            (parameter(kind, '"#00ff00"'),),
            (output("$steps.paint.given"),),
        )
    )
    assert workflow.run()[0]["out"] == "(0, 255, 0)"
    assert workflow.run({"value": written})[0]["out"] == "(255, 0, 0)"


def test_a_parameter_of_another_kind_is_refused_before_the_run() -> None:
    steps = ("{type: t/paint@v1, name: paint, color: $inputs.value}",)
    workflow = compiled(document(steps, (parameter(),), (output("$steps.paint.given"),)))
    with pytest.raises(InputError, match="'value' does not fit 'color' of step 'paint': expected rgb_color"):
        workflow.run({"value": "red"})


def test_a_parameter_that_can_never_fit_is_refused_when_compiling() -> None:
    (problem,) = refused(document(("{type: t/paint@v1, name: paint, color: $inputs.value}",), (parameter("boolean"),)))
    assert problem.message == "$inputs.value is of kind boolean, but 'color' takes rgb_color"


def test_a_parameter_without_a_value_needs_a_port_that_takes_none() -> None:
    steps = ("{type: t/paint@v1, name: paint, color: $inputs.value}",)
    with pytest.raises(InputError, match="'value' has no value, and step 'paint' needs one for 'color'"):
        compiled(document(steps, (parameter(),), (output("$steps.paint.given"),))).run()
    reads = ("{type: t/read@v1, name: read, number: $inputs.value}",)
    workflow = compiled(document(reads, (parameter(),), (output("$steps.read.given"),)))
    assert workflow.run()[0]["out"] == "NoneType None"


def test_members_of_a_written_out_list_are_checked_one_by_one() -> None:
    workflow = compiled(
        document(
            ("{type: t/many@v1, name: many, items: [a, $inputs.value, 2], named: {x: $inputs.value, y: 1}}",),
            (parameter(),),
            (output("$steps.many.text"),),
        )
    )
    assert workflow.run({"value": np.int64(7)})[0]["out"] == "['a', 7.0, 2.0] {'x': 7.0, 'y': 1.0} []"
    with pytest.raises(InputError, match="'value' does not fit 'named' of step 'many': expected float"):
        workflow.run({"value": "x"})


def test_a_list_comes_whole_from_a_selector_too() -> None:
    workflow = compiled(
        document(
            ("{type: t/many@v1, name: many, items: $inputs.value, pictures: [$inputs.image, $inputs.image]}",),
            (IMAGE, parameter("list_of_values")),
            (output("$steps.many.text"),),
        )
    )
    assert workflow.run({"value": ["a", 1], "image": PICTURE})[0]["out"] == "['a', 1.0] {} ['image', 'image']"
    with pytest.raises(InputError, match="'value' does not fit 'items' of step 'many': expected list_of_values"):
        workflow.run({"value": ["a", {}], "image": PICTURE})


def test_an_output_with_the_kind_of_a_list_is_what_is_in_it_or_what_it_declares() -> None:
    boxes = KINDS["object_detection_prediction"]
    port = PortSpec("lists", (KINDS["list_of_values"],), container="list", member=PortSpec("lists", (boxes,)))
    outputs = (OutputSpec("merged", (boxes,), ("lists",)), OutputSpec("same", (KINDS["list_of_values"],), ("lists",)))
    steps = (
        SEGMENT,
        "{type: t/merge@v1, name: whole, lists: $inputs.value}",
        "{type: t/merge@v1, name: members, lists: [$steps.segment.predictions]}",
    )
    text = document(steps, (IMAGE, parameter("list_of_values")), (output("$steps.whole.merged"),))
    workflow = Workflow.loads(text, blocks=[*BLOCKS, BlockSpec("t/merge@v1", _Double, (port,), outputs)])
    assert kinds(workflow, "whole", "merged") == ["object_detection_prediction"]
    assert kinds(workflow, "members", "merged") == ["instance_segmentation_prediction"]
    assert kinds(workflow, "whole", "same") == kinds(workflow, "members", "same") == ["list_of_values"]


def test_groups_are_written_out_side_by_side() -> None:
    steps = (
        DETECT,
        CROP,
        "{type: t/area@v1, name: area, image: $steps.crop.crops}",
        "{type: t/together@v1, name: together, lists: [$steps.area.area, $steps.area.area, 1]}",
    )
    workflow = compiled(document(steps, outputs=(output("$steps.together.counts"),)))
    assert workflow.run({"image": [PICTURE, PICTURE]})[1]["out"] == "[2, 2, 2]"


def test_outputs_told_by_settings_can_be_wired() -> None:
    steps = (
        "{type: t/store@v1, name: store, names: [key, other]}",
        "{type: t/login@v1, name: login, key: $steps.store.other}",
    )
    workflow = compiled(document(steps, (), (output("$steps.login.length"), output("$steps.store.*", "all"))))
    assert workflow.run()[0] == {"out": 5, "all": {"key": "KEY", "other": "OTHER"}}


def test_a_wrong_setting_is_told_without_what_follows_from_it() -> None:
    steps = (
        "{type: t/store@v1, name: store, names: 3}",
        "{type: t/login@v1, name: login, key: $steps.store.key}",
    )
    (problem,) = refused(document(steps, (), (output("$steps.store.*"),)))
    assert (problem.code, problem.step, problem.field) == ("wrong-literal", "store", "names")


def test_a_block_that_tells_an_unknown_kind_is_named() -> None:
    (problem,) = refused(document(("{type: t/store@v1, name: store, names: [odd]}",)))
    assert "there is no kind 'nonsense'" in problem.message
    assert problem.step == "store"


class _Row(NamedTuple):
    value: Any


class _Double:
    def run(self, number: Any) -> _Row:
        return _Row(number * 2)


def test_a_block_may_be_built_without_a_class() -> None:
    number = Kind("acme/number", "a number of acme", reads=("float",), python=float)
    spec = BlockSpec("t/double@v1", _Double, (PortSpec("number", (number,)),), (OutputSpec("value", (number,)),))
    text = document(
        ("{type: t/double@v1, name: double, number: $inputs.value}", "{type: t/double@v1, name: four, number: 2}"),
        (parameter("acme/number"),),
        (output("$steps.double.value"), output("$steps.four.value", "four")),
    )
    workflow = Workflow.loads(text, blocks=[spec])
    assert workflow.run({"value": 1.5})[0] == {"out": 3.0, "four": 4.0}
    with pytest.raises(InputError, match=r"must be a number of acme .acme/number.; got string 'x'"):
        workflow.run({"value": "x"})


def test_what_has_a_kind_that_nobody_here_knows_may_be_anything(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cropflow"):
        workflow = Workflow.loads(document((), (parameter("acme/number"),), (output("$inputs.value"),)))
    assert "the input 'value' names the kind 'acme/number', which is not known; it may be anything" in caplog.messages
    assert workflow.run({"value": [1, "x"]})[0] == {"out": [1, "x"]}


def test_every_output_has_a_kind() -> None:
    workflow = compiled(
        document((DETECT, CROP, OTHER), outputs=(output("$steps.crop.*"), output("$inputs.image", "i")))
    )
    assert [[str(kind) for kind in item.kinds] for item in workflow.plan.outputs] == [
        ["image", "object_detection_prediction"],
        ["image"],
    ]
    assert all(
        workflow.plan.kinds[Key(step.name, out.name)] for step in workflow.plan.steps for out in step.spec.outputs
    )


def test_declared_kinds_are_those_of_the_engine() -> None:
    assert all(KINDS[kind.name] is kind for block in BLOCKS for port in block.spec.ports for kind in port.leaf.kinds)
