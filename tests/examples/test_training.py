"""The models can be made again: every command runs end to end on a few scenes, and the shipped models are good."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from cropflow import ModelStore

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "digits"
SCENES = {"train": 12, "val": 4, "test": 24}
DIGITS = tuple("0123456789")
SHIPPED = {
    "detect": (("digit",), 320),
    "segment": (("digit",), 320),
    "pose": (("digit",), 320),
    "classify": (DIGITS, 32),
}
FLOORS = {" mAP50": 0.97, "mask mAP50": 0.94, "pose mAP50": 0.97, "top-1 accuracy": 0.95, "accuracy:": 0.93}
"""What the shipped models reach on a few fresh scenes, with room for chance."""


@pytest.fixture(scope="module", autouse=True)
def paths() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        patch.syspath_prepend(EXAMPLE / "training")
        yield


@pytest.fixture(scope="module")
def scenes() -> ModuleType:
    return importlib.import_module("random_scenes")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few scenes of each split, made with the command."""
    out = tmp_path_factory.mktemp("made") / "digits"
    counts = [word for split, count in SCENES.items() for word in (f"--{split}", str(count))]
    subprocess.run([sys.executable, str(EXAMPLE / "training/data.py"), "--out", str(out), *counts], check=True)
    return out


def test_labels_fit_the_ink_that_was_drawn(scenes: ModuleType) -> None:
    pool = importlib.import_module("handwriting").handwriting("train")
    rng = np.random.default_rng(0)
    checked = 0
    for written in pool[:40]:
        picture = np.full((320, 320, 3), 128, np.float32)
        if digit := scenes.draw(picture, np.zeros((320, 320), bool), written, rng):
            ink = np.abs(picture - 128).max(axis=2)
            ys, xs = np.nonzero(ink > ink.max() / 2)
            np.testing.assert_allclose(digit.box, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), atol=1)
            places = np.stack([xs, ys], axis=1) + 0.5
            assert digit.digit == written.digit
            assert furthest_outside(digit.outline, places) < 1.5
            assert furthest_outside(digit.corners, places) < 1.5
            checked += 1
    assert checked > 30


def furthest_outside(shape: np.ndarray, places: np.ndarray) -> float:
    """Return by how many pixels a place lies outside the shape, for the place that does so most."""
    inside = [cv2.pointPolygonTest(shape.astype(np.float32), place.tolist(), True) for place in places]
    return -min(inside)


def test_corners_are_those_of_a_turned_box_around_the_ink(scenes: ModuleType) -> None:
    """Every side of the box touches ink, and the box has right angles."""
    made = scenes.scene(importlib.import_module("handwriting").handwriting("train"), np.random.default_rng(3))
    for digit in made.digits:
        sides = np.roll(digit.corners, -1, axis=0) - digit.corners
        for side, following in zip(sides, np.roll(sides, -1, axis=0), strict=True):
            assert abs(side @ following) < 1e-6 * np.linalg.norm(side) * np.linalg.norm(following) + 1e-6
        for corner, side in zip(digit.corners, sides, strict=True):
            across = np.array([-side[1], side[0]]) / np.linalg.norm(side)
            assert abs(((digit.outline - corner) @ across).min()) < 2


def test_same_state_same_scene(scenes: ModuleType) -> None:
    pool = importlib.import_module("handwriting").handwriting("train")
    first, again, other = (scenes.scene(pool, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.picture, again.picture)
    assert [digit.box for digit in first.digits] == [digit.box for digit in again.digits]
    assert not np.array_equal(first.picture, other.picture)


def test_data_holds_every_scene_with_a_label_for_every_digit(data: Path) -> None:
    for split, count in SCENES.items():
        crops = len(list((data / "classify" / split).rglob("*.png")))
        for task in ("detect", "segment", "pose"):
            pictures = sorted((data / task / "images" / split).iterdir())
            labels = [data / task / "labels" / split / f"{picture.stem}.txt" for picture in pictures]
            assert len(pictures) == count
            assert not any(picture.is_symlink() for picture in pictures)
            assert sum(len(label.read_text().splitlines()) for label in labels) == crops > 3 * count


def test_labels_say_what_the_truth_says(data: Path) -> None:
    truth = json.loads((data / "truth.json").read_text())
    assert len(truth) == SCENES["test"]
    for name, digits in truth.items():
        shares = np.loadtxt(data / "detect/labels/test" / name.replace(".png", ".txt"), ndmin=2)[:, 1:] * 320
        boxes = np.hstack([shares[:, :2] - shares[:, 2:] / 2, shares[:, :2] + shares[:, 2:] / 2])
        np.testing.assert_allclose(boxes, [digit["box"] for digit in digits], atol=0.01)


def test_all_points_lie_in_the_picture(data: Path) -> None:
    """Ultralytics drops a picture silently where one does not."""
    for file in (data / "pose" / "labels").rglob("*.txt"):
        values = np.loadtxt(file, ndmin=2)[:, 1:].reshape(-1)
        assert ((values >= 0) & (values <= 1) | (values == 2)).all()


def test_a_folder_with_something_in_it_is_left_alone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = importlib.import_module("data")
    before = sorted(data.rglob("*"))
    assert made.main(["--out", str(data)]) == 2
    assert "is not empty; remove it, or name another folder" in capsys.readouterr().err
    assert sorted(data.rglob("*")) == before


def test_training_without_data_says_how_to_make_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = importlib.import_module("train")
    assert train.main(["pose", "--data", str(tmp_path), "--out", str(tmp_path / "pose.pt")]) == 2
    assert f"make it with data.py --out {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize("task", SHIPPED)
def test_every_model_can_be_trained_from_scratch(task: str, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / f"{task}.pt"
    train = importlib.import_module("train")
    assert train.main([task, "--data", str(data), "--out", str(out), "--epochs", "1", "--device", "cpu"]) == 0
    assert out.stat().st_size < 1_000_000
    assert str(tmp_path).encode() not in out.read_bytes()
    assert str(data).encode() not in out.read_bytes()
    store = ModelStore(device="cpu")
    info = store.get(str(out), tasks=(task,)).info  # type: ignore[arg-type]
    store.close()
    assert (info.names, info.image_size[0]) == SHIPPED[task]


def test_shipped_models_are_good_on_fresh_scenes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints a line for every model, then how many digits were found and named rightly."""
    assert importlib.import_module("evaluate").main(["--data", str(data), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    for task in SHIPPED:
        assert f"| digits-{task}.pt | " in printed
    measured = {name: float(re.search(rf"{name} ([\d.]+)", printed)[1]) for name in FLOORS}  # type: ignore[index]
    assert {name: measured[name] for name, floor in FLOORS.items() if measured[name] < floor} == {}


def test_evaluation_without_scenes_says_how_to_make_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.import_module("evaluate").main(["--data", str(tmp_path)]) == 2
    assert f"make them with training/data.py --out {tmp_path}" in capsys.readouterr().err


def test_export_writes_onnx_or_names_the_package_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = importlib.import_module("export")
    code = export.main([str(ROOT / "models" / "digits-classify.pt"), "--out", str(tmp_path)])
    if importlib.util.find_spec("onnx"):
        assert (code, [file.name for file in tmp_path.iterdir()]) == (0, ["digits-classify.onnx"])
    else:
        assert (code, capsys.readouterr().err.endswith("pip install onnx\n")) == (2, True)
