"""Every mistake in a document has its own message: where, which step and field, expected, found, and what to do."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from cropflow import Problem

from .documents import (
    AREA,
    CROP,
    DETECT,
    IMAGE,
    OTHER,
    as_json,
    compiled,
    document,
    mapping,
    output,
    refused,
    refused_mapping,
    text_at,
)

PARAMETER = "{type: WorkflowParameter, name: number, kind: [float]}"
BATCH = "{type: WorkflowBatchInput, name: numbers, kind: [float]}"


@dataclass(frozen=True)
class Mistake:
    """A document with one mistake, and all that is to be told about it."""

    name: str
    steps: tuple[str, ...]
    code: str
    message: str
    path: tuple[str | int, ...]
    at: str
    """Text of the YAML document at the position."""
    step: str | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None
    inputs: tuple[str, ...] = (IMAGE,)
    outputs: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return document(self.steps, self.inputs, self.outputs)


FITTING = "give a fitting value or a selector such as $steps.NAME.OUTPUT or $inputs.NAME"
FORMS = "$inputs.NAME, $steps.NAME.OUTPUT or, for control flow, $steps.NAME"

MISTAKES = [
    Mistake(
        "unknown block",
        ("{type: t/segmnt@v1, name: find}",),
        "unknown-block",
        "there is no block of type 't/segmnt@v1'",
        ("steps", 0, "type"),
        "type: t/segmnt@v1",
        step="find",
        field="type",
        expected="the type of a core block or of an installed plug-in",
        found="t/segmnt@v1",
        nearest=("t/segment@v1",),
        hint="correct the type, or install the package that brings the block",
    ),
    Mistake(
        "unknown step",
        (DETECT, "{type: t/area@v1, name: area, image: $steps.detekt.predictions}"),
        "unknown-step",
        "there is no step 'detekt'",
        ("steps", 1, "image"),
        "image: $steps.detekt",
        step="area",
        field="image",
        expected="detect",
        found="$steps.detekt.predictions",
        nearest=("detect",),
        hint="correct the selector, or add the step under `steps`",
    ),
    Mistake(
        "unknown step in an output",
        (DETECT,),
        "unknown-step",
        "there is no step 'detct'",
        ("outputs", 0, "selector"),
        'selector: "$steps.detct.*"',
        field="out",
        expected="detect",
        found="$steps.detct.*",
        nearest=("detect",),
        hint="correct the selector, or add the step under `steps`",
        outputs=(output("$steps.detct.*"),),
    ),
    Mistake(
        "unknown step to go on to",
        (DETECT, "{type: t/choose@v1, name: choose, value: 1, next_steps: [$steps.detct]}"),
        "unknown-step",
        "there is no step 'detct'",
        ("steps", 1, "next_steps", 0),
        "$steps.detct]",
        step="choose",
        field="next_steps",
        expected="detect",
        found="$steps.detct",
        nearest=("detect",),
        hint="correct the selector, or add the step under `steps`",
    ),
    Mistake(
        "unknown output",
        (DETECT, CROP, "{type: t/area@v1, name: area, image: $steps.crop.crop}"),
        "unknown-output",
        "step 'crop' (t/crop@v1) has no output 'crop'",
        ("steps", 2, "image"),
        "image: $steps.crop.crop",
        step="area",
        field="image",
        expected="$steps.crop.crops, $steps.crop.predictions",
        found="$steps.crop.crop",
        nearest=("crops",),
        hint="correct the name of the output",
    ),
    Mistake(
        "output of a step without outputs",
        ("{type: t/choose@v1, name: choose, value: 1, next_steps: []}",),
        "unknown-output",
        "step 'choose' (t/choose@v1) has no output 'value'",
        ("outputs", 0, "selector"),
        "selector:",
        field="out",
        expected="a step with outputs; this one has none",
        found="$steps.choose.value",
        hint="read from another step",
        outputs=(output("$steps.choose.value"),),
    ),
    Mistake(
        "unknown input",
        ("{type: t/area@v1, name: area, image: $inputs.imag}",),
        "unknown-input",
        "there is no input 'imag'",
        ("steps", 0, "image"),
        "image: $inputs.imag",
        step="area",
        field="image",
        expected="$inputs.image",
        found="$inputs.imag",
        nearest=("image",),
        hint="correct the selector, or declare the input under `inputs`",
    ),
    Mistake(
        "wrong kind",
        (DETECT, "{type: t/area@v1, name: area, image: $steps.detect.predictions}"),
        "wrong-kind",
        "$steps.detect.predictions is of kind object_detection_prediction, but 'image' takes image",
        ("steps", 1, "image"),
        "image: $steps.detect.predictions",
        step="area",
        field="image",
        expected="image",
        found="$steps.detect.predictions of kind object_detection_prediction",
        nearest=("$inputs.image",),
        hint="choose a value of kind image",
    ),
    Mistake(
        "wrong kind, and nothing fits",
        (DETECT, "{type: t/masks@v1, name: masks, predictions: $steps.detect.predictions}"),
        "wrong-kind",
        "$steps.detect.predictions is of kind object_detection_prediction, "
        "but 'predictions' takes instance_segmentation_prediction",
        ("steps", 1, "predictions"),
        "predictions: $steps",
        step="masks",
        field="predictions",
        expected="instance_segmentation_prediction",
        found="$steps.detect.predictions of kind object_detection_prediction",
        hint="choose a value of kind instance_segmentation_prediction, or add a step that makes one",
    ),
    Mistake(
        "missing field",
        ("{type: t/area@v1, name: area}",),
        "missing-field",
        "the field 'image' is missing",
        ("steps", 0),
        "{type: t/area@v1",
        step="area",
        field="image",
        expected="image: the picture to measure",
        hint="add `image: ...` to the step; t/area@v1 cannot do without it",
    ),
    Mistake(
        "missing field that is there under a misspelt name is told once",
        ("{type: t/area@v1, name: area, imag: $inputs.image}",),
        "unknown-field",
        "t/area@v1 has no field 'imag'",
        ("steps", 0, "imag"),
        "imag: ",
        step="area",
        field="imag",
        expected="one of the fields image, scale",
        found="imag",
        nearest=("image",),
        hint="correct the name or remove the field",
    ),
    Mistake(
        "literal out of bounds",
        ("{type: t/detect@v1, name: detect, images: $inputs.image, confidence: 1.5}",),
        "wrong-literal",
        "this value does not fit 'confidence'",
        ("steps", 0, "confidence"),
        "confidence: 1.5",
        step="detect",
        field="confidence",
        expected="a number less than or equal to 1",
        found="float 1.5",
        hint=FITTING,
    ),
    Mistake(
        "literal where only a selector can be",
        ("{type: t/area@v1, name: area, image: photo.jpg}",),
        "wrong-literal",
        "this value does not fit 'image'",
        ("steps", 0, "image"),
        "image: photo.jpg",
        step="area",
        field="image",
        expected="a selector such as $steps.NAME.OUTPUT or $inputs.NAME",
        found="string 'photo.jpg'",
        hint="give a selector such as $steps.NAME.OUTPUT or $inputs.NAME",
    ),
    Mistake(
        "literal inside a list",
        ("{type: t/many@v1, name: many, items: [1, {a: 1}]}",),
        "wrong-literal",
        "this value does not fit 'items'",
        ("steps", 0, "items", 1),
        "{a: 1}]",
        step="many",
        field="items",
        expected="a number or a string",
        found="dictionary {'a': 1}",
        hint=FITTING,
    ),
    Mistake(
        "null where a value is needed",
        ("{type: t/paint@v1, name: paint, color: null}",),
        "wrong-literal",
        "this value does not fit 'color'",
        ("steps", 0, "color"),
        "color: null",
        step="paint",
        field="color",
        expected="a colour: '#rrggbb', '(red, green, blue)' or [red, green, blue], each from 0 to 255",
        found="null",
        hint=FITTING,
    ),
    Mistake(
        "secrets are not shown",
        ("{type: t/login@v1, name: login, key: 12345}",),
        "wrong-literal",
        "this value does not fit 'key'",
        ("steps", 0, "key"),
        "key: 12345",
        step="login",
        field="key",
        expected="a string",
        found="text that is not shown",
        hint=FITTING,
    ),
    Mistake(
        "duplicate name",
        (DETECT, "{type: t/segment@v1, name: detect, image: $inputs.image}"),
        "duplicate-name",
        "two steps are called 'detect'",
        ("steps", 1, "name"),
        "name: detect",
        step="detect",
        field="name",
    ),
    Mistake(
        "a field and its other name",
        ("{type: t/detect@v1, name: detect, images: $inputs.image, image: $inputs.image}",),
        "duplicate-name",
        "the field 'image' is another name of 'images', which is given too",
        ("steps", 0, "image"),
        "image: $inputs.image}",
        step="detect",
        field="image",
        hint="keep one of the two",
    ),
    Mistake(
        "cycle",
        (
            "{type: t/area@v1, name: a, image: $inputs.image, scale: $steps.b.area}",
            "{type: t/area@v1, name: b, image: $inputs.image, scale: $steps.c.area}",
            "{type: t/area@v1, name: c, image: $inputs.image, scale: $steps.a.area}",
        ),
        "cycle",
        "these steps wait for each other: a → c → b → a",
        ("steps", 0),
        "{type: t/area@v1, name: a",
        step="a",
        expected="steps that can be put into an order",
        found="a → c → b → a",
        hint="let one of 'a', 'c', 'b' read from an earlier step or an input",
    ),
    Mistake(
        "a step that reads itself",
        ("{type: t/area@v1, name: a, image: $inputs.image, scale: $steps.a.area}",),
        "cycle",
        "these steps wait for each other: a → a",
        ("steps", 0),
        "{type: t/area@v1, name: a",
        step="a",
        expected="steps that can be put into an order",
        found="a → a",
        hint="let 'a' read from an earlier step or an input",
    ),
    Mistake(
        "a gate that leads back",
        (
            "{type: t/area@v1, name: a, image: $inputs.image}",
            "{type: t/choose@v1, name: gate, value: $steps.a.area, next_steps: [$steps.a]}",
        ),
        "cycle",
        "these steps wait for each other: a → gate → a",
        ("steps", 0),
        "{type: t/area@v1, name: a",
        step="a",
        expected="steps that can be put into an order",
        found="a → gate → a",
        hint="let one of 'a', 'gate' read from an earlier step or an input",
    ),
    Mistake(
        "lineages that part",
        (DETECT, CROP, OTHER, "{type: t/pair@v1, name: pair, left: $steps.crop.crops, right: $steps.other.crops}"),
        "lineages-part",
        "$steps.other.crops and $steps.crop.crops cannot be paired: axis 'other' and axis 'crop' share no elements",
        ("steps", 3, "right"),
        "right: $steps.other.crops",
        step="pair",
        field="right",
        expected="one value for each image › crop, or above it",
        found="$steps.other.crops, one for each image › other",
        hint="take both from 'other' or both from 'crop', or join them one level up, for each image: "
        "gather 'other' or 'crop' with dimension_collapse@v1",
    ),
    Mistake(
        "lineages that part between a group and another input",
        (DETECT, CROP, OTHER, AREA, "{type: t/total@v1, name: t, values: $steps.area.area, image: $steps.other.crops}"),
        "lineages-part",
        "$steps.other.crops and $steps.area.area cannot be paired: axis 'other' and axis 'crop' share no elements",
        ("steps", 4, "image"),
        "image: $steps.other.crops",
        step="t",
        field="image",
        expected="one value for each image › crop, or above it",
        found="$steps.other.crops, one for each image › other",
        hint="take both from 'other' or both from 'crop', or join them one level up, for each image: "
        "gather 'other' or 'crop' with dimension_collapse@v1",
    ),
    Mistake(
        "many values where one is needed",
        (DETECT, CROP, AREA, "{type: t/total@v1, name: t, values: $steps.area.area, image: $steps.crop.crops}"),
        "batch-for-one-value",
        "'image' needs one value for each image, but $steps.crop.crops gives one for each image › crop",
        ("steps", 3, "image"),
        "image: $steps.crop.crops}",
        step="t",
        field="image",
        expected="one value for each image, because 'values' gathers image › crop",
        found="$steps.crop.crops, one for each image › crop",
        hint="give 'values' something one level below $steps.crop.crops, or give 'image' something from above; "
        "otherwise one element would receive those of all others",
    ),
    Mistake(
        "a scalar group beside a batch input",
        ("{type: t/total@v1, name: t, values: $inputs.number, image: $inputs.image}",),
        "batch-for-one-value",
        "'image' needs one value for the whole run, but $inputs.image gives one for each image",
        ("steps", 0, "image"),
        "image: $inputs.image",
        step="t",
        field="image",
        expected="one value for the whole run, because 'values' gathers a single value",
        found="$inputs.image, one for each image",
        hint="give 'values' something one level below $inputs.image, or give 'image' something from above; "
        "otherwise one element would receive those of all others",
        inputs=(IMAGE, PARAMETER),
    ),
    Mistake(
        "unknown field",
        ("{type: t/area@v1, name: area, image: $inputs.image, scal: 3}",),
        "unknown-field",
        "t/area@v1 has no field 'scal'",
        ("steps", 0, "scal"),
        "scal: 3",
        step="area",
        field="scal",
        expected="one of the fields image, scale",
        found="scal",
        nearest=("scale",),
        hint="correct the name or remove the field",
    ),
    Mistake(
        "selector for a setting",
        ("{type: t/store@v1, name: store, names: $inputs.image}",),
        "selector-for-setting",
        "'names' must be known when the workflow is compiled",
        ("steps", 0, "names"),
        "names: $inputs.image",
        step="store",
        field="names",
        expected="a value written in the document",
        found="$inputs.image",
        hint="write the value itself in place of the selector",
    ),
    Mistake(
        "settings that tell no outputs",
        ("{type: t/store@v1, name: store, names: []}",),
        "wrong-literal",
        "the outputs of the step cannot be told from its settings: at least one name is needed",
        ("steps", 0, "names"),
        "names: []",
        step="store",
        field="names",
        expected="settings that tell the names and kinds of the outputs",
        hint="correct 'names', which tell the outputs",
        outputs=(output("$steps.store.a"),),
    ),
    Mistake(
        "malformed selector",
        ("{type: t/area@v1, name: area, image: $inputs}",),
        "malformed-selector",
        "'$inputs' is no selector",
        ("steps", 0, "image"),
        "image: $inputs",
        step="area",
        field="image",
        expected=FORMS,
        found="$inputs",
        hint="correct the selector",
    ),
    Mistake(
        "text that begins like a selector is one, even where text would do",
        ("{type: t/many@v1, name: many, items: [1, $steps.a.b.c]}",),
        "malformed-selector",
        "'$steps.a.b.c' is no selector",
        ("steps", 0, "items", 1),
        "$steps.a.b.c]",
        step="many",
        field="items",
        expected=FORMS,
        found="$steps.a.b.c",
        hint="correct the selector",
    ),
    Mistake(
        "selector too deep inside a literal",
        ("{type: t/many@v1, name: many, items: [1, [$inputs.image]]}",),
        "malformed-selector",
        "'$inputs.image' stands too deep inside the value of 'items'",
        ("steps", 0, "items", 1, 0),
        "$inputs.image]]",
        step="many",
        field="items",
        expected="a selector as the whole value or as one of its members",
        found="$inputs.image",
        hint="move the selector up, or write the value itself in place of it",
    ),
    Mistake(
        "malformed selector in an output",
        (DETECT,),
        "malformed-selector",
        "'detect' is no selector; an output of the document is an input or an output of a step",
        ("outputs", 0, "selector"),
        "selector:",
        field="out",
        expected="$inputs.NAME, $steps.NAME.OUTPUT, or $steps.NAME.* for all outputs of the step",
        found="detect",
        hint="correct the selector",
        outputs=(output("detect"),),
    ),
    Mistake(
        "a step as an output",
        (DETECT,),
        "malformed-selector",
        "'$steps.detect' names a whole step; an output of the document is an input or an output of a step",
        ("outputs", 0, "selector"),
        "selector:",
        field="out",
        expected="$inputs.NAME, $steps.detect.OUTPUT, or $steps.detect.* for all outputs of the step",
        found="$steps.detect",
        hint="add the name of the output, or `*`",
        outputs=(output("$steps.detect"),),
    ),
    Mistake(
        "a step where an output is needed",
        (DETECT, "{type: t/area@v1, name: area, image: $steps.detect}"),
        "malformed-selector",
        "'$steps.detect' names a whole step where one of its outputs is needed",
        ("steps", 1, "image"),
        "image: $steps.detect",
        step="area",
        field="image",
        expected="$steps.detect.OUTPUT",
        found="$steps.detect",
        hint="add the name of the output",
    ),
    Mistake(
        "an output where a step is needed",
        (DETECT, "{type: t/choose@v1, name: choose, value: 1, next_steps: [$steps.detect.predictions]}"),
        "wrong-literal",
        "'next_steps' names the steps that elements go on to",
        ("steps", 1, "next_steps", 0),
        "$steps.detect.predictions]",
        step="choose",
        field="next_steps",
        expected="$steps.NAME",
        found="$steps.detect.predictions",
        hint="name a step as $steps.NAME, without an output",
    ),
    Mistake(
        "one step where a list of them is needed",
        (DETECT, "{type: t/choose@v1, name: choose, value: 1, next_steps: $steps.detect}"),
        "wrong-literal",
        "'next_steps' names the steps that elements go on to",
        ("steps", 1, "next_steps"),
        "next_steps: $steps.detect",
        step="choose",
        field="next_steps",
        expected="a list of $steps.NAME",
        found="$steps.detect",
        hint="write [$steps.detect]",
    ),
    Mistake(
        "one selector where members are written out",
        (DETECT, CROP, AREA, "{type: t/together@v1, name: together, lists: $steps.area.area}"),
        "wrong-literal",
        "the members of 'lists' must be written out",
        ("steps", 3, "lists"),
        "lists: $steps.area.area",
        step="together",
        field="lists",
        expected="a list written out, each member of kind float",
        found="$steps.area.area",
        hint="write [$steps.area.area]",
    ),
    Mistake(
        "gate too deep",
        (
            DETECT,
            CROP,
            "{type: t/choose@v1, name: gate, value: $steps.crop.crops, next_steps: [$steps.total]}",
            "{type: t/total@v1, name: total, values: $inputs.numbers}",
        ),
        "gate-too-deep",
        "the gate 'gate' decides for each image › crop, below what the step gathers",
        ("steps", 3),
        "{type: t/total@v1",
        step="total",
        expected="a gate that decides for each image, or above",
        found="a gate that decides for each image › crop",
        hint="let 'gate' lead to a step before 'total' in place of 'total' itself",
        inputs=(IMAGE, BATCH),
    ),
    Mistake(
        "gate apart",
        (
            DETECT,
            CROP,
            OTHER,
            AREA,
            "{type: t/choose@v1, name: gate, value: $steps.other.crops, next_steps: [$steps.total]}",
            "{type: t/total@v1, name: total, values: $steps.area.area}",
        ),
        "gate-too-deep",
        "the gate 'gate' decides for each image › other, apart from what the step gathers",
        ("steps", 5),
        "{type: t/total@v1",
        step="total",
        expected="a gate that decides for each image › crop, or above",
        found="a gate that decides for each image › other",
        hint="let 'gate' lead to a step before 'total' in place of 'total' itself",
    ),
    Mistake(
        "unknown kind",
        (),
        "unknown-kind",
        "there is no kind 'flaot'",
        ("inputs", 0, "kind"),
        "kind: [flaot]",
        field="number",
        expected="kinds such as image, string, float_zero_to_one or *",
        found="flaot",
        nearest=("float",),
        hint="correct the name of the kind",
        inputs=("{type: WorkflowParameter, name: number, kind: [flaot]}",),
    ),
]
each_mistake = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)


def told(problem: Problem) -> tuple[object, ...]:
    return problem.code, problem.message, problem.path, problem.step, problem.field


@each_mistake
def test_in_yaml(mistake: Mistake) -> None:
    (problem,) = refused(mistake.text)
    assert told(problem) == (mistake.code, mistake.message, mistake.path, mistake.step, mistake.field)
    assert text_at(mistake.text, problem).startswith(mistake.at)
    assert problem.nearest[: len(mistake.nearest)] == mistake.nearest
    assert bool(problem.nearest) == bool(mistake.nearest)
    if mistake.code != "duplicate-name" or mistake.hint:
        assert (problem.expected, problem.found, problem.hint) == (mistake.expected, mistake.found, mistake.hint)


@each_mistake
def test_in_json(mistake: Mistake) -> None:
    text = as_json(mistake.text)
    (problem,) = refused(text)
    assert told(problem) == (mistake.code, mistake.message, mistake.path, mistake.step, mistake.field)
    at = mistake.path[-1]
    expected = f'"{at}": ' if isinstance(at, str) else ("{", '"', "[", "1")
    assert text_at(text, problem).startswith(expected)


@each_mistake
def test_in_a_mapping(mistake: Mistake) -> None:
    (problem,) = refused_mapping(mapping(mistake.text))
    assert told(problem) == (mistake.code, mistake.message, mistake.path, mistake.step, mistake.field)
    assert problem.position is None
    assert str(problem).startswith(".".join(map(str, mistake.path)) + ": " + mistake.message)


@each_mistake
def test_what_a_user_reads(mistake: Mistake) -> None:
    (problem,) = refused(mistake.text)
    first, *rest = str(problem).splitlines()
    assert first == f"{problem.position}: {mistake.message} [{mistake.code}]"
    labels = [line.strip().partition(":")[0] for line in rest]
    assert labels == [label for label in ("in", "expected", "found", "did you mean", "to do") if label in labels]
    assert labels[-1] == "to do"


def test_all_mistakes_are_told_at_once_in_document_order() -> None:
    text = document(
        (
            "{type: t/detct@v1, name: gone}",
            "{type: t/area@v1, name: area, scale: big, image: $inputs.imag}",
            "{type: t/many@v1, name: many, named: {a: x}, items: $steps.areas.area, extra: 1}",
            "{type: t/area@v1, name: quiet, image: $steps.gone.anything}",
            "{type: t/pair@v1, name: pair, right: $steps.area.size}",
        ),
        outputs=(output("$steps.nowhere.x"), output("$steps.gone.x", "other")),
    )
    expected = [
        ("unknown-block", "gone", "type"),
        ("wrong-literal", "area", "scale"),
        ("unknown-input", "area", "image"),
        ("wrong-literal", "many", "named"),
        ("unknown-step", "many", "items"),
        ("unknown-field", "many", "extra"),
        ("missing-field", "pair", "left"),
        ("unknown-output", "pair", "right"),
        ("unknown-step", None, "out"),
    ]
    for problems in (refused(text), refused(as_json(text)), refused_mapping(mapping(text))):
        assert [(problem.code, problem.step, problem.field) for problem in problems] == expected


def test_kinds_and_levels_are_told_together() -> None:
    text = document(
        (
            DETECT,
            CROP,
            OTHER,
            "{type: t/pair@v1, name: pair, left: $steps.crop.crops, right: $steps.other.crops}",
            "{type: t/area@v1, name: area, image: $steps.detect.predictions}",
        )
    )
    assert [problem.code for problem in refused(text)] == ["lineages-part", "wrong-kind"]


def test_two_cycles_are_both_told() -> None:
    steps = [
        f"{{type: t/area@v1, name: {name}, image: $inputs.image, scale: $steps.{source}.area}}"
        for name, source in (("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"))
    ]
    assert [problem.found for problem in refused(document(steps))] == ["a → b → a", "c → d → c"]


def test_an_unknown_field_of_a_foreign_id_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cropflow"):
        compiled(
            document(
                ("{type: roboflow_core/t_detect@v1, name: detect, images: $inputs.image, confidnce: 1, x_position: 3}",)
            )
        )
    assert [record.getMessage() for record in caplog.records] == [
        "step 'detect': roboflow_core/t_detect@v1 has no field 'confidnce'; it is ignored; did you mean 'confidence'?",
        "step 'detect': roboflow_core/t_detect@v1 has no field 'x_position'; it is ignored",
    ]


def test_a_missing_field_of_a_foreign_id_is_told_even_if_another_is_misspelt() -> None:
    text = document(("{type: roboflow_core/t_detect@v1, name: detect, imges: $inputs.image}",))
    (problem,) = refused(text)
    assert (problem.code, problem.field) == ("missing-field", "images")


def test_a_mistake_in_a_field_written_under_its_other_name_is_found_there() -> None:
    text = document(("{type: t/detect@v1, name: detect, image: photo.jpg}",))
    (problem,) = refused(text)
    assert text_at(text, problem).startswith("image: photo.jpg")


def test_text_that_only_contains_a_selector_is_text() -> None:
    compiled(document(("{type: t/many@v1, name: many, items: [see $steps.a.b]}",)))


def test_settings_may_contain_text_that_looks_like_a_selector() -> None:
    workflow = compiled(
        document(
            ("{type: t/anything@v1, name: inner, value: {images: $inputs.image}}",), outputs=(output("$steps.inner.*"),)
        )
    )
    assert workflow.run({"image": []}) is not None
