"""What a document must be, and what its author is told when it is not."""

import copy
import json
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cropflow.document.definition import Definition, from_mapping, load, loads
from cropflow.errors import Position, WorkflowError

DIGITS = """\
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: confidence, kind: [float_zero_to_one], default_value: 0.4}
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.image,
     model_id: ../models/digits-detect.pt, confidence: $inputs.confidence}
  - type: dynamic_crop@v1
    name: crop
    images: $inputs.image
    predictions: $steps.detect.predictions
outputs:
  - {type: JsonField, name: objects, selector: $steps.detect.predictions}
  - {type: JsonField, name: crops, selector: $steps.crop.crops, coordinates_system: own}
"""


def document(**changes):
    return {"version": "1.0", "inputs": [], "steps": [], "outputs": [], **changes}


def refused(read, *args, **options):
    with pytest.raises(WorkflowError) as caught:
        read(*args, **options)
    return caught.value.problems


def only(data):
    (problem,) = refused(from_mapping, data)
    return problem


def test_a_document_is_read_into_its_elements():
    definition = loads(DIGITS)
    image, confidence = definition.inputs
    assert (image.type, image.name, image.kinds, image.dimensionality) == (
        "WorkflowImage",
        "image",
        ("image",),
        1,
    )
    assert (image.default, image.has_default, image.path) == (None, False, ("inputs", 0))
    assert (confidence.kinds, confidence.dimensionality) == (("float_zero_to_one",), 0)
    assert (confidence.default, confidence.has_default) == (0.4, True)
    detect, crop = definition.steps
    assert (crop.name, crop.type, crop.path) == ("crop", "dynamic_crop@v1", ("steps", 1))
    assert detect.fields == {
        "images": "$inputs.image",
        "model_id": "../models/digits-detect.pt",
        "confidence": "$inputs.confidence",
    }
    objects, crops = definition.outputs
    assert (objects.name, objects.selector, objects.coordinates_system, objects.path) == (
        "objects",
        "$steps.detect.predictions",
        "parent",
        ("outputs", 0),
    )
    assert crops.coordinates_system == "own"


def test_yaml_json_and_a_mapping_are_the_same_document():
    data = yaml.safe_load(DIGITS)
    assert loads(DIGITS) == loads(json.dumps(data)) == from_mapping(data)


def test_places_are_known_for_text_and_not_for_a_mapping():
    assert loads(DIGITS).position(("steps", 0, "confidence")) == Position(7, 44)
    assert loads(DIGITS, file="w.yaml").position(("steps", 1, "predictions")) == Position(11, 5, "w.yaml")
    assert loads(DIGITS).position(("steps", 1, "nothing", 3)) == Position(8, 5)
    assert from_mapping(yaml.safe_load(DIGITS)).position(("steps", 0)) is None


@pytest.mark.parametrize("name", ["w.yaml", "w.json", "w.txt"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_gives_the_document_its_folder_and_its_name(tmp_path, name, as_text):
    path = tmp_path / name
    data = json.dumps(yaml.safe_load(DIGITS)) if name == "w.json" else DIGITS
    path.write_text("\ufeff" + data, encoding="utf-8")
    definition = load(str(path) if as_text else path)
    assert (definition.base, definition.file) == (tmp_path, str(path))
    assert definition.position(("steps",)).file == str(path)
    assert definition.steps == loads(DIGITS).steps


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "latin.yaml").write_bytes("version: 1\nname: ä".encode("latin-1"))
    missing, folder, latin = (
        refused(load, path)[0] for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "latin.yaml")
    )
    assert {p.code for p in (missing, folder, latin)} == {"unreadable-file"}
    assert "none.yaml" in missing.message and "no such file" in missing.message
    assert str(tmp_path) in folder.message and "a folder" in folder.message
    assert "not UTF-8" in latin.message and latin.position == Position(2, 7, str(tmp_path / "latin.yaml"))


@pytest.mark.parametrize("text", ['{"version": "1.0"}', DIGITS, DIGITS * 20, "a\0b"])
def test_text_given_to_load_is_taken_as_a_path(text):
    (problem,) = refused(load, text)
    assert problem.code == "unreadable-file" and "`loads`" in problem.hint and len(problem.message) < 250


@pytest.mark.parametrize("text", ["my.yaml", "folder/my own.yml", "C:\\my.JSON"])
def test_a_path_given_to_loads_is_told(text):
    with pytest.raises(WorkflowError, match="read it with `load`; `loads` takes the text of a document"):
        loads(text)


def test_a_mapping_is_neither_changed_nor_kept():
    data = yaml.safe_load(DIGITS)
    before = copy.deepcopy(data)
    definition = from_mapping(data, base=Path("somewhere"))
    assert data == before and definition.base == Path("somewhere")
    definition.steps[0].fields["images"] = "changed"
    data["steps"][1]["name"] = "changed"
    assert data["steps"][0] == before["steps"][0] and definition.steps[1].name == "crop"


def test_other_mappings_tuples_and_paths_become_plain_data():
    step = MappingProxyType({"type": "t", "name": "n", "model_id": Path("a/b.pt"), "sizes": (1, 2)})
    fields = from_mapping(MappingProxyType(document(steps=(step,)))).steps[0].fields
    assert fields == {"model_id": str(Path("a/b.pt")), "sizes": [1, 2]} and type(fields["sizes"]) is list


@pytest.mark.parametrize(
    ("value", "words"),
    [({1, 2}, "type 'set'"), (b"x", "type 'bytes'"), ({1: 2}, "the key 1"), (float("nan"), "finite")],
)
def test_python_values_that_no_document_can_hold_are_refused(value, words):
    problem = only(document(steps=[{"type": "t", "name": "n", "x": {"y": [value]}}]))
    assert problem.code == "wrong-literal" and words in problem.message
    assert problem.path == ("steps", 0, "x", "y", 0)
    assert str(problem).startswith("steps.0.x.y.0: ")


@pytest.mark.parametrize("version", ["1", "1.0", "1.0.0", "1.1", "1.3.0", "1.10", 1, 1.0, 1.4])
def test_every_version_1_is_read(version):
    assert from_mapping(document(version=version)).version == str(version)


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0", "1.x", "v1", "", None, True, 2.0, ["1.0"], "1.0\n"])
def test_other_versions_are_refused(version):
    problem = only(document(version=version))
    assert (problem.code, problem.path) == ("wrong-version", ("version",)) and "1.x" in problem.message


@pytest.mark.parametrize("key", ["version", "inputs", "steps", "outputs"])
def test_required_keys_are_required(key):
    data = document()
    del data[key]
    problem = only(data)
    assert (problem.code, problem.path) == ("missing-field", ())
    assert repr(key) in problem.message and f"`{key}: " in problem.hint and "rename" not in problem.hint


def test_a_misspelt_required_key_is_pointed_at():
    (problem,) = refused(loads, "{version: 1.0, inputs: [], step: [], outputs: []}")
    assert (problem.code, problem.position) == ("missing-field", Position(1, 28))
    assert "'steps'" in problem.message and "rename 'step'" in problem.hint


def test_other_keys_are_kept():
    assert from_mapping(document(uistate={"x": 1})).other == {"uistate": {"x": 1}}


@pytest.mark.parametrize("text", ["", "[]", "just text", "3", "# nothing"])
def test_a_document_must_be_a_mapping(text):
    (problem,) = refused(loads, text)
    assert problem.code == "wrong-literal" and "must be a mapping" in problem.message


@pytest.mark.parametrize("key", ["inputs", "steps", "outputs"])
@pytest.mark.parametrize("value", [{}, None, "x", {"a": {"type": "t"}}])
def test_elements_stand_in_lists(key, value):
    problem = only(document(**{key: value}))
    assert (problem.code, problem.path, problem.expected) == ("wrong-literal", (key,), "a list")


def test_a_duplicate_name_names_the_first_place():
    text = DIGITS.replace("name: crop\n", "name: detect\n")
    (problem,) = refused(loads, text, file="w.yaml")
    assert (problem.code, problem.position) == ("duplicate-name", Position(9, 5, "w.yaml"))
    assert problem.step == "detect" and "line 6, column 39" in problem.hint


def test_all_mistakes_are_told_at_once_in_document_order():
    text = """\
outputs:
  - {type: JsonField, name: o, selector: $steps.a.b, cordinates_system: own}
version: 2.0
step: []
inputs:
  - {type: WorkflowParameter, name: p, kind: float, default_value: .inf}
  - {type: WorkflowParameter, name: p q, name: r}
"""
    problems = refused(loads, text, file="w.yaml")
    assert [(p.code, p.position.line, p.position.column) for p in problems] == [
        ("unknown-field", 2, 54),
        ("wrong-version", 3, 1),
        ("missing-field", 4, 1),
        ("wrong-literal", 6, 40),
        ("wrong-literal", 6, 53),
        ("wrong-literal", 7, 31),
        ("duplicate-key", 7, 42),
    ]
    mapping = {
        "outputs": [3],
        "version": 2,
        "inputs": [{"type": "WorkflowImage", "name": "a b", "kinds": {1: 2}}],
    }
    paths = [p.path for p in refused(from_mapping, {**mapping, "steps": {}})]
    assert paths == [
        ("outputs", 0),
        ("version",),
        ("inputs", 0, "name"),
        ("inputs", 0, "kinds"),
        ("inputs", 0, "kinds"),
        ("steps",),
    ]


def test_a_message_says_where_what_and_what_to_do():
    (problem,) = refused(loads, DIGITS.replace("default_value", "defaultvalue"), file="digits.yaml")
    assert str(problem).splitlines() == [
        "digits.yaml:4:76: this input has an unknown field 'defaultvalue' [unknown-field]",
        "    in: field 'defaultvalue'",
        "    did you mean: 'default_value'",
    ]
    (problem,) = refused(loads, DIGITS.replace("name: crop\n", "name: my crop\n"), file="digits.yaml")
    assert str(problem).splitlines() == [
        "digits.yaml:9:5: the name 'my crop' cannot be used in a selector [wrong-literal]",
        "    in: step 'my crop', field 'name'",
        "    expected: letters, digits, '_' and '-'; no spaces, no '.' and no '$'",
        "    to do: write 'my_crop'",
    ]


NESTED = """\
version: "1.0"
inputs: []
steps:
  - type: inner_workflow@v1
    name: inner
    workflow_definition:
      version: "1.1"
      inputs: [{type: WorkflowImage, name: image}]
      steps:
        - {type: t, name: NAME, images: $inputs.image}
      outputs: []
outputs: []
"""


def test_a_nested_document_keeps_its_places_in_the_outer_one():
    outer = loads(NESTED, base=Path("here"), file="w.yaml")
    path = ("steps", 0, "workflow_definition")
    inner = outer.nested(outer.steps[0].fields["workflow_definition"], path)
    assert isinstance(inner, Definition) and (inner.version, inner.base, inner.file) == (
        "1.1",
        Path("here"),
        "w.yaml",
    )
    assert inner.steps[0].path == (*path, "steps", 0)
    assert inner.position((*inner.steps[0].path, "images")) == Position(10, 33, "w.yaml")


def test_mistakes_in_a_nested_document_are_told_with_their_places():
    outer = loads(NESTED.replace("NAME", "a.b").replace("      outputs: []\n", ""), file="w.yaml")
    path = ("steps", 0, "workflow_definition")
    problems = refused(outer.nested, outer.steps[0].fields["workflow_definition"], path)
    assert [(p.code, p.path, p.position.line) for p in problems] == [
        ("missing-field", path, 6),
        ("wrong-literal", (*path, "steps", 0, "name"), 10),
    ]


@given(st.text() | st.text("{}[]:,-&*!<'\"\n\t a1~|>%@"))
def test_any_text_is_read_or_refused_with_a_readable_message(text):
    for file in (None, "w.json"):
        with pytest.raises(WorkflowError) as caught:
            loads(text, file=file)
        assert str(caught.value).isprintable() or "\n" in str(caught.value)
        assert all(p.message and (p.hint or p.expected or p.nearest) for p in caught.value.problems)


KEYS = st.sampled_from(["version", "inputs", "steps", "outputs", "type", "name", "kind", "selector", "nmae"])
VALUES = st.sampled_from(["1.0", "WorkflowImage", "WorkflowParameter", "x", 1, None, True, 1.5, "\ud800", ""])
DATA = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))


@given(st.dictionaries(KEYS, DATA), st.booleans())
def test_any_data_is_read_or_refused_alike_as_text_and_as_a_mapping(data, as_text):
    base = {**document(), **data}
    try:
        definition = loads(json.dumps(base)) if as_text else from_mapping(base)
    except WorkflowError as error:
        assert str(error).encode() and error.problems
    else:
        assert definition == from_mapping(json.loads(json.dumps(base)))
