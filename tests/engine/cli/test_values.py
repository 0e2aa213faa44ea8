"""What stands behind `--set` means what it would mean in a YAML 1.2 document, and anything else is text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow.cli.exits import UsageError
from cropflow.cli.values import read_pairs, read_value

WRITTEN = {
    "0.4": 0.4,
    "1e-5": 1e-5,
    "12": 12,
    "true": True,
    "null": None,
    "no": "no",
    "12:30": "12:30",
    "2024-05-01": "2024-05-01",
    '"12"': "12",
    "'true'": "true",
    "": "",
    "#ff0000": "#ff0000",
    "a # b": "a # b",
    "key: value": "key: value",
    "a: b: c": "a: b: c",
    "- x": "- x",
    "*star": "*star",
    "!tag": "!tag",
    "$inputs.x": "$inputs.x",
    "[1, 2.5, a]": [1, 2.5, "a"],
    '{"a": [true, null]}': {"a": [True, None]},
}


@pytest.mark.parametrize(("text", "value"), WRITTEN.items())
def test_a_value(text: str, value: object) -> None:
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(plain, max_size=4))
def test_lists_are_json(value: list[object]) -> None:
    assert read_value(json.dumps(value)) == value


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        read_value(text)
    except UsageError as error:
        assert "--set" in str(error)


def test_pairs() -> None:
    assert read_pairs(["a=1", "b=x=y", "c="], "--set", "NAME=VALUE") == {"a": "1", "b": "x=y", "c": ""}
    for wrong in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(UsageError, match="--set"):
            read_pairs(wrong, "--set", "NAME=VALUE")
