"""Values summed up over frames, seconds and streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, RunError, Workflow, WorkflowError
from cropflow_blocks.analytics.data_aggregator import DataAggregator


def document(modes: dict[str, list[str]], **fields: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "value", "kind": ["*"]},
        ],
        "steps": [
            {
                "type": "roboflow_core/data_aggregator@v1",
                "name": "sums",
                "data": {"value": "$inputs.value", "image": "$inputs.image"},
                "data_operations": {"image": [{"type": "ExtractImageProperty", "property_name": "width"}]},
                "aggregation_mode": modes,
                "interval": 3,
                "interval_unit": "runs",
                **fields,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.sums.*"}],
    }


def frames(count: int, stream: str = "camera") -> list[Image]:
    return [Image(np.zeros((2, 4 + i, 3), np.uint8), stream=stream, frame=i) for i in range(count)]


WAYS = ["sum", "avg", "max", "min", "count", "distinct", "count_distinct", "values_counts", "values_difference"]


def test_every_way_is_reported_at_the_end_of_the_interval() -> None:
    with Workflow.load(document({"value": WAYS, "image": ["max"]})) as workflow:
        rows = [row["all"] for row in workflow.run({"image": frames(6), "value": [1, 2, 2, 5, 7, 7]})]
    assert [any(value is not None for value in row.values()) for row in rows] == [False, False, True] * 2
    assert rows[2] == {
        "value_sum": 5,
        "value_avg": 5 / 3,
        "value_max": 2,
        "value_min": 1,
        "value_count": 3,
        "value_distinct": [1, 2],
        "value_count_distinct": 2,
        "value_values_counts": {1: 1, 2: 2},
        "value_values_difference": 1,
        "image_max": 6,
    }
    assert (rows[5]["value_sum"], rows[5]["image_max"]) == (19, 9)


def test_every_entry_of_a_list_counts() -> None:
    with Workflow.load(document({"value": ["count", "distinct", "values_counts"]})) as workflow:
        *_, row = workflow.run({"image": frames(3), "value": [["x", "y"], ["x"], []]})
    assert row["all"] == {
        "value_count": 3,
        "value_distinct": ["x", "y"],
        "value_values_counts": {"x": 2, "y": 1},
    }


def test_streams_are_summed_up_apart_however_they_are_batched() -> None:
    batch = [*frames(2, "one"), *frames(3, "two"), *frames(3, "one")[2:]]
    for size in (1, 2, 6):
        with Workflow.load(document({"value": ["sum"]})) as workflow:
            seen: list[Any] = []
            for first in range(0, 6, size):
                part = slice(first, first + size)
                seen += [
                    row["all"]["value_sum"]
                    for row in workflow.run({"image": batch[part], "value": [1, 2, 10, 20, 30, 3][part]})
                ]
        assert seen == [None, None, None, None, 60, 6]


def test_an_interval_of_time_ends_with_the_first_element_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0, 0, 100, 179, 181, 181, 181])
    monkeypatch.setattr(DataAggregator, "now", staticmethod(lambda: next(moments)))
    with Workflow.load(document({"value": ["sum"]}, interval_unit="minutes")) as workflow:
        rows = workflow.run({"image": frames(4), "value": [1, 2, 3, 4]})
    assert [row["all"]["value_sum"] for row in rows] == [None, None, None, 10]


def test_what_is_no_number_is_refused_with_advice() -> None:
    with (
        Workflow.load(document({"value": ["avg"]})) as workflow,
        pytest.raises(RunError, match=r"value: .* take numbers, but got string 'x'; use data_operations"),
    ):
        workflow.run({"image": frames(1), "value": ["x"]})


def test_wrong_names_and_ways_are_refused() -> None:
    with pytest.raises(WorkflowError, match="aggregation_mode names 'vaule'") as error:
        Workflow.load(document({"vaule": ["avg"]}))
    assert error.value.problems[0].nearest == ("value",)
    with pytest.raises(WorkflowError, match="this value does not fit 'aggregation_mode'"):
        Workflow.load(document({"value": ["mean"]}))
