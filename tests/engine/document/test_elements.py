"""What inputs, steps and outputs may contain, and what is said when they do not."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow.document.definition import from_mapping
from cropflow.errors import WorkflowError


def document(**changes):
    return {"version": "1.0", "inputs": [], "steps": [], "outputs": [], **changes}


def refused(data):
    with pytest.raises(WorkflowError) as caught:
        from_mapping(data)
    return caught.value.problems


def only(data):
    (problem,) = refused(data)
    return problem


def read_input(**fields):
    (element,) = from_mapping(document(inputs=[fields])).inputs
    return element


@pytest.mark.parametrize("value", ["x", None, [], 1])
def test_elements_are_mappings(value):
    problem = only(document(steps=[value]))
    assert (problem.code, problem.path, problem.expected) == ("wrong-literal", ("steps", 0), "a mapping")


@pytest.mark.parametrize(
    ("fields", "type_name", "kinds", "depth"),
    [
        ({"type": "InferenceImage"}, "WorkflowImage", ("image",), 1),
        ({"type": "WorkflowImage", "kind": [{"name": "image", "docs": "…"}]}, "WorkflowImage", ("image",), 1),
        ({"type": "WorkflowImage", "kind": ["*"]}, "WorkflowImage", ("image",), 1),
        ({"type": "WorkflowVideoMetadata"}, "WorkflowVideoMetadata", ("video_metadata",), 1),
        ({"type": "InferenceParameter"}, "WorkflowParameter", ("*",), 0),
        ({"type": "WorkflowParameter", "kind": []}, "WorkflowParameter", ("*",), 0),
        (
            {"type": "WorkflowParameter", "kind": ["float", {"name": "x"}]},
            "WorkflowParameter",
            ("float", "x"),
            0,
        ),
        ({"type": "WorkflowBatchInput"}, "WorkflowBatchInput", ("*",), 1),
        (
            {"type": "WorkflowBatchInput", "kind": ["image"], "dimensionality": 3},
            "WorkflowBatchInput",
            ("image",),
            3,
        ),
    ],
)
def test_input_types(fields, type_name, kinds, depth):
    element = read_input(name="x", **fields)
    assert (element.type, element.kinds, element.dimensionality) == (type_name, kinds, depth)


def test_a_default_of_null_is_a_default():
    element = read_input(type="WorkflowParameter", name="x", default_value=None)
    assert element.has_default and element.default is None


@pytest.mark.parametrize(
    ("fields", "code", "at", "nearest"),
    [
        ({"type": "WorkflowImge"}, "unknown-input-type", "type", ("WorkflowImage",)),
        ({"type": "Number"}, "unknown-input-type", "type", ()),
        ({"type": "WorkflowParameter", "default": 3}, "unknown-field", "default", ("default_value",)),
        ({"type": "WorkflowImage", "default_value": 3}, "unknown-field", "default_value", ()),
        ({"type": "WorkflowImage", "kind": ["float"]}, "wrong-literal", "kind", ()),
        ({"type": "WorkflowParameter", "kind": "float"}, "wrong-literal", "kind", ()),
        ({"type": "WorkflowParameter", "kind": [3]}, "wrong-literal", "kind", ()),
        ({"type": "WorkflowParameter", "kind": [{"docs": "x"}]}, "wrong-literal", "kind", ()),
        ({"type": "WorkflowBatchInput", "dimensionality": 0}, "wrong-literal", "dimensionality", ()),
        ({"type": "WorkflowBatchInput", "dimensionality": True}, "wrong-literal", "dimensionality", ()),
        ({"type": "WorkflowBatchInput", "dimensionality": "2"}, "wrong-literal", "dimensionality", ()),
        ({"type": 3}, "wrong-literal", "type", ()),
    ],
)
def test_mistakes_in_inputs(fields, code, at, nearest):
    problem = only(document(inputs=[{"name": "x", **fields}]))
    assert (problem.code, problem.path, problem.field) == (code, ("inputs", 0, at), at)
    assert problem.nearest == nearest


def test_what_an_editor_left_is_ignored_with_a_warning(caplog):
    inputs = [{"type": "WorkflowImage", "name": "x", "description": "of the gate"}]
    outputs = [{"type": "JsonField", "name": "o", "selector": "$inputs.x", "uistate": {"x": 3}}]
    with caplog.at_level(logging.WARNING, "cropflow"):
        from_mapping(document(inputs=inputs, outputs=outputs))
    assert [record.getMessage() for record in caplog.records] == [
        "the input 'x' has an unknown field 'description'; it is ignored",
        "the output 'o' has an unknown field 'uistate'; it is ignored",
    ]


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"coordinates_system": "parrent"}, "wrong-literal", ("coordinates_system",)),
        ({"coordinates_system": None}, "wrong-literal", ("coordinates_system",)),
        ({"type": "Field"}, "wrong-literal", ("type",)),
        ({"selector": 3}, "wrong-literal", ("selector",)),
        ({"name": ""}, "wrong-literal", ("name",)),
        ({"coordinate_system": "own"}, "unknown-field", ("coordinate_system",)),
    ],
)
def test_mistakes_in_outputs(fields, code, path):
    output = {"type": "JsonField", "name": "o", "selector": "$steps.a.b", **fields}
    problem = only(document(outputs=[output]))
    assert (problem.code, problem.path) == (code, ("outputs", 0, *path))


@pytest.mark.parametrize("field", ["type", "name", "selector"])
def test_required_fields_of_outputs(field):
    output = {"type": "JsonField", "name": "o", "selector": "$steps.a.b"}
    misspelt = {key if key != field else f"{key}x": value for key, value in output.items()}
    del output[field]
    for entry in (output, misspelt):
        problem = only(document(outputs=[entry]))
        assert problem.code == "missing-field" and repr(field) in problem.message
    assert f"rename '{field}x'" in problem.hint


@pytest.mark.parametrize("field", ["type", "name"])
def test_required_fields_of_steps_and_inputs(field):
    for key, entry in (
        ("steps", {"type": "t", "name": "n"}),
        ("inputs", {"type": "WorkflowImage", "name": "n"}),
    ):
        del entry[field]
        problem = only(document(**{key: [entry]}))
        assert (problem.code, problem.path) == ("missing-field", (key, 0)) and repr(field) in problem.message


@pytest.mark.parametrize("name", ["a.b", "a b", "$a", "a\n", "", " "])
def test_names_that_no_selector_could_hold_are_refused(name):
    for key, entry in (("steps", {"type": "t"}), ("inputs", {"type": "WorkflowImage"})):
        problem = only(document(**{key: [{**entry, "name": name}]}))
        assert (problem.code, problem.path) == ("wrong-literal", (key, 0, "name"))


@given(st.from_regex(r"[\w-]+", fullmatch=True))
def test_names_of_letters_digits_underscores_and_hyphens_are_allowed(name):
    assert read_input(type="WorkflowImage", name=name).name == name


def test_the_name_of_an_output_is_free_because_no_selector_reads_it():
    output = {"type": "JsonField", "name": "All crops, v1.0", "selector": "$steps.a.b"}
    assert from_mapping(document(outputs=[output])).outputs[0].name == "All crops, v1.0"


def test_names_are_unique_in_each_list_and_may_recur_between_them():
    step, image = {"type": "t", "name": "x"}, {"type": "WorkflowImage", "name": "x"}
    output = {"type": "JsonField", "name": "x", "selector": "$steps.x.y"}
    from_mapping(document(inputs=[image], steps=[step], outputs=[output]))
    problems = refused(document(inputs=[image, image], steps=[step, step, step], outputs=[output, output]))
    assert [(p.code, p.path) for p in problems] == [
        ("duplicate-name", ("inputs", 1, "name")),
        ("duplicate-name", ("steps", 1, "name")),
        ("duplicate-name", ("steps", 2, "name")),
        ("duplicate-name", ("outputs", 1, "name")),
    ]
    assert "steps.0" in problems[2].hint
