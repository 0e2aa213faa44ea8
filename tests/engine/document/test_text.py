"""What JSON and YAML text mean: the values, and the places of their parts."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cropflow.document.text import parse, yaml_core

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab<0:~# é"), inner, max_size=4),
)


class QuotingDumper(yaml.SafeDumper):
    """Quotes all text: PyYAML leaves the quotes off where YAML 1.1 needs none, as in `0E0`."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def value(text, file=None):
    parsed = parse(text, file)
    assert parsed.report.problems == []
    return parsed.value


def place(text, *path):
    position = parse(text, "w").report.positions.find(path)
    return position.line, position.column


@given(st.dictionaries(st.text(), DOCUMENTS), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_means_exactly_what_the_json_module_says(data, indent, ascii_only):
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    read = value(text)
    assert read == json.loads(text)
    assert json.dumps(read) == json.dumps(json.loads(text))  # 1 and 1.0 and True are told apart


@given(st.dictionaries(st.text("abc", min_size=1), DOCUMENTS, min_size=1), st.booleans())
def test_plain_data_written_as_yaml_comes_back(data, flow):
    text = yaml.dump(data, Dumper=QuotingDumper, default_flow_style=flow, sort_keys=False)
    assert json.dumps(value(text)) == json.dumps(data)


@given(st.dictionaries(st.text("abc", min_size=1), DOCUMENTS, min_size=1))
def test_json_read_as_yaml_has_the_same_values(data):
    text = json.dumps(data).replace("\\ud", "\\\\ud")  # libyaml reads no pairs of surrogates
    assert json.dumps(value(f"# with a comment it is YAML\n{text}")) == json.dumps(json.loads(text))


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("12:30", "12:30"),
        ("1:30:00", "1:30:00"),
        ("2024-01-31", "2024-01-31"),
        ("1e-5", 1e-5),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.25", -0.25),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("+3", 3),
        ("~", None),
        ("null", None),
        ("", None),
        ("1.2.3", "1.2.3"),
        ("=", "="),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("v2 # with a comment", "v2"),
        ("$steps.detect.*", "$steps.detect.*"),
    ],
)
def test_yaml_scalars_follow_yaml_1_2(written, meaning):
    read = value(f"a: {written}")["a"]
    assert (type(read), read) == (type(meaning), meaning)


def test_yaml_keys_are_text_as_written():
    assert value("{0: a, no: b, 1.50: c, null: d}") == {"0": "a", "no": "b", "1.50": "c", "null": "d"}


def test_big_integers_and_floats_of_json_are_exact():
    read = value('{"a": 123456789012345678901234567890, "b": 1e-7, "c": 1.0}')
    assert repr(read) == "{'a': 123456789012345678901234567890, 'b': 1e-07, 'c': 1.0}"


def test_aliases_and_merge_keys_repeat_values_without_sharing_them():
    text = "base: &b {x: [1], y: 2}\none: *b\ntwo: {<<: *b, y: 3}\nthree: {<<: [{z: 1}, *b]}\n"
    read = value(text)
    assert read["one"] == {"x": [1], "y": 2}
    assert read["two"] == {"x": [1], "y": 3}
    assert read["three"] == {"z": 1, "x": [1], "y": 2}
    read["one"]["x"].append(2)
    assert read["base"]["x"] == read["two"]["x"] == [1]


def test_a_quoted_merge_key_is_an_ordinary_key():
    assert value('{"<<": {"a": 1}}') == {"<<": {"a": 1}} == value("'<<': {a: 1}")


def test_a_byte_order_mark_is_ignored():
    assert value('\ufeff{"a": 1}') == value("\ufeffa: 1") == {"a": 1}


def test_a_text_in_braces_that_is_no_json_is_yaml():
    assert value("{a: 1, b: [no,],}") == {"a": 1, "b": ["no"]}


BLOCK = """\
# a comment
version: "1.0"
steps:
  - type: crop@v1
    name: crop

    options:
        sizes: [10, 20]
  - {type: sink@v1, name: é→, after: $steps.crop}
"""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), (2, 1)),
        (("version",), (2, 1)),
        (("steps",), (3, 1)),
        (("steps", 0), (4, 5)),
        (("steps", 0, "name"), (5, 5)),
        (("steps", 0, "options", "sizes"), (8, 9)),
        (("steps", 0, "options", "sizes", 1), (8, 21)),
        (("steps", 1), (9, 5)),
        (("steps", 1, "after"), (9, 31)),
        (("steps", 1, "missing", "deeper"), (9, 5)),
        (("steps", 7), (3, 1)),
        (("steps", 0, "name", "inside a text"), (5, 5)),
        (("steps", "name"), (3, 1)),
    ],
)
def test_places_in_yaml(path, where):
    assert place(BLOCK, *path) == where


JSON = """\
{
\t"version": "1.0", "smile": "\\ud83d\\ude00 \\/",
\t"steps": [
\t\t{"type": "crop@v1", "name": "crop", "options": {"sizes": [10, 20]}}
\t]
}
"""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), (1, 1)),
        (("smile",), (2, 20)),
        (("steps",), (3, 2)),
        (("steps", 0), (4, 3)),
        (("steps", 0, "name"), (4, 23)),
        (("steps", 0, "options", "sizes", 1), (4, 65)),
        (("steps", 0, "missing"), (4, 3)),
    ],
)
def test_places_in_json_with_tabs_and_escapes(path, where):
    assert place(JSON, *path) == where


def test_places_of_aliased_and_merged_parts_are_where_they_are_written():
    text = "base: &b\n  x: [1, 2]\none: *b\ntwo:\n  <<: *b\n  y: 3\nthree: {<<: [*b]}\n"
    assert place(text, "one", "x", 1) == (2, 10)
    assert place(text, "two", "x") == (2, 3)
    assert place(text, "two", "y") == (6, 3)
    assert place(text, "three", "x", 0) == (2, 7)


def test_json_that_the_yaml_parser_cannot_read_keeps_its_values_and_has_no_places():
    text = '{"a"\n: 1}'
    assert value(text) == {"a": 1}
    assert parse(text).report.positions.find(("a",)) is None


@given(st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=5))
def test_every_path_finds_an_enclosing_place(path):
    line, column = place("a: {b: [1, {a: 2}]}\nb: [[1], 2]", *path)
    assert line in (1, 2) and column >= 1


def test_the_pure_python_parser_gives_the_same_nodes(monkeypatch):
    # libyaml is not everywhere: a copy of the module is loaded as if it were missing.
    monkeypatch.delattr(yaml, "CBaseLoader")
    spec = spec_from_file_location("yaml_core_without_libyaml", yaml_core.__file__)
    pure = module_from_spec(spec)
    spec.loader.exec_module(pure)
    assert yaml.serialize(pure.compose(BLOCK)) == yaml.serialize(yaml_core.compose(BLOCK))
    with pytest.raises(yaml.YAMLError, match="nested too deeply"):
        pure.compose("[" * 5000)
