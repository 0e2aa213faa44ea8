"""Time in a zone is that of the video, for each object and stream; with the corners that existing documents rely on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Clock, Image, RunError, Workflow

from .conftest import Step
from .made import boxes, followed, frames

ZONE = [[100, 0], [200, 0], [200, 200], [100, 200]]
IN, OUT = (120.0, 50.0), (210.0, 50.0)


def times(rows: list[dict[str, Any]]) -> list[float | None]:
    """The time of the only box of each frame, `None` where there is no box."""
    found = [row["timed_detections"].data["time_in_zone"].round(6).tolist() for row in rows]
    return [frame[0] if frame else None for frame in found]


@pytest.mark.parametrize("version", [2, 3])
def test_time_runs_from_the_first_frame_inside(version: int, step: Step) -> None:
    found = followed((20, 50), (90, 50), (100, 50), IN, OUT, IN, None, IN)
    rows = step(f"roboflow_core/time_in_zone@v{version}", zone=ZONE)(frames(8), found)
    assert times(rows) == [None, 0.0, 0.1, 0.2, None, 0.0, None, 0.2]


@pytest.mark.parametrize(
    ("remove", "reset", "wanted"),
    [
        (True, True, [0.0, None, 0.0, 0.1]),
        (True, False, [0.0, None, 0.2, 0.3]),
        (False, True, [0.0, 0.0, 0.0, 0.1]),
        (False, False, [0.0, 0.0, 0.0, 0.1]),
    ],
)
def test_boxes_outside(remove: bool, reset: bool, wanted: list[float | None], step: Step) -> None:
    options = {"remove_out_of_zone_detections": remove, "reset_out_of_zone_detections": reset}
    assert times(step("time_in_zone@v2", zone=ZONE, **options)(frames(4), followed(IN, OUT, IN, IN))) == wanted


def test_several_zones_are_one(step: Step) -> None:
    left = [[0, 0], [60, 0], [60, 200], [0, 200]]
    found = followed((20, 50), (90, 50), OUT, IN)
    assert times(step("time_in_zone@v3", zone=[ZONE, left])(frames(4), found)) == [0.0, 0.1, None, 0.0]
    assert times(step("time_in_zone@v3", zone=[])(frames(4), found)) == [None] * 4


def test_frames_that_are_left_out_take_time_too(step: Step) -> None:
    images = [frames(1, first=number)[0] for number in (0, 5, 20)]
    assert times(step("time_in_zone@v3", zone=ZONE)(images, followed(IN, IN, IN))) == [0.0, 0.5, 2.0]


def test_the_clock_tells_the_time_where_no_frame_rate_is_known() -> None:
    moments = iter(datetime(2024, 5, 1, tzinfo=UTC) + timedelta(seconds=second) for second in (0, 3, 10))
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {
                "type": "time_in_zone@v3",
                "name": "time",
                "image": "$inputs.image",
                "detections": "$inputs.found",
                "zone": ZONE,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "timed_detections", "selector": "$steps.time.timed_detections"}],
    }
    with Workflow.load(document, resources=[Clock(lambda: next(moments))]) as workflow:
        rows = list(workflow.run({"image": frames(3, fps=None), "found": followed(IN, IN, IN)}))
    assert times(rows) == [0.0, 3.0, 10.0]


def test_boxes_found_on_a_crop_are_moved_to_the_frame(step: Step) -> None:
    (frame,) = frames(1)
    crop = frame.crop(100, 40, 220, 160, id="crop")
    assert crop is not None
    found = boxes((10, 10), ids=[1])
    found.metadata = {"origin": crop.origin}
    (row,) = step("time_in_zone@v3", zone=ZONE)([frame], [found])
    assert row["timed_detections"].xyxy.tolist() == [[10, 10, 50, 50]], "boxes stay where they are"
    assert times([row]) == [0.0]


def test_digits_of_a_video(
    videos: dict[str, list[Image]],
    found: dict[str, list[Detections]],
    truth: dict[str, list[list[dict[str, Any]]]],
    step: Step,
) -> None:
    zone = [[100, 60], [220, 60], [220, 180], [100, 180]]
    tracked = [row["tracked_detections"] for row in step("byte_tracker@v3")(videos["zone.mp4"], found["zone.mp4"])]
    rows = step("time_in_zone@v3", zone=zone)(videos["zone.mp4"], tracked)
    longest: dict[int, float] = {}
    for row in rows:
        timed = row["timed_detections"]
        for track, seconds in zip(timed.tracker_id.tolist(), timed.data["time_in_zone"].tolist(), strict=True):
            longest[track] = max(longest.get(track, 0.0), seconds)
    inside: dict[int, int] = {}
    for objects in truth["zone.mp4"]:
        for one in objects:
            x, y = np.reshape(one["box"], (2, 2)).mean(axis=0)
            inside[one["track"]] = inside.get(one["track"], 0) + bool(100 <= x <= 220 and 60 <= y <= 180)
    wanted = sorted((count - 1) / 15 for count in inside.values() if count)
    assert len(wanted) == 3
    assert sorted(longest.values()) == pytest.approx(wanted, abs=0.21)


def test_what_is_wrong_is_told(step: Step) -> None:
    with pytest.raises(RunError, match="no tracker ids; put a tracker"):
        step("time_in_zone@v3", zone=ZONE)(frames(1), [boxes(IN)])
    with pytest.raises(RunError, match="zone needs at least 3 points"):
        step("time_in_zone@v3", zone=ZONE[:2])(frames(1), followed(IN))
    with pytest.raises(RunError, match="zone must be a list of points"):
        step("time_in_zone@v2", zone=[ZONE, ZONE])(frames(1), followed(IN))
