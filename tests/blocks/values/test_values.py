"""Blocks that compute with plain values, in documents as they are written elsewhere."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, RunError, Workflow, WorkflowError


def document(step: dict[str, Any], output: str, inputs: tuple[str, ...] = (), parameters: tuple[str, ...] = ()) -> Any:
    return {
        "version": "1.0",
        "inputs": [
            *({"type": "WorkflowBatchInput", "name": name, "kind": ["*"]} for name in inputs),
            *({"type": "WorkflowParameter", "name": name} for name in parameters),
        ],
        "steps": [{"name": "step", **step}],
        "outputs": [{"type": "JsonField", "name": "out", "selector": f"$steps.step.{output}"}],
    }


def answers(flow: Any, **values: Any) -> list[Any]:
    with Workflow.load(flow) as workflow:
        return [row["out"] for row in workflow.run(values)]


def case(name: str, comparator: str, value: Any, result: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "type": "BinaryStatement",
        "left_operand": {"type": "DynamicOperand", "operand_name": name},
        "comparator": {"type": comparator},
        "right_operand": {"type": "StaticOperand", "value": value},
    }
    return {
        "type": "CaseDefinition",
        "condition": {"type": "StatementGroup", "statements": [statement]},
        "result": result,
    }


def static(value: Any) -> dict[str, Any]:
    return {"type": "StaticCaseResult", "value": value}


def expression(**fields: Any) -> dict[str, Any]:
    shout = {
        "type": "DynamicCaseResult",
        "parameter_name": "name",
        "operations": [{"type": "StringToUpperCase"}],
    }
    cases = [case("count", "(Number) >=", 2, static("many")), case("count", "(Number) >=", 1, static(1))]
    return {
        "type": "roboflow_core/expression@v1",
        "data": {"count": "$inputs.boxes", "name": "$inputs.name"},
        "data_operations": {"count": [{"type": "SequenceLength"}]},
        "switch": {"type": "CasesDefinition", "cases": cases, "default": shout},
        **fields,
    }


def boxes(count: int) -> Detections:
    return Detections(np.array([[i, 0, i + 1, 1] for i in range(count)], np.float32).reshape(-1, 4))


def test_the_first_case_that_holds_counts_else_the_default() -> None:
    flow = document(expression(), "output", ("boxes",), ("name",))
    assert answers(flow, boxes=[boxes(3), boxes(1), boxes(0)], name="none") == ["many", 1, "NONE"]


def test_wrong_names_in_an_expression_are_refused_with_the_nearest() -> None:
    wrong = expression(data_operations={"cuont": [{"type": "SequenceLength"}]})
    with pytest.raises(WorkflowError, match=r"data_operations names 'cuont'") as error:
        Workflow.load(document(wrong, "output", ("boxes",), ("name",)))
    assert error.value.problems[0].nearest == ("count",)
    switch = expression()["switch"]
    switch["default"]["parameter_name"] = "nmae"
    with pytest.raises(WorkflowError, match=r"there is no value 'nmae' in `data`") as error:
        Workflow.load(document(expression(switch=switch), "output", ("boxes",), ("name",)))
    assert error.value.problems[0].path == ("steps", 0, "switch", "default", "parameter_name")


def test_a_condition_that_can_never_hold_is_refused() -> None:
    switch = {"type": "CasesDefinition", "cases": [case("name", "(Number) >", 2, static(1))], "default": static(0)}
    flow = document(expression(switch=switch), "output", ("boxes",), ("name",))
    flow["inputs"][1]["kind"] = ["string"]
    with pytest.raises(WorkflowError, match=r"'\(Number\) >' cannot be asked"):
        Workflow.load(flow)


def test_a_template_is_filled_for_every_element() -> None:
    flow = document(
        {
            "type": "roboflow_core/string_template@v1",
            "template": "{name} has {count:03d} boxes, {{first}} at {places[0][x]:.1f}",
            "data": {"name": "$inputs.name", "count": "$inputs.boxes", "places": "$inputs.places"},
            "data_operations": {"count": [{"type": "SequenceLength"}], "name": [{"type": "StringToUpperCase"}]},
        },
        "output",
        ("boxes", "places"),
        ("name",),
    )
    places = [[{"x": 1.25}], [{"x": 4}]]
    expected = ["A has 002 boxes, {first} at 1.2", "A has 000 boxes, {first} at 4.0"]
    assert answers(flow, boxes=[boxes(2), boxes(0)], places=places, name="a") == expected


def test_predictions_in_a_template_are_json() -> None:
    step = {"type": "string_template@v1", "template": "{found}", "data": {"found": "$inputs.boxes"}}
    (text,) = answers(document(step, "output", ("boxes",)), boxes=[boxes(1)])
    assert '"predictions": [{"width": 1.0' in text


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{nmae}", "there is no value for {nmae}; did you mean {name}?"),
        ("{name.__class__}", "is no place for a value; write {name}, {name[0]} or {name[key]}"),
        ("{name[x][y]}", "there is nothing at 'x'"),
        ("{}", "there is no value for {0}; given are name"),
        ("{name", "expected '}'"),
    ],
)
def test_wrong_templates(template: str, words: str) -> None:
    flow = document(
        {"type": "string_template@v1", "template": template, "data": {"name": "$inputs.name"}}, "output", (), ("name",)
    )
    with pytest.raises(RunError) as error:
        answers(flow, name="a")
    assert words in str(error.value)


def formatted(columns: dict[str, Any], **values: list[Any]) -> list[Any]:
    step = {
        "type": "roboflow_core/csv_formatter@v1",
        "columns_data": columns,
        "columns_operations": {"name": [{"type": "StringToUpperCase"}]},
    }
    return answers(document(step, "csv_content", tuple(values)), **values)


def test_a_batch_becomes_one_csv_text_at_its_last_element() -> None:
    first, second, text = formatted(
        {"name": "$inputs.name", "size": "$inputs.size", "place": 3}, name=["x", "y", 'q"u,o\nte'], size=[1, [2], 3.5]
    )
    assert (first, second) == (None, None)
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["name", "size", "place", "timestamp"]
    assert [row[:3] for row in rows] == [["X", "1", "3"], ["Y", "[2]", "3"], ['Q"U,O\nTE', "3.5", "3"]]
    moments = [datetime.datetime.fromisoformat(row[3]) for row in rows]
    assert all(moment.utcoffset() == datetime.timedelta(0) for moment in moments)


def test_a_column_of_that_name_replaces_the_timestamp() -> None:
    (text,) = formatted({"timestamp": "$inputs.name", "name": "b"}, name=["now"])
    assert text == "timestamp,name\nnow,B\n"


def test_pictures_are_measured_by_their_properties() -> None:
    flow = document(
        {
            "type": "PropertyExtraction",
            "data": "$inputs.image",
            "operations": [{"type": "ExtractImageProperty", "property_name": "aspect_ratio"}],
        },
        "output",
        ("image",),
    )
    pictures = [Image(np.zeros((10, 20, 3), np.uint8)), Image(np.zeros((20, 10), np.uint8))]
    assert answers(flow, image=pictures) == [2.0, 0.5]


def test_embeddings_are_compared_by_their_direction() -> None:
    step = {
        "type": "roboflow_core/cosine_similarity@v1",
        "embedding_1": "$inputs.one",
        "embedding_2": "$inputs.other",
    }
    flow = document(step, "similarity", ("one", "other"))
    one = [[1, 0], [3, 4], [1, 2], [0, 0]]
    other = [[0, 2], [6, 8], [-1, -2], [1, 1]]
    assert answers(flow, one=one, other=other) == pytest.approx([0, 1, -1, 0])
    with pytest.raises(RunError, match="the embeddings have 1 and 2 numbers; give two of the same model"):
        answers(flow, one=[[1]], other=[[1, 2]])
