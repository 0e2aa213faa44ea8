"""Every kind has a JSON form both ways; no output can fail with "not serialisable"."""

from __future__ import annotations

import datetime
import enum
import json
import math
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from supervision import Detections

from cropflow import KINDS, Classification, Image, InputError
from cropflow.serialize import from_json, to_json


class Shade(enum.Enum):
    DARK = "dark"


class Model(BaseModel):
    size: int = 3


@dataclass
class Point:
    x: float


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (math.nan, None),
        (np.array([1.0, math.inf]), [1.0, None]),
        (b"hi", "aGk="),
        (datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC), "2024-05-01T12:00:00+00:00"),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, ["a", "b"]),
        ({1: {2: None}}, {"1": {"2": None}}),
        (Shade.DARK, "dark"),
        (Model(), {"size": 3}),
        (Point(1.5), {"x": 1.5}),
        (PurePosixPath("a/b"), "a/b"),
        (range(2), "range(0, 2)"),
    ],
)
def test_values_become_json(value: Any, expected: Any) -> None:
    assert to_json(value) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
        max_leaves=20,
    )
)
def test_anything_nested_is_strict_json(value: Any) -> None:
    json.dumps(to_json(value), allow_nan=False)


def example(name: str) -> Any:
    """A value of each kind that has a form of its own."""
    image = Image(np.full((4, 6, 3), 9, np.uint8), id="a")
    found = Detections(
        xyxy=np.array([[1.0, 1, 3, 3]]),
        confidence=np.array([0.5]),
        class_id=np.array([0]),
        metadata={"origin": image.origin},
    )
    return {
        "image": image,
        "object_detection_prediction": found,
        "classification_prediction": Classification(("a", "b"), np.array([0.2, 0.8], np.float32), origin=image.origin),
        "numpy_array": np.array([[1.5, 2.5]]),
        "bytes": b"\x00\xff",
        "contours": [np.array([[1, 2], [3, 4]])],
        "timestamp": datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC),
        "rgb_color": (255, 0, 0),
        "float_zero_to_one": 0.25,
        "integer": 3,
        "dictionary": {"a": [1]},
    }[name]


@pytest.mark.parametrize(
    "name",
    ["numpy_array", "bytes", "contours", "timestamp", "rgb_color", "float_zero_to_one", "integer", "dictionary"],
)
def test_values_come_back_from_json(name: str) -> None:
    wire = json.loads(json.dumps(to_json(example(name))))
    back = from_json(KINDS[name], wire)
    assert type(back) is type(example(name))
    assert np.array_equal(back, example(name)) if isinstance(back, np.ndarray) else str(back) == str(example(name))


def test_predictions_and_pictures_come_back_from_json() -> None:
    found = from_json(KINDS["instance_segmentation_prediction"], to_json(example("object_detection_prediction")))
    assert np.allclose(found.xyxy, [[1, 1, 3, 3]])
    label = from_json(KINDS["classification_prediction"], to_json(example("classification_prediction")))
    assert label.top == "b"
    picture = from_json(KINDS["image"], to_json(example("image")))
    assert (picture.width, picture.height) == (6, 4)


@pytest.mark.parametrize("name", ["image", "object_detection_prediction", "classification_prediction", "bytes"])
def test_a_value_of_the_kind_comes_back_as_it_is(name: str) -> None:
    value = example(name)
    assert from_json(KINDS[name], value) is value


def test_what_is_not_of_the_kind_is_refused() -> None:
    with pytest.raises(InputError):
        from_json(KINDS["object_detection_prediction"], {"predictions": [{"x": "far"}]})
    with pytest.raises(ValueError, match="integer"):
        from_json(KINDS["integer"], "many")
