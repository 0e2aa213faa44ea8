"""Which kinds fit where, which fits are certain and which show only when a workflow runs, and what a value is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow import KINDS, Classification, Detections, Image, Kind
from cropflow.kinds import Fit, fit, holds, kind_of_type

kinds = st.sampled_from(sorted(set(KINDS.values()), key=str))
unions = st.lists(kinds, min_size=1, max_size=3)

BOXES = "object_detection_prediction"
MASKS = "instance_segmentation_prediction"


def how(sources: str, targets: str) -> str:
    return fit([KINDS[name] for name in sources.split()], [KINDS[name] for name in targets.split()]).name


@pytest.mark.parametrize(
    ("sources", "targets", "expected"),
    [
        ("image", "image", "ALWAYS"),
        ("image", "*", "ALWAYS"),
        ("*", "image", "MAYBE"),
        ("*", "*", "ALWAYS"),
        ("image", BOXES, "NEVER"),
        # sub-kinds
        (MASKS, BOXES, "ALWAYS"),
        ("rle_instance_segmentation_prediction", MASKS, "ALWAYS"),
        ("rle_instance_segmentation_prediction", BOXES, "ALWAYS"),
        ("keypoint_detection_prediction", BOXES, "ALWAYS"),
        ("rotated_object_detection_prediction", BOXES, "ALWAYS"),
        ("qr_code_detection", BOXES, "ALWAYS"),
        ("bar_code_detection", BOXES, "ALWAYS"),
        (BOXES, MASKS, "NEVER"),
        (MASKS, "keypoint_detection_prediction", "NEVER"),
        ("semantic_segmentation_prediction", BOXES, "NEVER"),
        ("classification_prediction", BOXES, "NEVER"),
        ("integer", "float", "ALWAYS"),
        ("float_zero_to_one", "float", "ALWAYS"),
        ("top_class", "string", "ALWAYS"),
        ("secret", "string", "ALWAYS"),
        ("point", "list_of_values", "ALWAYS"),
        # values that turn out to be of a kind, or not
        ("float", "float_zero_to_one", "MAYBE"),
        ("integer", "float_zero_to_one", "MAYBE"),
        ("float", "integer", "MAYBE"),
        ("string", "model_id", "MAYBE"),
        ("language_model_output", "top_class", "MAYBE"),
        ("string", "rgb_color", "MAYBE"),
        ("list_of_values", "rgb_color", "MAYBE"),
        ("list_of_values", "zone", "MAYBE"),
        ("string", "float", "NEVER"),
        ("boolean", "float", "NEVER"),
        ("float", "boolean", "NEVER"),
        ("dictionary", "image", "NEVER"),
        ("dictionary", "classification_prediction", "NEVER"),
        # several kinds
        (f"image {BOXES}", "image", "MAYBE"),
        (f"image {BOXES}", f"{BOXES} image", "ALWAYS"),
        (f"{MASKS} qr_code_detection", BOXES, "ALWAYS"),
        ("image string", "float boolean", "NEVER"),
        ("string", "image string", "ALWAYS"),
        ("float", "string integer", "MAYBE"),
        # other names
        ("roboflow_model_id", "model_id", "ALWAYS"),
    ],
)
def test_what_fits(sources: str, targets: str, expected: str) -> None:
    assert how(sources, targets) == expected


@given(kinds)
def test_every_kind_fits_itself_and_anything(kind: Kind) -> None:
    assert fit([kind], [kind]) is Fit.ALWAYS
    assert fit([kind], [KINDS["*"]]) is Fit.ALWAYS
    assert fit([KINDS["*"]], [kind]) >= Fit.MAYBE


@given(unions, unions, kinds)
def test_a_port_that_takes_more_never_fits_worse(sources: list[Kind], targets: list[Kind], more: Kind) -> None:
    assert fit(sources, [*targets, more]) >= fit(sources, targets)


@given(unions, unions, kinds)
def test_a_certain_fit_holds_for_every_kind_of_the_source(sources: list[Kind], targets: list[Kind], more: Kind) -> None:
    assert (fit(sources, targets) is Fit.ALWAYS) == all(fit([kind], targets) is Fit.ALWAYS for kind in sources)
    assert (fit(sources, targets) is Fit.NEVER) == all(fit([kind], targets) is Fit.NEVER for kind in sources)


@given(kinds)
def test_relatives_of_a_kind_are_kinds(kind: Kind) -> None:
    assert set(kind.parents) | set(kind.reads) <= set(KINDS)
    assert kind.description


@given(kinds, kinds)
def test_kinds_of_one_name_are_the_same(one: Kind, other: Kind) -> None:
    assert (one == other) == (one.name == other.name)
    assert Kind(one.name, "other words") == one
    assert hash(Kind(one.name, "other words")) == hash(one)


def test_a_kind_of_a_plug_in_may_be_a_case_of_a_known_one_or_of_its_own() -> None:
    plate = Kind("acme/plate", "a number plate", parents=(BOXES,), python="Detections", literal=False)
    red = Kind("acme/red_plate", "a red one", parents=("acme/plate", BOXES), python="Detections", literal=False)
    assert fit([plate], [KINDS[BOXES]]) is Fit.ALWAYS
    assert fit([red], [plate]) is Fit.ALWAYS
    assert fit([red], [KINDS[BOXES]]) is Fit.ALWAYS
    assert fit([plate], [red]) is Fit.NEVER
    assert fit([KINDS[BOXES]], [plate]) is Fit.NEVER


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [(int, "integer"), (bool, "boolean"), (list, "list_of_values"), (dict, "dictionary"), (np.ndarray, "numpy_array")],
)
def test_plain_types_have_kinds(annotation: type, kind: str) -> None:
    assert kind_of_type(annotation) is KINDS[kind]


@pytest.mark.parametrize("annotation", [object(), complex, "text", [1]])
def test_other_things_have_none(annotation: object) -> None:
    assert kind_of_type(annotation) is None


BOX = np.array([[0, 0, 4, 4]], np.float32)
PLAIN = Detections(BOX, class_id=np.array([0]))
MASKED = Detections(BOX, class_id=np.array([0]), mask=np.ones((1, 4, 4), np.bool_))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("image", Image(np.zeros((2, 2, 3), np.uint8)), True),
        ("image", np.zeros((2, 2, 3), np.uint8), False),
        ("image", {}, False),
        (BOXES, PLAIN, True),
        (BOXES, {"predictions": []}, False),
        (MASKS, PLAIN, False),
        (MASKS, MASKED, True),
        (MASKS, Detections.empty(), True),
        ("classification_prediction", Classification(("a",), np.ones(1, np.float32), 0.0), True),
        ("classification_prediction", PLAIN, False),
        ("numpy_array", np.zeros(2), True),
        ("numpy_array", [0, 0], False),
        ("bytes", b"x", True),
    ],
)
def test_values_of_kinds_without_a_json_form_are_told_by_class_and_content(
    kind: str, value: object, expected: bool
) -> None:
    assert holds(KINDS[kind], value) is expected
