"""The documents for videos run over real ones, and are compared with what is known of these."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image, ModelStore, Workflow
from cropflow.serialize import to_json

ROOT = Path(__file__).parents[2]
VIDEOS = ROOT / "examples" / "digits" / "videos"
TRUTH: dict[str, list[list[dict[str, Any]]]] = json.loads((VIDEOS / "truth.json").read_text())

Run = Callable[..., list[dict[str, Any]]]


def frames(name: str) -> list[Image]:
    video = cv2.VideoCapture(str(VIDEOS / name))
    fps = video.get(cv2.CAP_PROP_FPS)
    read = (video.read()[1] for _ in TRUTH[name])
    return [
        Image.load(picture, id=f"{name}#{number}", stream=name, frame=number, fps=fps)
        for number, picture in enumerate(read)
    ]


@pytest.fixture
def run(workflows: Path, store: ModelStore) -> Run:
    """Run a document by its name over a video, eight frames at a time."""

    def run(name: str, video: str, **inputs: Any) -> list[dict[str, Any]]:
        images = frames(video)
        assert len(images) == len(TRUTH[video])
        with Workflow.load(workflows / f"{name}.yaml", resources=[store]) as workflow:
            parts = [images[first : first + 8] for first in range(0, len(images), 8)]
            return [row for part in parts for row in workflow.run({"image": part, **inputs})]

    return run


@pytest.fixture(scope="module")
def tracks(scoring: ModuleType) -> ModuleType:
    """`examples/digits/score_tracks.py`, which compares tracks with the truth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "score", scoring)
        spec = importlib.util.spec_from_file_location("digits_tracks", ROOT / "examples/digits/score_tracks.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


def changed(row: dict[str, Any], output: str, plain: Image) -> np.ndarray[Any, Any]:
    return (row[output].bgr != plain.bgr).any(-1)


def test_digits_are_tracked_drawn_and_counted(run: Run, tracks: ModuleType) -> None:
    rows = run("track_digits", "crossing.mp4")
    found = {i: to_json(row["tracked"])["predictions"] for i, row in enumerate(rows)}
    score = tracks.compare(TRUTH["crossing.mp4"], found)
    assert score.share > 0.95
    assert score.switches == 0
    assert (rows[-1]["in"], rows[-1]["out"]) == (3, 3)
    for row, plain in zip(rows[::20], frames("crossing.mp4")[::20], strict=True):
        drawn = changed(row, "annotated", plain)
        assert drawn[:, 160].any(), "the line"
        for x0, y0, x1, _ in row["tracked"].xyxy.astype(int).tolist():
            assert drawn[max(y0 - 12, 0) : y0, max(x0, 0) : x1].any(), "the label above the box"


def test_the_way_of_an_object_is_drawn(run: Run) -> None:
    """The trace goes through where the centres were in the frames before."""
    rows, plain = run("track_digits", "crossing.mp4", line=[[0, 238], [2, 238]]), frames("crossing.mp4")
    drawn = changed(rows[40], "annotated", plain[40])
    box = next(one["box"] for one in TRUTH["crossing.mp4"][30] if one["track"] == 1)
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    assert drawn[y - 3 : y + 4, x].any()


def test_masks_have_the_colours_of_tracks_and_of_classes(run: Run) -> None:
    rows, plain = run("segment_and_track", "crossing.mp4"), frames("crossing.mp4")
    assert max(len(row["named"]) for row in rows) == 6
    tints: dict[int, list[np.ndarray[Any, Any]]] = {}
    for row, picture in zip(rows[24:60:4], plain[24:60:4], strict=True):
        named = row["named"]
        inside = np.asarray(named.mask).any(axis=0)
        by_class = changed(row, "by_class", picture)
        assert by_class[inside].mean() > 0.9
        assert not by_class[~inside].any()
        for mask, track in zip(np.asarray(named.mask), named.tracker_id.tolist(), strict=True):
            alone = mask & (np.asarray(named.mask).sum(axis=0) == 1)
            tint = row["by_track"].bgr[alone].astype(int) * 2 - picture.bgr[alone]
            tints.setdefault(track, []).append(np.median(tint, axis=0))
    assert len(tints) == 6
    for seen in tints.values():
        assert np.ptp(seen, axis=0).max() < 12, "a track keeps its colour"
    means = np.array([np.mean(seen, axis=0) for seen in tints.values()])
    apart = np.abs(means[:, None] - means).max(axis=2)
    assert apart[~np.eye(len(means), dtype=bool)].min() > 20, "and no other track has it"


def test_time_in_the_zone_is_measured_and_logged(run: Run) -> None:
    rows = run("time_in_zone", "zone.mp4", seconds=2.0)
    inside: dict[int, int] = {}
    for objects in TRUTH["zone.mp4"]:
        for one in objects:
            x, y = np.reshape(one["box"], (2, 2)).mean(axis=0)
            inside[one["track"]] = inside.get(one["track"], 0) + bool(100 <= x <= 220 and 60 <= y <= 180)
    long = sum(frames / 15 > 2.2 for frames in inside.values())
    assert long == 2
    assert len({track for row in rows for track in row["too_long"].tracker_id.tolist()}) == long
    for row in rows:
        assert all(seconds >= 2 for seconds in row["too_long"].data["time_in_zone"])
        assert len(row["too_long"]) <= len(row["inside"]) <= 3
    log = rows[-1]["log"]["logged"]
    assert len(log) == 4
    assert sorted(event["first_seen_frame"] for event in log.values())[:3] == [1, 1, 1]
    assert all(event["frame_count"] > 30 for event in log.values())


def test_digits_are_read_now_and_then_only(run: Run) -> None:
    rows = run("reclassify", "approach.mp4")
    crops, asked = (sum(len(row["asked"]) for row in rows), sum(sum(row["asked"]) for row in rows))
    assert crops > 230
    assert 4 <= asked < 0.12 * crops
    right = wanted = 0
    for row, objects in zip(rows, TRUTH["approach.mp4"], strict=True):
        named = row["named"]
        for one in objects:
            if one["visible"] < 1 or not len(named):
                continue
            centres = (named.xyxy[:, :2] + named.xyxy[:, 2:]) / 2
            nearest = np.abs(centres - np.reshape(one["box"], (2, 2)).mean(axis=0)).sum(axis=1).argmin()
            wanted += 1
            right += named.data["class_name"][nearest] == str(one["digit"])
    assert wanted > 200
    assert right / wanted > 0.85


def test_interleaved_videos_are_not_mixed(workflows: Path, store: ModelStore) -> None:
    names = ("crossing.mp4", "zone.mp4")
    videos = {name: frames(name) for name in names}
    both = [image for pair in zip(*videos.values(), strict=True) for image in pair]
    ids = {}
    for key, images in {**videos, "both": both}.items():
        with Workflow.load(workflows / "track_digits.yaml", resources=[store]) as workflow:
            parts = [images[first : first + 7] for first in range(0, len(images), 7)]
            rows = [row for part in parts for row in workflow.run({"image": part})]
        ids[key] = [(row["tracked"].tracker_id.tolist(), row["in"], row["out"]) for row in rows]
    assert [ids["both"][number::2] for number in range(2)] == [ids[name] for name in names]
