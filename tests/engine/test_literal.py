"""Literals of a document are read strictly; values made by other steps are read as what they are."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from cropflow import KINDS, Color, Detections, Image, ZeroToOne
from cropflow.literal import LiteralError, LiteralType, describe, literal_of
from cropflow.signature import kinds_of

COLOR = "a colour: '#rrggbb', '(red, green, blue)' or [red, green, blue], each from 0 to 255"


class Size(BaseModel):
    width: int
    height: int = 1


def literal(annotation: Any, takes_none: bool = False) -> LiteralType:
    return LiteralType(annotation, kinds_of("test", annotation), takes_none)


@pytest.mark.parametrize(
    ("annotation", "written", "expected"),
    [
        (float, 1, 1.0),
        (float, 0.5, 0.5),
        (int, 3, 3),
        (bool, True, True),
        (str, "a", "a"),
        (ZeroToOne, 1, 1.0),
        (Literal["a", 1], 1, 1),
        (list[float], [1, 2.5], [1.0, 2.5]),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (tuple[int, int], [1, 2], (1, 2)),
        (datetime.datetime, "2024-05-01T12:30:00", datetime.datetime(2024, 5, 1, 12, 30)),
        (Size, {"width": 2}, Size(width=2)),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
        (Image | float, 2, 2.0),
        (float | str, "1", "1"),
        (int | float, 1, 1),
        (int | float, 1.5, 1.5),
        (Color, "#ff8000", (255, 128, 0)),
        (Color, "FF8000", (255, 128, 0)),
        (Color, "#f80", (255, 136, 0)),
        (Color, "(255, 128, 0)", (255, 128, 0)),
        (Color, "255,128,0", (255, 128, 0)),
        (Color, [255, 128, 0], (255, 128, 0)),
        (list[Color], ["#000000", [1, 2, 3]], [(0, 0, 0), (1, 2, 3)]),
    ],
)
def test_literals_are_read(annotation: Any, written: object, expected: object) -> None:
    found = literal(annotation).read(written)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "written", "expected", "place"),
    [
        (float, "0.5", "a number", ()),
        (float, True, "a number", ()),
        (int, 1.5, "an integer", ()),
        (int, True, "an integer", ()),
        (bool, 1, "a boolean", ()),
        (str, 5, "a string", ()),
        (float, None, "a number", ()),
        (ZeroToOne, 1.5, "a number less than or equal to 1", ()),
        (ZeroToOne, -0.1, "a number greater than or equal to 0", ()),
        (Literal["sum", "mean"], "average", "'sum' or 'mean'", ()),
        (float | str, [1], "a number or a string", ()),
        (Image | float, "a.jpg", "a number", ()),
        (list[float], 3, "a list", ()),
        (dict[str, float], [3], "a mapping", ()),
        (list[float], [1, "x"], "a number", (1,)),
        (list[float | str], [1, {}], "a number or a string", (1,)),
        (dict[str, list[int]], {"a": [1], "b": [1, "x"]}, "an integer", ("b", 1)),
        (Size, {}, "a value for 'width'", ()),
        (list[Size], [{"width": 1}, {"width": "x"}], "an integer", (1, "width")),
        (Color, "red", COLOR, ()),
        (Color, "#12345", COLOR, ()),
        (Color, "(1, 2)", COLOR, ()),
        (Color, "(1, x, 2, 3)", COLOR, ()),
        (Color, "(1, 2, 300)", COLOR, ()),
        (Color, [1, 2], COLOR, ()),
        (Color, [1, 2, 300], COLOR, ()),
        (Color, [1, 2, -1], COLOR, ()),
        (Color, [1, 2, 3.5], COLOR, ()),
        (Color, 7, COLOR, ()),
    ],
)
def test_literals_that_do_not_fit(
    annotation: Any, written: object, expected: str, place: tuple[str | int, ...]
) -> None:
    with pytest.raises(LiteralError) as caught:
        literal(annotation).read(written)
    assert str(caught.value) == expected
    assert caught.value.place == place


@pytest.mark.parametrize("annotation", [Image, Detections, list[Image], dict[str, Detections], np.ndarray, bytes])
def test_pictures_and_predictions_are_never_written(annotation: Any) -> None:
    with pytest.raises(ValueError, match="a selector such as"):
        literal(annotation).read("x")
    assert literal(annotation).schema() is None


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_all_forms_of_a_color_are_one(color: tuple[int, int, int]) -> None:
    red, green, blue = color
    forms = [f"#{red:02x}{green:02X}{blue:02x}", f"({red}, {green}, {blue})", f"{red},{green},{blue}", list(color)]
    assert {literal(Color).read(form) for form in forms} == {color}
    assert {literal(Color).check(form) for form in [*forms, color, np.array(color).tolist()]} == {color}


@given(st.text(max_size=12) | st.integers() | st.lists(st.integers() | st.text(max_size=3), max_size=4) | st.none())
def test_anything_else_is_no_color(written: object) -> None:
    try:
        found = literal(Color).read(written)
    except LiteralError as error:
        assert str(error) == COLOR
    else:
        assert len(found) == 3
        assert all(0 <= part <= 255 for part in found)


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (float, np.float32(0.5), 0.5),
        (float, np.int64(2), 2.0),
        (float, 3, 3.0),
        (int, np.int64(2), 2),
        (int, np.uint8(2), 2),
        (bool, np.True_, True),
        (str, np.str_("a"), "a"),
        (ZeroToOne, np.float64(1), 1.0),
        (list[float], [np.float32(0.5), 1], [0.5, 1.0]),
        (Color, "#ff0000", (255, 0, 0)),
        (Color, [255, 0, 0], (255, 0, 0)),
        (Color, [np.int64(255), 0, 0], (255, 0, 0)),
        (Any, {"a": object}, {"a": object}),
    ],
)
def test_values_of_other_steps_are_taken_as_what_they_are(annotation: Any, value: object, expected: object) -> None:
    found = literal(annotation).check(value)
    assert found == expected
    assert type(found) is type(expected)


PICTURE = Image(np.zeros((2, 2, 3), np.uint8))
BOXES = Detections(np.array([[0, 0, 1, 1]], np.float32))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Image, PICTURE),
        (Image | float, PICTURE),
        (Detections | str, BOXES),
        (list[Image], [PICTURE]),
        (np.ndarray, BOXES.xyxy),
    ],
)
def test_pictures_and_predictions_arrive_untouched(annotation: Any, value: object) -> None:
    assert literal(annotation).check(value) is value


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (float, "high", "expected float, got string 'high'"),
        (float, {"a": 1}, "expected float, got dictionary {'a': 1}"),
        (Image, {"a": 1}, "expected image, got dictionary {'a': 1}"),
        (Image, BOXES.xyxy, "expected image, got numpy_array"),
        (Image | str, 3, "expected image or string, got integer 3"),
        (list[Image], PICTURE, "expected list_of_values, got image"),
        (float, None, "expected float, got null"),
        (
            Annotated[int, Field(ge=1)],
            0,
            "expected integer (a number greater than or equal to 1), got integer 0",
        ),
        (ZeroToOne, 7, "expected float_zero_to_one (a number less than or equal to 1), got integer 7"),
        (Color, "red", f"expected rgb_color ({COLOR}), got string 'red'"),
    ],
)
def test_values_of_other_steps_that_do_not_fit(annotation: Any, value: object, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        literal(annotation).check(value)
    assert str(caught.value).startswith(words)


def test_none_fits_where_it_is_taken() -> None:
    assert literal(float, takes_none=True).check(None) is None
    assert literal(float, takes_none=True).read(None) is None


@pytest.mark.parametrize(
    ("annotation", "narrows"),
    [
        (float, False),
        (ZeroToOne, True),
        (Literal["a"], True),
        (Annotated[str, Field(min_length=1)], True),
        (Any, False),
        (list, False),
        (list[Any], False),
        (list[float], True),
        (dict[str, Any], False),
        (dict[str, float], True),
    ],
)
def test_an_annotation_may_allow_less_than_its_kind(annotation: Any, narrows: bool) -> None:
    assert literal(annotation).narrows is narrows


def test_ports_without_an_annotation_read_what_their_kinds_are() -> None:
    found = literal_of((KINDS["image"], KINDS["float_zero_to_one"]))
    assert found.read(1) == 1.0
    assert found.check(PICTURE) is PICTURE
    with pytest.raises(ValueError, match="a number less than or equal to 1"):
        found.read(2)
    with pytest.raises(ValueError, match="a selector such as"):
        literal_of((KINDS["image"],)).read("a.jpg")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (1.5, "float 1.5"),
        ("a", "string 'a'"),
        (np.float32(0.5), "float32"),
        (np.zeros(2), "numpy_array"),
        ("x" * 100, "string"),
        (PICTURE, "image <Image"),
        (1j, "complex 1j"),
    ],
)
def test_values_are_named_in_messages(value: object, words: str) -> None:
    assert describe(value).startswith(words)


def test_long_values_are_not_printed() -> None:
    assert describe("x" * 100) == "string"
    assert describe(list(range(100))) == "list_of_values"
