"""Lines count who goes over them, each way, on made boxes and on a real video."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from supervision import Detections

from cropflow import Image, RunError, Workflow

from .conftest import Step
from .made import boxes, followed, frames

LINE = [[120, 0], [120, 200]]


def counts(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(row["count_in"], row["count_out"]) for row in rows]


def test_who_goes_over_and_back_counts_twice(step: Step) -> None:
    found = followed((20, 50), (60, 50), (140, 50), (200, 50), (40, 50))
    rows = step("roboflow_core/line_counter@v2", line_segment=LINE, triggering_anchor="CENTER")(frames(5), found)
    assert counts(rows) == [(0, 0), (0, 0), (1, 0), (1, 0), (1, 1)]
    assert [len(row["detections_in"]) for row in rows] == [0, 0, 1, 0, 0]
    assert [len(row["detections_out"]) for row in rows] == [0, 0, 0, 0, 1]
    assert rows[2]["detections_in"].data["detection_id"].tolist() == ["box 0"]


def test_a_line_that_is_turned_round_counts_the_other_way(step: Step) -> None:
    run = step("line_counter@v2", line_segment=LINE[::-1], triggering_anchor="CENTER")
    assert counts(run(frames(2), followed((20, 50), (200, 50)))) == [(0, 0), (0, 1)]


def test_without_an_anchor_the_whole_box_has_to_be_over(step: Step) -> None:
    found = followed((20, 50), (110, 50), (130, 50))
    assert counts(step("line_counter@v2", line_segment=LINE)(frames(3), found)) == [(0, 0), (0, 0), (1, 0)]
    centre = step("line_counter@v2", line_segment=LINE, triggering_anchor="CENTER")
    assert counts(centre(frames(3), found)) == [(0, 0), (1, 0), (1, 0)]


def test_who_passes_beside_the_ends_does_not_count(step: Step) -> None:
    run = step("line_counter@v2", line_segment=[[120, 0], [120, 30]], triggering_anchor="CENTER")
    assert counts(run(frames(2), followed((20, 150), (200, 150))))[-1] == (0, 0)


def test_each_stream_counts_for_itself(step: Step) -> None:
    run = step("line_counter@v2", line_segment=LINE)
    images = [image for pair in zip(frames(2, "left"), frames(2, "right"), strict=True) for image in pair]
    found = followed((20, 50), (200, 50), (200, 50), (200, 50))
    assert counts(run(images, found)) == [(0, 0), (0, 0), (1, 0), (0, 0)]


def test_digits_that_cross_the_middle_are_counted(
    videos: dict[str, list[Image]],
    found: dict[str, list[Detections]],
    truth: dict[str, list[list[dict[str, Any]]]],
    step: Step,
) -> None:
    name = "crossing.mp4"
    tracked = [row["tracked_detections"] for row in step("byte_tracker@v3")(videos[name], found[name])]
    run = step("line_counter@v2", line_segment=[[160, 0], [160, 240]], triggering_anchor="CENTER")
    ways: dict[int, list[bool]] = {}
    for objects in truth[name]:
        for one in objects:
            ways.setdefault(one["track"], []).append(one["box"][0] + one["box"][2] > 320)
    steps = [(before, after) for way in ways.values() for before, after in pairwise(way)]
    wanted = steps.count((False, True)), steps.count((True, False))
    assert counts(run(videos[name], tracked))[-1] == wanted == (3, 3)


def test_metadata_tell_the_stream_of_version_1() -> None:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowVideoMetadata", "name": "video"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {
                "type": "roboflow_core/line_counter@v1",
                "name": "count",
                "metadata": "$inputs.video",
                "detections": "$inputs.found",
                "line_segment": LINE,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "count", "selector": "$steps.count.*"}],
    }
    video = [{"video_identifier": name, "frame_number": 3} for name in ("a", "b", "a", "b")]
    found = followed((20, 50), (200, 50), (200, 50), (20, 50))
    with Workflow.load(document) as workflow:
        rows = workflow.run({"video": video, "found": found})
    assert counts([row["count"] for row in rows]) == [(0, 0), (0, 0), (1, 0), (0, 1)]


def test_what_is_wrong_is_told(step: Step) -> None:
    with pytest.raises(RunError, match="no tracker ids; put a tracker"):
        step("line_counter@v2", line_segment=LINE)(frames(1), [boxes((20, 50))])
    with pytest.raises(RunError, match="line_segment needs 2 points"):
        step("line_counter@v2", line_segment=[*LINE, [3, 3]])(frames(1), followed((20, 50)))
    assert counts(step("line_counter@v2", line_segment=LINE)(frames(1), [boxes()])) == [(0, 0)]
