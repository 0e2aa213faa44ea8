"""Statements about boxes and values: what holds, in which order it is asked, and what can never be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervision import Detections

from cropflow import RunError, Workflow, WorkflowError
from cropflow.image.origin import Origin

NAMES = ["car", "dog", "cat"]


def found(confidences: list[float], classes: list[int] | None = None, **data: Any) -> Detections:
    count = len(confidences)
    classes = classes or [0] * count
    corners = [[10 * i, 0, 10 * i + 8, 6] for i in range(count)]
    return Detections(
        xyxy=np.array(corners, np.float32).reshape(-1, 4),
        confidence=np.array(confidences, np.float32),
        class_id=np.array(classes, int),
        data={
            "class_name": np.array([NAMES[i] for i in classes], str),
            "detection_id": np.array([str(i) for i in range(count)], str),
            **data,
        },
        metadata={"origin": Origin("image", 300, 200)},
    )


def prop(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    chain = [{"type": "ExtractDetectionProperty", "property_name": name}, *more]
    return {"type": "DynamicOperand", "operations": chain}


def fixed(value: Any) -> dict[str, Any]:
    return {"type": "StaticOperand", "value": value}


def named(name: str) -> dict[str, Any]:
    return {"type": "DynamicOperand", "operand_name": name}


def binary(left: dict[str, Any], comparator: str, right: dict[str, Any], negate: bool = False) -> dict[str, Any]:
    return {
        "type": "BinaryStatement",
        "left_operand": left,
        "comparator": {"type": comparator},
        "right_operand": right,
        "negate": negate,
    }


def unary(operand: dict[str, Any], operator: str) -> dict[str, Any]:
    return {"type": "UnaryStatement", "operand": operand, "operator": {"type": operator}}


def group(*statements: dict[str, Any], operator: str | None = None) -> dict[str, Any]:
    written = {"type": "StatementGroup", "statements": list(statements)}
    return written if operator is None else {**written, "operator": operator}


def document(statement: dict[str, Any], parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    whole = statement if statement["type"] == "StatementGroup" else group(statement)
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
            *({"type": "WorkflowParameter", "name": name} for name in parameters or {}),
        ],
        "steps": [
            {
                "type": "roboflow_core/detections_filter@v1",
                "name": "filter",
                "predictions": "$inputs.found",
                "operations": [{"type": "DetectionsFilter", "filter_operation": whole}],
                "operations_parameters": {name: f"$inputs.{name}" for name in parameters or {}},
            }
        ],
        "outputs": [{"type": "JsonField", "name": "kept", "selector": "$steps.filter.predictions"}],
    }


def kept(boxes: Detections, statement: dict[str, Any], **parameters: Any) -> list[int]:
    with Workflow.load(document(statement, parameters)) as workflow:
        row = workflow.run({"found": [boxes], **parameters})[0]
    return [int(id) for id in row["kept"].data["detection_id"]]


TWO_ZONES = [[[0, 0], [9, 0], [0, 9]], [[30, 0], [40, 0], [40, 9]]]
BOXES = found([0.9, 0.5, 0.7, 0.2], [0, 1, 1, 2], speed=[1.0, None, 3.0, None])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (binary(prop("class_name"), "==", fixed("dog")), [1, 2]),
        (binary(prop("class_name"), "!=", fixed("dog")), [0, 3]),
        (binary(prop("class_id"), "(Number) ==", fixed(2)), [3]),
        (binary(prop("class_id"), "(Number) !=", fixed(2)), [0, 1, 2]),
        (binary(prop("confidence"), "(Number) >", fixed(0.5)), [0, 2]),
        (binary(prop("confidence"), "(Number) >=", fixed(0.5)), [0, 1, 2]),
        (binary(prop("confidence"), "(Number) <", fixed(0.5)), [3]),
        (binary(prop("confidence"), "(Number) <=", fixed(0.5)), [1, 3]),
        (binary(prop("class_id"), "(Number) in range", fixed([1, 2])), [1, 2, 3]),
        (binary(prop("class_name"), "(String) startsWith", fixed("c")), [0, 3]),
        (binary(prop("class_name"), "(String) endsWith", fixed("g")), [1, 2]),
        (binary(prop("class_name"), "(String) contains", fixed("a")), [0, 3]),
        (binary(prop("class_name"), "in (Sequence)", fixed(["car", "cat"])), [0, 3]),
        (binary(prop("class_name"), "in (Sequence)", fixed(["car", "cat"]), negate=True), [1, 2]),
        (binary(prop("top_left"), "all in (Sequence)", fixed([0, 20])), [0, 2]),
        (binary(prop("top_left"), "any in (Sequence)", fixed([10])), [1]),
        (binary(named("_"), "(Detection) in zone", fixed([[0, 0], [20, 0], [20, 9], [0, 9]])), [0, 1]),
        (binary(prop("center"), "(Detection) in zone", fixed([[0, 0], [20, 0], [20, 9], [0, 9]])), [0, 1]),
        (binary(named("_"), "(Detection) in zone", fixed(TWO_ZONES)), [0, 3]),
        (binary(named("_"), "(Detection) in zone", fixed([])), []),
        (unary(prop("speed"), "Exists"), [0, 2]),
        (unary(prop("speed"), "DoesNotExist"), [1, 3]),
        (unary(prop("tracker_id"), "Exists"), []),
        (unary(prop("top_left"), "(Sequence) is not empty"), [0, 1, 2, 3]),
        (unary(prop("top_left"), "(Sequence) is empty"), []),
        (binary(prop("x_min", {"type": "Divide", "other": 10}), "(Number) ==", fixed(2)), [2]),
        (unary(prop("class_id", {"type": "ToBoolean"}), "(Boolean) is True"), [1, 2, 3]),
        (unary(prop("class_id", {"type": "ToBoolean"}), "(Boolean) is False"), [0]),
        (group(binary(prop("class_id"), "==", fixed(0)), binary(prop("class_id"), "==", fixed(2))), [0, 3]),
        (
            group(
                binary(prop("class_id"), "==", fixed(1)),
                group(
                    binary(prop("confidence"), "(Number) >", fixed(0.6)),
                    binary(prop("confidence"), "(Number) <", fixed(0.1)),
                ),
                operator="and",
            ),
            [2],
        ),
    ],
)  # fmt: skip
def test_boxes_that_a_statement_holds_for(statement: dict[str, Any], expected: list[int]) -> None:
    assert kept(BOXES, statement) == expected
    assert kept(found([]), statement) == []


@pytest.mark.parametrize("operator", ["and", "or"])
def test_a_decided_element_is_asked_nothing_more(operator: str) -> None:
    """The second statement could not be answered for boxes without a speed."""
    exists = unary(prop("speed"), "Exists" if operator == "and" else "DoesNotExist")
    fast = binary(prop("speed"), "(Number) >", fixed(2))
    assert kept(BOXES, group(exists, fast, operator=operator)) == ([2] if operator == "and" else [1, 2, 3])
    with pytest.raises(RunError, match=r"\(Number\) >: the left side must be float or integer .*, but is null"):
        kept(BOXES, group(fast, exists, operator=operator))


def test_parameters_of_the_step_are_operands() -> None:
    assert kept(BOXES, binary(prop("class_name"), "in (Sequence)", named("wanted")), wanted=["dog"]) == [1, 2]
    assert kept(BOXES, binary(prop("confidence"), "(Number) >", named("least")), least=0.6) == [0, 2]


def test_every_picture_of_a_batch_is_asked_about_its_own_boxes() -> None:
    batch = [found([0.9, 0.1]), found([]), found([0.1, 0.2, 0.8])]
    with Workflow.load(document(binary(prop("confidence"), "(Number) >", fixed(0.5)))) as workflow:
        rows = workflow.run({"found": batch})
    assert [row["kept"].data["detection_id"].tolist() for row in rows] == [["0"], [], ["2"]]


COMPARED = st.sampled_from(["(Number) >", "(Number) <=", "(Number) ==", "(Number) !="])
SIMPLE = st.one_of(
    st.builds(
        binary,
        st.sampled_from([prop("confidence"), prop("x_min", {"type": "Divide", "other": 100}), named("limit")]),
        COMPARED,
        st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]).map(fixed), st.just(named("limit"))),
        st.booleans(),
    ),
    st.builds(
        binary,
        st.just(prop("class_name")),
        st.sampled_from(["==", "!=", "in (Sequence)", "(String) startsWith"]),
        st.just(fixed("car")),
        st.booleans(),
    ).map(lambda one: {**one, "right_operand": fixed(["car"])} if "in (" in one["comparator"]["type"] else one),
    st.builds(unary, st.sampled_from([prop("speed"), prop("confidence")]), st.sampled_from(["Exists", "DoesNotExist"])),
)
GROUPS = st.recursive(
    SIMPLE, lambda inner: st.builds(group, inner, inner, operator=st.sampled_from(["and", "or"])), max_leaves=6
)


@settings(max_examples=150)
@given(
    GROUPS,
    st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.integers(0, 2), st.booleans()), max_size=6),
    st.sampled_from([0.25, 1]),
)
def test_whole_columns_are_answered_as_box_by_box(
    statement: dict[str, Any], rows: list[tuple[float, int, bool]], limit: float
) -> None:
    speeds = np.array([1.0 if fast else None for *_, fast in rows], object)
    boxes = found([row[0] for row in rows], [row[1] for row in rows], speed=speeds)
    expected = [i for i, row in enumerate(rows) if _holds(statement, i, row, limit)]
    assert kept(boxes, statement, limit=limit) == expected


def _holds(statement: dict[str, Any], i: int, row: tuple[float, int, bool], limit: float) -> bool:
    if statement["type"] == "StatementGroup":
        answers = [_holds(inner, i, row, limit) for inner in statement["statements"]]
        return all(answers) if statement["operator"] == "and" else any(answers)
    if statement["type"] == "UnaryStatement":
        there = row[2] or statement["operand"]["operations"][0]["property_name"] == "confidence"
        return there == (statement["operator"]["type"] == "Exists")
    left = _value(statement["left_operand"], i, row, limit)
    right = _value(statement["right_operand"], i, row, limit)
    compare = {
        "(Number) >": lambda: left > right,
        "(Number) <=": lambda: left <= right,
        "(Number) ==": lambda: left == right,
        "(Number) !=": lambda: left != right,
        "==": lambda: left == right,
        "!=": lambda: left != right,
        "in (Sequence)": lambda: left in right,
        "(String) startsWith": lambda: left.startswith(right),
    }
    return compare[statement["comparator"]["type"]]() != statement["negate"]


def _value(operand: dict[str, Any], i: int, row: tuple[float, int, bool], limit: float) -> Any:
    if operand["type"] == "StaticOperand":
        return operand["value"]
    if operand.get("operand_name", "_") == "limit":
        return limit
    return {"confidence": row[0], "class_name": NAMES[row[1]], "x_min": np.float32(10 * i) / 100}[
        operand["operations"][0]["property_name"]
    ]


@pytest.mark.parametrize(
    ("statement", "place", "words"),
    [
        (
            binary(prop("class_name"), "(Number) >", fixed(3)),
            ("left_operand",),
            "'(Number) >' cannot be asked of what stands on its left side",
        ),
        (binary(prop("confidence"), "(Number) >", fixed("0.5")), ("right_operand",), "on its right side"),
        (
            binary(prop("confidence"), "(Number) in range", fixed([1, 2, 3])),
            ("right_operand", "value"),
            "a range has two ends",
        ),
        (
            binary(named("wnated"), "==", fixed(1)),
            ("left_operand", "operand_name"),
            "there is no operand 'wnated'",
        ),
        (
            binary(prop("class_name", {"type": "Multiply", "other": 2}), "==", fixed(1)),
            ("left_operand", "operations", 1),
            "Multiply cannot work on what ExtractDetectionProperty gives",
        ),
        (unary(prop("confidence"), "(Boolean) is True"), ("operand",), "on its only side"),
    ],
)
def test_statements_that_can_never_be_answered_are_refused(
    statement: dict[str, Any], place: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document(statement, {"wanted": ["dog"]}))
    (problem,) = error.value.problems
    assert problem.path == ("steps", 0, "operations", 0, "filter_operation", "statements", 0, *place)
    assert words in problem.message
    if "wnated" in words:
        assert problem.nearest == ("wanted",)


def test_a_filter_must_end_in_predictions() -> None:
    flow = document(unary(named("_"), "Exists"))
    flow["steps"][0]["operations"].append({"type": "SequenceLength"})
    with pytest.raises(WorkflowError, match="the operations do not end in predictions"):
        Workflow.load(flow)


def test_a_group_needs_a_statement() -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document(group()))
    (problem,) = error.value.problems
    assert problem.path[-2:] == ("filter_operation", "statements")
