"""At which level every step works, what it gathers, and in which order steps run."""

from __future__ import annotations

import numpy as np
import pytest

from cropflow.compiler.plan import INPUTS, Key

from .documents import AREA, CROP, DETECT, IMAGE, compiled, document, output

PICTURE = np.zeros((30, 40, 3), np.uint8)
NESTED = "{type: WorkflowBatchInput, name: numbers, kind: [float], dimensionality: 3}"


def test_every_level_by_name() -> None:
    steps = (
        DETECT,
        CROP,
        "{type: t/detect@v1, name: inner, images: $steps.crop.crops}",
        "{type: t/crop@v1, name: part, images: $steps.crop.crops, predictions: $steps.inner.predictions}",
        "{type: t/area@v1, name: area, image: $steps.part.crops}",
        "{type: t/total@v1, name: total, values: $steps.area.area, image: $steps.crop.crops}",
        "{type: t/total@v1, name: grand, values: $steps.total.total, image: $inputs.image}",
        "{type: t/total@v1, name: all, values: $steps.grand.total}",
    )
    plan = compiled(document(steps)).plan
    batch, crops, parts = (INPUTS,), (INPUTS, "crop"), (INPUTS, "crop", "part")
    assert {step.name: (step.level, step.gathered) for step in plan.steps} == {
        "detect": (batch, None),
        "crop": (batch, None),
        "inner": (crops, None),
        "part": (crops, None),
        "area": (parts, None),
        "total": (crops, parts),
        "grand": (batch, crops),
        "all": ((), batch),
    }
    assert plan.lineages[Key("part", "crops")] == parts
    assert plan.axes == {INPUTS: "image", "crop": "crop", "part": "part"}
    assert plan.gathers_batch == ("all",)


def test_nested_batch_inputs_add_axes_of_their_own() -> None:
    steps = ("{type: t/total@v1, name: total, values: $inputs.numbers, image: $inputs.image}",)
    plan = compiled(document(steps, (IMAGE, NESTED))).plan
    assert len(plan.lineages[Key(INPUTS, "numbers")]) == 3
    assert plan.steps[0].level == plan.lineages[Key(INPUTS, "numbers")][:2]


def test_a_fan_out_of_scalars_starts_a_path_of_its_own() -> None:
    inputs = ("{type: WorkflowParameter, name: image, kind: [image]}",)
    steps = (
        "{type: t/segment@v1, name: segment, image: $inputs.image}",
        "{type: t/crop@v1, name: crop, images: $inputs.image, predictions: $steps.segment.predictions}",
    )
    plan = compiled(document(steps, inputs)).plan
    assert plan.lineages[Key("crop", "crops")] == ("crop",)


def test_a_group_that_is_left_out_gathers_nothing() -> None:
    text = document(("{type: t/optional@v1, name: o, image: $inputs.image}",), outputs=(output("$steps.o.text"),))
    workflow = compiled(text)
    assert (workflow.plan.steps[0].level, workflow.plan.steps[0].gathered) == ((INPUTS,), None)
    assert [row["out"] for row in workflow.run({"image": [PICTURE, PICTURE]})] == ["image.[0] None", "image.[1] None"]


def test_scalars_are_gathered_as_groups_of_one() -> None:
    text = document(("{type: t/total@v1, name: total, values: 1.5}",), (), (output("$steps.total.total"),))
    assert compiled(text).run()[0]["out"] == 1.5


def test_a_gate_on_the_gathered_axis_masks_members() -> None:
    steps = (
        DETECT,
        CROP,
        AREA,
        "{type: t/choose@v1, name: crops, value: $steps.crop.crops, next_steps: [$steps.total]}",
        "{type: t/choose@v1, name: images, value: $inputs.image, next_steps: [$steps.total]}",
        "{type: t/total@v1, name: total, values: $steps.area.area}",
    )
    plan = compiled(document(steps)).plan
    gates = {gate.step: gate.on_members for gate in plan.steps[-1].gates}
    assert gates == {"crops": True, "images": False}
    assert plan.targets == {"crops": ("total",), "images": ("total",)}


def test_a_gate_lowers_the_level_of_a_step() -> None:
    steps = (
        DETECT,
        CROP,
        "{type: t/choose@v1, name: gate, value: $steps.crop.crops, next_steps: [$steps.area]}",
        "{type: t/area@v1, name: area, image: $inputs.image}",
    )
    assert compiled(document(steps)).plan.steps[-1].level == (INPUTS, "crop")


def test_steps_run_after_what_they_read_and_otherwise_in_document_order() -> None:
    steps = (
        "{type: t/total@v1, name: total, values: $steps.area.area}",
        "{type: t/paint@v1, name: paint}",
        AREA,
        CROP,
        DETECT,
    )
    assert [step.name for step in compiled(document(steps)).plan.steps] == ["paint", "detect", "crop", "area", "total"]


@pytest.mark.parametrize("selector", ["$steps.crop.crops", "$steps.crop.*"])
def test_outputs_that_nobody_reads_are_not_made(selector: str) -> None:
    plan = compiled(document((DETECT, CROP), outputs=(output(selector),))).plan
    kept = {step.name: step.kept for step in plan.steps}
    assert kept == {
        "detect": ("predictions",),
        "crop": ("crops", "predictions") if selector.endswith("*") else ("crops",),
    }
