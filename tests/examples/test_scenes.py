"""The committed pictures of the digits example are the ones that its script makes, and their truth fits."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
TRUTH: dict[str, list[dict[str, Any]]] = json.loads((EXAMPLE / "truth.json").read_text())
RENDERING = 1
"""Pixels by which a box may move between builds of OpenCV, whose interpolation differs in the last digit."""


@pytest.fixture
def make_scenes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("make_scenes")


@pytest.fixture
def remade(make_scenes: ModuleType, tmp_path: Path) -> Path:
    make_scenes.save(tmp_path, make_scenes.EACH, make_scenes.SEED)
    return tmp_path


def test_script_reproduces_the_truth(remade: Path) -> None:
    again = json.loads((remade / "truth.json").read_text())
    assert list(again) == list(TRUTH)
    for name, digits in TRUTH.items():
        assert [one["digit"] for one in again[name]] == [one["digit"] for one in digits]
        boxes = [one["box"] for one in digits]
        np.testing.assert_allclose([one["box"] for one in again[name]], boxes, atol=RENDERING)


def test_script_reproduces_the_pictures(remade: Path) -> None:
    for name in TRUTH:
        committed, again = (read(folder / "scenes" / name) for folder in (EXAMPLE, remade))
        assert np.abs(committed.astype(int) - again).mean() < 1, name


def test_every_picture_has_a_truth_and_the_other_way_round() -> None:
    folder = EXAMPLE / "scenes"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == set(TRUTH)


def test_boxes_lie_inside_and_hold_ink() -> None:
    for name, digits in TRUTH.items():
        picture = read(EXAMPLE / "scenes" / name)
        for x0, y0, x1, y1 in (one["box"] for one in digits):
            assert 0 <= x0 < x1 <= picture.shape[1]
            assert 0 <= y0 < y1 <= picture.shape[0]
            assert np.ptp(picture[y0:y1, x0:x1].mean(axis=2)) > 60, f"no digit in {name} at {x0}, {y0}"


def test_boxes_are_of_sizes_the_detector_was_trained_on() -> None:
    for name, digits in TRUTH.items():
        longest = max(read(EXAMPLE / "scenes" / name).shape)
        heights = [(one["box"][3] - one["box"][1]) * 320 / longest for one in digits]
        assert min(heights) > 22
        assert max(heights) < 80


def test_all_digits_occur() -> None:
    assert {one["digit"] for digits in TRUTH.values() for one in digits} == set(range(10))


def test_no_digit_was_used_in_training(make_scenes: ModuleType) -> None:
    """The handwriting of the example is the part that no model was trained on."""
    trained = {one.ink.tobytes() for one in make_scenes.handwriting("train")}
    pool = make_scenes.handwriting("test")
    assert len(trained) > 1400
    assert len(pool) > 340
    assert not trained & {one.ink.tobytes() for one in pool}


def test_another_seed_gives_other_digits(make_scenes: ModuleType) -> None:
    pool = make_scenes.handwriting("test")
    first, second = (make_scenes.scene("form", 1, seed, pool).truth for seed in (0, 1))
    assert first != second


def test_pictures_stay_small() -> None:
    sizes = [(EXAMPLE / "scenes" / name).stat().st_size for name in TRUTH]
    assert max(sizes) < 300_000
    assert sum(sizes) < 2_000_000


def read(path: Path) -> np.ndarray[Any, Any]:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return picture
