"""Tracks keep their ids on real films, whatever the batch and whoever else is followed in the same process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from supervision import Detections

from .films import TRUTH, at, run, tracked, untracked

TRACKERS = ["byte_tracker@v3", "trackers_bytetrack@v1", "trackers_sort@v1", "trackers_ocsort@v1", "trackers_botsort@v1"]
FILMS = ["belt.mp4", "drift.mp4"]


def ids(found: dict[str, list[Detections]]) -> dict[str, list[list[int]]]:
    return {name: [boxes.tracker_id.tolist() for boxes in frames] for name, frames in found.items()}  # type: ignore[union-attr]


def score(frames: list[Detections], truth: list[list[dict[str, Any]]]) -> tuple[float, int]:
    """Share of the digits seen that are on a track, and how often a digit changed its track."""
    seen = kept = switches = 0
    owners: dict[int, int] = {}
    for boxes, digits in zip(frames, truth, strict=True):
        digits = [digit for digit in digits if digit["visible"] >= 0.6]
        seen += len(digits)
        if not digits or not len(boxes):
            continue
        overlaps = sv.box_iou_batch(np.array([digit["box"] for digit in digits], float), boxes.xyxy)
        for digit, row in zip(digits, overlaps, strict=True):
            if row.max() > 0.5:
                kept += 1
                track = int(boxes.tracker_id[row.argmax()])  # type: ignore[index]
                switches += owners.setdefault(digit["track"], track) != track
                owners[digit["track"]] = track
    return kept / seen, switches


@pytest.mark.parametrize("tracker", TRACKERS)
def test_digits_keep_their_tracks_in_any_batch_and_beside_other_films(tracker: str) -> None:
    alone = tracked(tracker, FILMS, 1)
    for name in FILMS:
        share, switches = score(alone[name], TRUTH[name])
        assert share > 0.92 and switches <= 3
    assert ids(tracked(tracker, FILMS, 8)) == ids(alone)
    assert ids(tracked(tracker, FILMS, 6, interleaved=True)) == ids(alone)
    for frames in alone.values():
        assert min(boxes.tracker_id.min() for boxes in frames if len(boxes)) == 1  # type: ignore[union-attr]


def test_byte_tracker_never_mixes_up_the_digits_of_the_belt() -> None:
    found = tracked("byte_tracker@v3", FILMS, 8)
    assert [score(found[name], TRUTH[name])[1] for name in FILMS] == [0, 0]


def test_boxes_stay_as_they_are_and_those_without_a_track_go() -> None:
    step = {"type": "roboflow_core/byte_tracker@v3"}
    (first,), (second,) = run(step, ["tracked_detections"], [untracked(10, 100), untracked(12, 200, 102)])
    assert first.xyxy[:, 0].tolist() == [10, 100] and first.tracker_id.tolist() == [1, 2]
    assert second.xyxy[:, 0].tolist() == [12, 102] and second.tracker_id.tolist() == [1, 2]
    assert list(second.data["detection_id"])[1].endswith("/2") or len(second.data["class_name"]) == 2


def test_new_and_known_tracks_are_told_apart() -> None:
    outputs = ["new_instances", "already_seen_instances"]
    frames = [untracked(10), untracked(12, 100), untracked(14, 102), untracked()]
    rows = run({"type": "byte_tracker@v3"}, outputs, frames)
    assert [[len(boxes) for boxes in row] for row in rows] == [[1, 0], [0, 1], [1, 1], [0, 0]]


def test_a_track_must_be_steady_and_survives_a_gap() -> None:
    step = {"type": "trackers_bytetrack@v1", "minimum_consecutive_frames": 3, "lost_track_buffer": 30}
    frames = [untracked(10), untracked(10), untracked(10), untracked(), untracked(), untracked(11)]
    found = [row[0] for row in run(step, ["tracked_detections"], frames)]
    assert [len(boxes) for boxes in found] == [0, 0, 1, 0, 0, 1]
    assert found[5].tracker_id.tolist() == [1]
    longer = [*frames[:3], *[untracked()] * 5, untracked(11)]
    for buffer, back in ((30, 1), (3, 0)):  # frames at 30 a second, and these come 10 a second
        rows = run({**step, "lost_track_buffer": buffer}, ["tracked_detections"], longer)
        assert [len(row[0]) for row in rows] == [0, 0, 1, 0, 0, 0, 0, 0, back]


def test_an_unsure_box_keeps_a_track_but_begins_none() -> None:
    sure, unsure = untracked(10), untracked(12, 100)
    unsure.confidence = np.array([0.2, 0.2])
    rows = run({"type": "byte_tracker@v3"}, ["tracked_detections"], [sure, unsure, unsure])
    assert [row[0].xyxy[:, 0].tolist() for row in rows] == [[10], [12], [12]]
    plain = run({"type": "trackers_sort@v1", "minimum_consecutive_frames": 1}, ["tracked_detections"], [sure, unsure])
    assert [len(row[0]) for row in plain] == [1, 1]


def test_nothing_found() -> None:
    for tracker in TRACKERS:
        rows = run({"type": tracker}, ["tracked_detections", "new_instances"], [at(), at()])
        assert all(len(boxes) == 0 and boxes.tracker_id is not None for row in rows for boxes in row)
