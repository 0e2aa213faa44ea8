"""The time, in the time zone that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cropflow import Clock, InputError, Workflow, WorkflowError

NOON = Clock(lambda: datetime(2024, 7, 1, 12, 30, 5, 250000, tzinfo=UTC))
DOCUMENT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowParameter", "name": "zone", "default_value": "UTC"}],
    "steps": [{"type": "roboflow_core/current_time@v1", "name": "now", "timezone": "$inputs.zone"}],
    "outputs": [{"type": "JsonField", "name": "now", "selector": "$steps.now.*"}],
}


@pytest.mark.parametrize(
    ("zone", "iso", "date", "time"),
    [
        ("UTC", "2024-07-01T12:30:05.250000+00:00", "2024-07-01", "12:30:05"),
        ("Asia/Kathmandu", "2024-07-01T18:15:05.250000+05:45", "2024-07-01", "18:15:05"),
        ("Pacific/Auckland", "2024-07-02T00:30:05.250000+12:00", "2024-07-02", "00:30:05"),
        ("America/New_York", "2024-07-01T08:30:05.250000-04:00", "2024-07-01", "08:30:05"),
    ],
)
def test_the_time_is_told_in_the_zone(zone: str, iso: str, date: str, time: str) -> None:
    with Workflow.load(DOCUMENT, resources=[NOON]) as workflow:
        [row] = workflow.run({"zone": zone})
    assert (row["now"]["iso_string"], row["now"]["date"], row["now"]["time"]) == (iso, date, time)
    assert row["now"]["timestamp"] == NOON.now()


def test_without_a_clock_it_is_the_present() -> None:
    before = datetime.now(UTC)
    with Workflow.load(DOCUMENT) as workflow:
        told = workflow.run()[0]["now"]["timestamp"]
    assert before <= told <= datetime.now(UTC) and told.utcoffset() == timedelta(0)


def test_other_zones_are_refused() -> None:
    step = {**DOCUMENT["steps"][0], "timezone": "Europe/Atlantis"}  # type: ignore[dict-item]
    with pytest.raises(WorkflowError, match="'Europe/Berlin'"):
        Workflow.load({**DOCUMENT, "steps": [step]})
    with Workflow.load(DOCUMENT) as workflow, pytest.raises(InputError, match="'zone' does not fit 'timezone'"):
        workflow.run({"zone": "Europe/Atlantis"})
