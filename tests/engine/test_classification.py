"""The answer of a classifier: its best class, its JSON form, and reading that form."""

import doctest
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow import classification as module
from cropflow.classification import Classification
from cropflow.errors import InputError
from cropflow.image.origin import Origin, Transform

FRAME = Origin("image.[0]", 200, 100)
CROP = Origin("image.[0]/detect/3", 20, 10, FRAME, Transform(40, 35))
NAMES = ("cat", "dog", "fox")


def animals(threshold: float = 0.3, **fields) -> Classification:
    return Classification(NAMES, np.array([0.25, 0.5, 0.375], np.float32), threshold, **fields)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(module).failed == 0


def test_the_best_class_is_on_top():
    answer = animals()
    assert (answer.top, answer.class_id, answer.confidence) == ("dog", 1, 0.5)
    assert type(answer.confidence) is float and type(answer.class_id) is int
    assert answer.reached == (1, 2)


@pytest.mark.parametrize(
    "answer", [animals(0.6), Classification((), np.array([])), Classification(("a",), np.array([math.nan]))]
)
def test_nothing_is_on_top_where_no_class_reaches_the_threshold(answer):
    assert (answer.top, answer.class_id, answer.confidence, answer.reached) == (None, None, 0.0, ())
    form = answer.to_json()
    assert (form["top"], form["confidence"], form["predictions"]) == ("", 0.0, [])


def test_a_score_equal_to_the_threshold_reaches_it():
    scores = np.array([0.7], np.float32)  # a little below the double 0.7
    assert Classification(("cat",), scores, 0.7).top == "cat"


def test_equal_scores_keep_the_order_of_the_classes():
    assert Classification(NAMES, np.full(3, 0.5)).reached == (0, 1, 2)


def test_names_and_scores_must_be_as_many():
    with pytest.raises(ValueError, match="3 class names but scores of shape"):
        Classification(NAMES, np.zeros(2))


def test_answers_are_equal_when_all_their_parts_are():
    assert animals(origin=CROP) == animals(origin=CROP)
    assert animals() != animals(0.2)
    assert animals() != animals(multi_label=True)
    assert animals() != Classification(NAMES, np.zeros(3), 0.3)
    assert Classification(("a",), np.array([math.nan])) == Classification(("a",), np.array([math.nan]))
    assert animals() != "dog"


def test_the_single_label_form_is_the_one_that_clients_read():
    assert animals(origin=CROP, inference_id="7").to_json() == {
        "inference_id": "7",
        "image": {"width": 20, "height": 10},
        "predictions": [
            {"class": "dog", "class_id": 1, "confidence": 0.5},
            {"class": "fox", "class_id": 2, "confidence": 0.375},
        ],
        "top": "dog",
        "confidence": 0.5,
        "prediction_type": "classification",
        "parent_id": "image.[0]/detect/3",
        "root_parent_id": "image.[0]",
    }


def test_the_multi_label_form_lists_all_classes_by_name():
    form = animals(multi_label=True, origin=FRAME).to_json()
    assert form["predictions"] == {
        "cat": {"class_id": 0, "confidence": 0.25},
        "dog": {"class_id": 1, "confidence": 0.5},
        "fox": {"class_id": 2, "confidence": 0.375},
    }
    assert form["predicted_classes"] == ["dog", "fox"]
    assert (form["parent_id"], form["root_parent_id"]) == ("image.[0]", "image.[0]")
    assert "top" not in form and "confidence" not in form


def test_what_is_not_known_is_left_out():
    assert not {"image", "parent_id", "root_parent_id", "inference_id", "time"} & set(animals().to_json())


def test_scores_that_are_not_numbers_are_still_json():
    for many in (False, True):
        answer = Classification(NAMES, np.array([math.nan, math.inf, 0.5]), 0.1, multi_label=many)
        json.dumps(answer.to_json(), allow_nan=False)


scores = st.lists(st.floats(0, 1, width=32), min_size=0, max_size=6)


@given(
    scores,
    st.floats(0, 1),
    st.sampled_from([None, FRAME, CROP]),
    st.booleans(),
    st.none() | st.text(min_size=1),
)
def test_what_was_written_reads_the_same(values, threshold, origin, many, inference_id):
    names = tuple(f"class {i}" for i in range(len(values)))
    answer = Classification(names, np.array(values), threshold, origin, inference_id, many)
    back = Classification.from_json(json.loads(json.dumps(answer.to_json(), allow_nan=False)))
    assert back.to_json() == answer.to_json()
    assert (back.top, back.class_id, back.confidence, back.reached) == (
        answer.top,
        answer.class_id,
        answer.confidence,
        answer.reached,
    )
    assert back.multi_label is many
    if many:
        assert back.names == names and np.array_equal(back.scores, answer.scores)
    if origin:
        assert (back.origin.id, back.origin.root.id) == (origin.id, origin.root.id)


def test_classes_that_are_not_listed_have_no_score():
    back = Classification.from_json({"predictions": [{"class": "fox", "class_id": 2, "confidence": 0.5}]})
    assert back.names == ("", "", "fox") and np.isnan(back.scores[:2]).all()
    assert (back.top, back.class_id, back.origin) == ("fox", 2, None)


FOX = {"class": "fox", "class_id": 2, "confidence": 0.5}
MANY = {"a": {"class_id": 0, "confidence": 0.5}, "b": {"class_id": 1, "confidence": 0.75}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("cat", "whole value"),
        ({"top": "cat"}, "predictions: Field required"),
        (
            {"predictions": [FOX, {"class": "cat", "confidence": 0.5}]},
            r"predictions\[1\]\.class_id: Field required",
        ),
        ({"predictions": [{**FOX, "confidence": "high"}]}, r"predictions\[0\]\.confidence: .*found 'high'"),
        ({"predictions": [{**FOX, "class_id": -1}]}, r"predictions\[0\]\.class_id"),
        ({"predictions": [{**FOX, "class_id": 10**12}]}, r"predictions\[0\]\.class_id"),
        ({"predictions": [FOX, {**FOX, "class": "wolf"}]}, "class_id 2 to 'fox' and to 'wolf'"),
        ({"predictions": {"a": {"confidence": 1}}, "predicted_classes": []}, r"predictions\.a\.class_id"),
        ({"predictions": MANY}, "predicted_classes: Field required"),
        ({"predictions": MANY, "predicted_classes": ["c"]}, "names 'c'"),
        ({"predictions": MANY, "predicted_classes": ["a"]}, "leaves out a class"),
    ],
)
def test_what_is_malformed_is_refused_by_name(value, message):
    with pytest.raises(InputError, match=f"the classification cannot be read: .*{message}"):
        Classification.from_json(value)
