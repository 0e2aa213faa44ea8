"""Branches: several gates, gates of different depth, everything or nothing cut off, and the way back together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, OutputFolder, Workflow, WorkflowError
from cropflow_blocks.flow.over_time import RateLimiter


def picture(width: int, **kwargs: Any) -> Image:
    return Image(np.zeros((4, width, 3), np.uint8), **kwargs)


def prop(name: str, data: str, *operations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "property_definition@v1", "name": name, "data": data, "operations": list(operations)}


def switch(name: str, value: str, cases: dict[str, str], *default: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "roboflow_core/switch_case@v1",
        "name": name,
        "value": value,
        "cases": {case: f"$steps.{step}" for case, step in cases.items()},
        "default_next_steps": [f"$steps.{step}" for step in default],
        **fields,
    }


def document(steps: list[Any], outputs: dict[str, str], *names: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            *({"type": "WorkflowBatchInput", "name": name, "kind": ["*"]} for name in names),
        ],
        "steps": steps,
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.{selector}"} for name, selector in outputs.items()
        ],
    }


WIDTH = {"type": "ExtractImageProperty", "property_name": "width"}
UPPER, LOWER = {"type": "StringToUpperCase"}, {"type": "StringToLowerCase"}
FIRST = {"type": "FirstNonEmptyOrDefault", "name": "either", "data": ["$steps.up.output", "$steps.low.output"]}
BRANCHES = [switch("way", "$inputs.text", {"Up": "up", "3": "low"}), prop("up", "$inputs.text", UPPER)]


def rows(flow: dict[str, Any], **inputs: Any) -> list[tuple[Any, ...]]:
    with Workflow.load(flow) as workflow:
        return [tuple(row.values()) for row in workflow.run(inputs)]


def test_each_element_takes_its_own_branch_and_they_come_back_together() -> None:
    flow = document(
        [*BRANCHES, prop("low", "$inputs.text", {"type": "ToString"}), {**FIRST, "default": "neither"}],
        {"up": "up.output", "low": "low.output", "either": "either.output"},
        "text",
    )
    found = rows(flow, image=[picture(1)] * 4, text=["Up", 3, "other", "Up"])
    assert found == [("UP", None, "UP"), (None, "3", "3"), (None, None, "neither"), ("UP", None, "UP")]


def test_without_a_default_what_no_branch_gives_is_missing() -> None:
    flow = document(
        [*BRANCHES, prop("low", "$inputs.text", {"type": "ToString"}), FIRST], {"e": "either.output"}, "text"
    )
    assert rows(flow, image=[picture(1)] * 2, text=["other", "Up"]) == [(None,), ("UP",)]
    assert rows(flow, image=[], text=[]) == []


def test_upper_and_lower_case_may_be_the_same() -> None:
    steps = [
        switch("way", "$inputs.text", {"UP": "up"}, "low", case_insensitive=True),
        prop("up", "$inputs.text", UPPER),
        prop("low", "$inputs.text", LOWER),
    ]
    flow = document(steps, {"up": "up.output", "low": "low.output"}, "text")
    assert rows(flow, image=[picture(1)] * 2, text=["up", "DOWN"]) == [("UP", None), (None, "down")]


def test_several_gates_on_one_step_must_all_let_the_element_pass() -> None:
    steps = [
        switch("one", "$inputs.a", {"yes": "width"}),
        switch("two", "$inputs.b", {"yes": "width"}),
        prop("width", "$inputs.image", WIDTH),
    ]
    flow = document(steps, {"width": "width.output"}, "a", "b")
    images = [picture(width) for width in (1, 2, 3, 4)]
    found = rows(flow, image=images, a=["yes", "no", "yes", "no"], b=["yes", "yes", "no", "no"])
    assert found == [(1,), (None,), (None,), (None,)]


CROP = {"type": "dynamic_crop@v1", "name": "crop", "images": "$inputs.image", "predictions": "$inputs.boxes"}


def boxes(*widths: int) -> Detections:
    return Detections(np.array([[0, 0, width, 3] for width in widths], np.float32).reshape(-1, 4))


def test_a_gate_on_pictures_and_one_on_crops_act_on_one_step() -> None:
    """Picture 1 is stopped as a whole; of the others only crops of width 2 go on, and keep their place."""
    steps = [
        CROP,
        prop("size", "$steps.crop.crops", WIDTH),
        switch("pictures", "$inputs.wanted", {"yes": "text"}),
        switch("crops", "$steps.size.output", {"2": "text"}),
        prop("text", "$steps.size.output", {"type": "ToString"}),
        {"type": "dimension_collapse@v1", "name": "all", "data": "$steps.text.output"},
    ]
    flow = document(steps, {"text": "text.output", "all": "all.output"}, "wanted", "boxes")
    found = rows(
        flow,
        image=[picture(9)] * 4,
        wanted=["yes", "no", "yes", "yes"],
        boxes=[boxes(2, 5, 2), boxes(2), boxes(), boxes(7)],
    )
    assert [row[0] for row in found] == [["2", None, "2"], [None], [], [None]]
    assert [row[1] for row in found] == [["2", None, "2"], [None], [], [None]]


def test_gathering_behind_a_gate_on_crops_takes_only_those_that_go_on() -> None:
    steps = [
        CROP,
        prop("size", "$steps.crop.crops", WIDTH),
        switch("crops", "$steps.size.output", {"2": "all", "3": "all"}),
        {"type": "dimension_collapse@v1", "name": "all", "data": "$steps.size.output"},
    ]
    flow = document(steps, {"all": "all.output"}, "boxes")
    assert rows(flow, image=[picture(9)] * 3, boxes=[boxes(2, 5, 3), boxes(5), boxes()]) == [([2, 3],), ([],), ([],)]


def test_a_step_that_reads_nothing_runs_once_for_each_element_that_goes_on(tmp_path: Path) -> None:
    steps = [
        switch("way", "$inputs.text", {"tell": "note"}),
        {"type": "jsonl_sink@v1", "name": "note", "data": {"said": "hello"}, "file": "notes.jsonl"},
    ]
    flow = document(steps, {}, "text")
    with Workflow.load(flow, resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": [picture(1)] * 4, "text": ["tell", "no", "tell", "tell"]})
        assert len((tmp_path / "notes.jsonl").read_text().splitlines()) == 3
        workflow.run({"image": [picture(1)], "text": ["no"]})
    assert len((tmp_path / "notes.jsonl").read_text().splitlines()) == 3


def test_one_element_in_some_seconds_goes_on_in_each_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.5, 1.0, 1.1, 2.5, 2.6, 2.7])
    monkeypatch.setattr(RateLimiter, "now", staticmethod(lambda: next(moments)))
    limiter = {
        "type": "roboflow_core/rate_limiter@v1",
        "name": "limit",
        "depends_on": "$inputs.image",
        "cooldown_seconds": 1.0,
        "next_steps": ["$steps.width"],
    }
    flow = document([limiter, prop("width", "$inputs.image", WIDTH)], {"width": "width.output"})
    frames = [picture(i + 1, stream="one", frame=i) for i in range(6)]
    other = picture(50, stream="two", frame=0)
    assert rows(flow, image=[*frames, other]) == [(1,), (None,), (3,), (None,), (5,), (None,), (50,)]


def test_the_time_of_a_video_counts_where_its_frame_rate_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateLimiter, "now", staticmethod(lambda: 0.0))
    limiter = {
        "type": "roboflow_core/rate_limiter@v1",
        "name": "limit",
        "depends_on": "$inputs.image",
        "cooldown_seconds": 0.3,
        "next_steps": ["$steps.width"],
        "video_reference_image": "$inputs.image",
    }
    flow = document([limiter, prop("width", "$inputs.image", WIDTH)], {"width": "width.output"})
    frames = [picture(number + 1, stream="video", frame=number, fps=10) for number in range(8)]
    again = [picture(50 + number, stream="video", frame=number, fps=10) for number in range(2)]
    passed = [width for (width,) in rows(flow, image=[*frames, *again])]
    assert passed == [1, None, None, 4, None, None, 7, None, 50, None], "every third frame; the video begins anew"
    unknown = [picture(number + 1, stream="video", frame=number) for number in range(8)]
    assert [width for (width,) in rows(flow, image=unknown)] == [1] + [None] * 7, "the clock stands still"
    without = document([{**limiter, "video_reference_image": None}, flow["steps"][1]], {"width": "width.output"})
    assert [width for (width,) in rows(without, image=frames)] == [1] + [None] * 7


def test_a_changed_value_goes_on_in_each_stream_however_it_is_batched() -> None:
    delta = {
        "type": "roboflow_core/delta_filter@v1",
        "name": "delta",
        "image": "$inputs.image",
        "value": "$inputs.count",
        "next_steps": ["$steps.width"],
    }
    flow = document([delta, prop("width", "$inputs.image", WIDTH)], {"width": "width.output"}, "count")
    streams = ["one", "two", "one", "one", "two", "one"]
    counts = [1, 1, 1, 2, 1, [2]]
    images = [picture(i + 1, stream=stream, frame=i) for i, stream in enumerate(streams)]
    expected = [(1,), (2,), (None,), (4,), (None,), (6,)]
    assert rows(flow, image=images, count=counts) == expected
    with Workflow.load(flow) as workflow:
        single = [
            workflow.run({"image": [image], "count": [count]})[0] for image, count in zip(images, counts, strict=True)
        ]
    assert [tuple(row.values()) for row in single] == expected


def test_a_case_that_names_no_step_is_refused() -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document([switch("way", "$inputs.text", {"a": "nowhere"})], {}, "text"))
    (problem,) = error.value.problems
    assert (problem.code, problem.path) == ("unknown-step", ("steps", 0, "cases", "a"))
