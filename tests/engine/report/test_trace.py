"""Steps of a trace lie in the lane of the thread they ran in."""

from __future__ import annotations

import json
from pathlib import Path

from cropflow.report import Trace
from cropflow.result import RunReport
from cropflow.runtime.step import StepReport


def test_steps_of_other_threads_have_lanes_of_their_own(tmp_path: Path) -> None:
    steps = [StepReport(name, "t/block@v1", 1, 0, 0, 1, 0.5, 10.0, thread) for name, thread in (("a", 7), ("b", 8))]
    with Trace(tmp_path / "trace.json") as trace:
        trace.add(RunReport(tuple(steps), 1.0, 9.5, 6), 1)
    events = json.loads((tmp_path / "trace.json").read_text("utf-8"))
    lanes = {event["tid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert lanes == {0: "main", 1: "worker 1", 2: "worker 2"}
    assert {event["name"]: event["tid"] for event in events if event["ph"] == "X"} == {
        "read": 0,
        "a": 1,
        "b": 2,
        "write": 0,
    }
