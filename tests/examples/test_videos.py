"""The committed videos of the digits example are the ones that its script makes; the detector finds what is on them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow import Workflow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "digits"
VIDEOS = EXAMPLE / "videos"
TRUTH: dict[str, list[list[dict[str, Any]]]] = json.loads((VIDEOS / "truth.json").read_text())


@pytest.fixture
def make_videos(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("make_videos")


def read(path: Path) -> list[np.ndarray[Any, Any]]:
    video = cv2.VideoCapture(str(path))
    frames = []
    while True:
        read, frame = video.read()
        if not read:
            return frames
        frames.append(frame)


def test_script_reproduces_truth_and_pictures(make_videos: ModuleType, tmp_path: Path) -> None:
    make_videos.save(tmp_path, make_videos.SEED)
    again = json.loads((tmp_path / "videos" / "truth.json").read_text())
    assert list(again) == list(TRUTH)
    for name, frames in TRUTH.items():
        for objects, made in zip(frames, again[name], strict=True):
            assert [(one["track"], one["digit"]) for one in objects] == [(one["track"], one["digit"]) for one in made]
            boxes = np.array([one["box"] for one in objects]).reshape(-1, 4)
            np.testing.assert_allclose(np.array([one["box"] for one in made]).reshape(-1, 4), boxes, atol=1)
        committed, remade = read(VIDEOS / name), read(tmp_path / "videos" / name)
        assert len(committed) == len(remade) == len(frames)
        for one, other in zip(committed[::10], remade[::10], strict=True):
            assert np.abs(one.astype(int) - other).mean() < 2, name


def test_files_are_small_and_say_their_rate(make_videos: ModuleType) -> None:
    assert {path.name for path in VIDEOS.iterdir()} == {*TRUTH, "truth.json"}
    assert sum(path.stat().st_size for path in VIDEOS.iterdir()) < 300_000
    for name in TRUTH:
        video = cv2.VideoCapture(str(VIDEOS / name))
        assert video.get(cv2.CAP_PROP_FPS) == make_videos.FPS
        assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == make_videos.WIDTH


def test_detector_finds_the_digits_that_are_whole() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "object_detection_model@v2",
                "name": "detect",
                "images": "$inputs.image",
                "model_id": "models/digits-detect.pt",
            }
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.detect.predictions"}],
    }
    with Workflow.load(document, base=ROOT) as workflow:
        for name, frames in TRUTH.items():
            rows = workflow.run({"image": read(VIDEOS / name)})
            wanted = found = 0
            for row, objects in zip(rows, frames, strict=True):
                boxes = np.array([one["box"] for one in objects if one["visible"] >= 0.95], float).reshape(-1, 4)
                overlaps = sv.box_iou_batch(boxes, row["found"].xyxy)
                wanted += len(boxes)
                found += int((overlaps.max(axis=1, initial=0) >= 0.5).sum())
            assert wanted > 200
            assert found / wanted >= 0.95, name


def test_digits_are_hidden_cross_the_line_and_enter_the_zone(make_videos: ModuleType) -> None:
    hidden = [one for objects in TRUTH["crossing.mp4"] for one in objects if one["visible"] < 0.9]
    assert len(hidden) > 20
    ways: dict[int, list[float]] = {}
    for objects in TRUTH["crossing.mp4"]:
        for one in objects:
            ways.setdefault(one["track"], []).append((one["box"][0] + one["box"][2]) / 2)
    line = make_videos.LINE[0][0]
    sides = {track: [x > line for x in way] for track, way in ways.items()}
    assert sum(len(set(way)) == 2 for way in sides.values()) == 5
    assert sum(len(set(way)) == 1 for way in sides.values()) == 1


def test_no_digit_was_used_in_training(make_videos: ModuleType) -> None:
    trained = {one.ink.tobytes() for one in make_videos.handwriting("train")}
    for make in make_videos.SHOTS.values():
        actors = make(np.random.default_rng(0)).actors
        assert actors
        assert not trained & {actor.written.ink.tobytes() for actor in actors}
