"""Velocity, deviation from a path and the event log, with numbers that can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import RunError, WorkflowError
from cropflow.serialize import to_json

from .conftest import Step
from .made import boxes, followed, frames

PATH = [[0, 70], [100, 70], [200, 70]]


def data(rows: list[dict[str, Any]], output: str, key: str) -> list[Any]:
    return [row[output].data[key].round(6).tolist() for row in rows]


def test_velocity_is_in_pixels_a_second(step: Step) -> None:
    found = followed((20, 50), (30, 50), (50, 50), (50, 50), None, (60, 80))
    rows = step("roboflow_core/velocity@v1")(frames(6), found)
    output = "velocity_detections"
    assert data(rows, output, "velocity") == [[[0, 0]], [[100, 0]], [[200, 0]], [[0, 0]], [], [[50, 150]]]
    assert data(rows, output, "smoothed_velocity")[1:4] == [[[50, 0]], [[125, 0]], [[62.5, 0]]]
    assert data(rows, output, "speed")[-1] == [pytest.approx(np.hypot(50, 150))]
    assert data(rows, output, "smoothed_speed")[-1] == [93.75]


def test_velocity_in_metres_and_without_smoothing(step: Step) -> None:
    rows = step("velocity@v1", pixels_per_meter=2.0, smoothing_alpha=1.0)(frames(2), followed((20, 50), (30, 50)))
    assert data(rows, "velocity_detections", "speed") == data(rows, "velocity_detections", "smoothed_speed")
    assert data(rows, "velocity_detections", "speed")[1] == [50.0]
    with pytest.raises(WorkflowError, match="pixels_per_meter"):
        step("velocity@v1", pixels_per_meter=0)


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        (
            ((-20, 50), (0, 50), (30, 50), (50, 60), (80, 60), None, (180, 80)),
            [200, 180, 150, 130.384048, 100.498756, 50],
        ),
        (((-20, 30), (80, 30), (180, 30)), [200.997512, 101.980390, 20]),
    ],
)
def test_path_deviation_is_the_discrete_frechet_distance(way: Any, wanted: list[float], step: Step) -> None:
    run = step("roboflow_core/path_deviation_analytics@v2", reference_path=PATH)
    rows = run(frames(len(way)), followed(*way))
    found = [frame[0] for frame in data(rows, "path_deviation_detections", "path_deviation") if frame]
    assert found == pytest.approx(wanted)


def test_path_deviation_of_the_path_itself_is_nothing(step: Step) -> None:
    run = step("path_deviation_analytics@v2", reference_path=PATH, triggering_anchor="TOP_LEFT")
    rows = run(frames(3), followed(*[(x, y) for x, y in PATH]))
    assert data(rows, "path_deviation_detections", "path_deviation") == [[200], [100], [0]]
    with pytest.raises(RunError, match="reference_path must be a list of points"):
        step("path_deviation_analytics@v2", reference_path=["a"])(frames(1), followed((0, 0)))


@pytest.mark.parametrize("block", ["velocity@v1", "detection_event_log@v1"])
def test_boxes_without_ids_are_refused(block: str, step: Step) -> None:
    with pytest.raises(RunError, match="no tracker ids; put a tracker"):
        step(block)(frames(1), [boxes((20, 50))])


def test_events_are_pending_then_logged_then_complete(step: Step) -> None:
    """One object in frames 1 to 12, another in frames 4 and 5 only: too short to be logged."""
    found = []
    for frame in range(1, 23):
        seen = [id for id, first, last in ((1, 1, 12), (2, 4, 5)) if first <= frame <= last]
        found.append(boxes(*[(20 + 100 * id, 50) for id in seen], ids=seen))
    options = {"frame_threshold": 3, "flush_interval": 5, "stale_frames": 6, "reference_timestamp": 1000.0}
    rows = step("roboflow_core/detection_event_log@v1", **options)(frames(22), found)
    log = [row["event_log"] for row in rows]
    assert (list(log[1]["pending"]), list(log[1]["logged"])) == (["1"], [])
    assert (list(log[4]["pending"]), list(log[4]["logged"])) == (["2"], ["1"])
    assert [frame for frame, one in enumerate(log, start=1) if "2" in one["pending"]] == list(range(4, 16))
    assert [frame for frame, row in enumerate(rows, start=1) if row["complete_events"]] == [21]
    assert rows[20]["complete_events"]["1"] == pytest.approx(
        {
            "tracker_id": 1,
            "class_name": "thing",
            "first_seen_frame": 1,
            "first_seen_timestamp": 1000.0,
            "last_seen_frame": 12,
            "last_seen_timestamp": 1001.1,
            "first_seen_relative": 0.0,
            "last_seen_relative": 1.1,
            "frame_count": 12,
        }
    )
    assert [(row["total_logged"], row["total_pending"]) for row in (rows[0], rows[4], rows[19], rows[20])] == [
        (0, 1),
        (1, 1),
        (1, 0),
        (0, 0),
    ]
    assert [len(row["detections"]) for row in rows[:5]] == [1, 1, 1, 2, 2]


def test_events_of_pictures_without_a_rate_go_by_the_fallback(step: Step) -> None:
    run = step("detection_event_log@v1", fallback_fps=2.0, reference_timestamp=0.0)
    rows = run(frames(3, fps=None, first=40), followed((20, 50), (20, 50), (20, 50)))
    event = to_json(rows[-1]["event_log"])["pending"]["1"]
    assert (event["first_seen_relative"], event["last_seen_relative"]) == (0.0, 1.0)
