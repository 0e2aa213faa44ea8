"""What is said of tracks: lines crossed, time in zones, speed, deviation, and the log of events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import RunError

from .films import at, run, untracked

LINE = {"type": "roboflow_core/line_counter@v2", "line_segment": [[50, 0], [50, 199]]}
ZONE = {"type": "roboflow_core/time_in_zone@v2", "zone": [[50, 0], [150, 0], [150, 199], [50, 199]]}


def counts(step: dict[str, Any], lefts: list[float]) -> list[list[int]]:
    return run(step, ["count_in", "count_out"], [at(left) for left in lefts])


def test_the_whole_box_has_to_cross_a_line() -> None:
    assert counts(LINE, [10, 20, 45, 60, 10, 10]) == [[0, 0], [0, 0], [0, 0], [1, 0], [1, 1], [1, 1]]


def test_a_point_crosses_earlier() -> None:
    assert counts({**LINE, "triggering_anchor": "CENTER"}, [10, 35, 45, 60, 10]) == [
        [0, 0], [0, 0], [1, 0], [1, 0], [1, 1],
    ]  # fmt: skip


def test_who_crossed() -> None:
    rows = run(LINE, ["detections_in", "detections_out"], [at(10, 100), at(60, 10), at(60, 10)])
    assert [[boxes.tracker_id.tolist() for boxes in row] for row in rows] == [[[], []], [[1], [2]], [[], []]]
    assert rows[1][0].data["in_out"].tolist() == ["in"] and rows[1][1].data["in_out"].tolist() == ["out"]


def times(fps: float | None = 10, **fields: Any) -> list[list[float]]:
    lefts = [10, 45, 60, 90, 160, 100, 110]
    rows = run({**ZONE, **fields}, ["timed_detections"], [at(left) for left in lefts], fps)
    return [row[0].data["time_in_zone"].round(6).tolist() for row in rows]


def test_time_in_a_zone_counts_from_entering() -> None:
    assert times() == [[], [0], [0.1], [0.2], [], [0], [0.1]]
    assert times(fps=5) == [[], [0], [0.2], [0.4], [], [0], [0.2]]


def test_those_outside_may_stay_and_time_may_go_on() -> None:
    assert times(remove_out_of_zone_detections=False) == [[0], [0], [0.1], [0.2], [0], [0], [0.1]]
    assert times(reset_out_of_zone_detections=False) == [[], [0], [0.1], [0.2], [], [0.4], [0.5]]


def test_several_zones() -> None:
    zone = [[[0, 0], [40, 0], [40, 199], [0, 199]], [[90, 0], [190, 0], [190, 199], [90, 199]]]
    assert times(zone=zone, type="time_in_zone@v3") == [[0], [], [], [0], [0.1], [0.2], [0.3]]


def test_without_a_rate_the_clock_counts() -> None:
    (_, first, second, *_) = times(fps=None)
    assert first == [0] and 0 < second[0] < 10


def test_speed() -> None:
    step = {"type": "roboflow_core/velocity@v1", "pixels_per_meter": 2.0}
    rows = run(step, ["velocity_detections"], [at(10), at(20), at(40), at(), at(60)])
    data = [row[0].data for row in rows]
    assert [d["velocity"].tolist() for d in data] == [[[0, 0]], [[50, 0]], [[100, 0]], [], [[50, 0]]]
    assert [d["speed"].tolist() for d in data] == [[0], [50], [100], [], [50]]
    assert [d["smoothed_velocity"].tolist() for d in data] == [[[0, 0]], [[25, 0]], [[62.5, 0]], [], [[56.25, 0]]]
    assert [d["smoothed_speed"].tolist() for d in data] == [[0], [25], [62.5], [], [56.25]]


def frechet(track: list[float], path: list[float]) -> float:
    """The definition, tried out: the least longest leash over all ways to walk both forward."""
    if len(track) == 1 and len(path) == 1:
        return abs(track[0] - path[0])
    shorter = [(track[:-1], path), (track, path[:-1]), (track[:-1], path[:-1])]
    return max(abs(track[-1] - path[-1]), min(frechet(t, p) for t, p in shorter if t and p))


def test_deviation_from_a_path_is_the_frechet_distance() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        lefts, path = rng.integers(0, 200, 5).tolist(), rng.integers(0, 200, 4).tolist()
        step = {"type": "path_deviation_analytics@v2", "reference_path": [[x, 60] for x in path]}
        rows = run(step, ["path_deviation_detections"], [at(left) for left in lefts])
        found = [row[0].data["path_deviation"].item() for row in rows]
        assert found == [frechet([left + 10 for left in lefts[: n + 1]], path) for n in range(5)]


def test_the_log_of_events() -> None:
    step = {"type": "roboflow_core/detection_event_log@v1", "frame_threshold": 2, "flush_interval": 3,
            "stale_frames": 3, "reference_timestamp": 1000}  # fmt: skip
    outputs = ["total_pending", "total_logged", "complete_events", "event_log"]
    frames = [at(10), at(20), at(30), at(), at(), at(), at(), at(), at(5, ids=[2])]
    rows = run(step, outputs, frames)
    assert [row[:2] for row in rows] == [[1, 0], [0, 1], [0, 1], [0, 1], [0, 1], [0, 1], [0, 0], [0, 0], [1, 0]]
    assert [list(row[2]) for row in rows] == [[], [], [], [], [], [], ["1"], [], []]
    assert rows[6][2]["1"] == {
        "tracker_id": 1, "class_name": "digit", "first_seen_frame": 1, "first_seen_timestamp": 1000.0,
        "last_seen_frame": 3, "last_seen_timestamp": 1000.2, "first_seen_relative": 0.0, "last_seen_relative": 0.2,
        "frame_count": 3,
    }  # fmt: skip
    assert rows[8][3]["pending"]["2"]["first_seen_relative"] == 0.8


@pytest.mark.parametrize("step", [LINE, ZONE, {"type": "velocity@v1"}, {"type": "detection_event_log@v1"}])
def test_boxes_without_tracks_are_refused(step: dict[str, Any]) -> None:
    output = {"line": "count_in", "time": "timed_detections", "velo": "velocity_detections", "dete": "total_logged"}
    name = output[step["type"].removeprefix("roboflow_core/")[:4]]
    with pytest.raises(RunError, match="put a tracker, such as byte_tracker@v3, before it"):
        run(step, [name], [untracked(10)])
    run(step, [name], [untracked()])


@pytest.mark.parametrize(
    ("step", "output", "message"),
    [
        ({**LINE, "line_segment": [[1, 1], [1, 1]]}, "count_in", "two different points"),
        ({**LINE, "line_segment": [[1, 1]]}, "count_in", "needs 2 points"),
        ({**ZONE, "zone": [[1, 1], [2, 2]]}, "timed_detections", "at least 3"),
        ({**ZONE, "triggering_anchor": "CENTER_OF_MASS"}, "timed_detections", "needs masks"),
    ],
)
def test_wrong_lines_and_zones(step: dict[str, Any], output: str, message: str) -> None:
    with pytest.raises(RunError, match=message):
        run(step, [output], [at(10)])
