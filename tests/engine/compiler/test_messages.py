"""Every mistake in a document has its own message: where, which step and field, expected, found, and what to do."""

from __future__ import annotations

import logging

import pytest

from cropflow import Problem

from . import mistakes_in_fields, mistakes_in_wiring
from .documents import (
    CROP,
    DETECT,
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
from .mistakes import Mistake

MISTAKES = mistakes_in_fields.MISTAKES + mistakes_in_wiring.MISTAKES
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


def test_levels_that_follow_from_a_wrong_kind_are_not_told() -> None:
    text = document(
        (
            "{type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: a.pt}",
            "{type: dynamic_crop@v1, name: crop, images: $inputs.image, predictions: $steps.detect.predictions}",
            "{type: classification_model@v2, name: classify, images: $steps.detect.predictions, model_id: b.pt}",
            "{type: detections_classes_replacement@v1, name: named,"
            " object_detection_predictions: $steps.detect.predictions,"
            " classification_predictions: $steps.classify.predictions}",
            "{type: detections_classes_replacement@v1, name: deeper,"
            " object_detection_predictions: $steps.named.predictions,"
            " classification_predictions: $steps.classify.predictions}",
        ),
        outputs=(output("$steps.named.predictions"),),
    )
    (problem,) = refused(text)
    assert (problem.code, problem.step, problem.field) == ("wrong-kind", "classify", "images")


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
                (
                    "{type: roboflow_core/t_detect@v1, name: detect, images: $inputs.image, confidnce: 1,"
                    " x_position: 3}",
                ),
                outputs=(output("$steps.detect.predictions"),),
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
