"""The score of tracks tells lost digits and changed ids from good tracks."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
TRUTH: dict[str, list[list[dict[str, Any]]]] = json.loads((EXAMPLE / "videos" / "truth.json").read_text())


@pytest.fixture
def scoring(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("score_tracks")


def perfect(name: str) -> dict[int, list[dict[str, Any]]]:
    found = {}
    for number, objects in enumerate(TRUTH[name]):
        found[number] = [
            {
                "x": (x0 + x1) / 2,
                "y": (y0 + y1) / 2,
                "width": x1 - x0,
                "height": y1 - y0,
                "tracker_id": one["track"] + 100,
            }
            for one in objects
            for x0, y0, x1, y1 in [one["box"]]
        ]
    return found


def write(folder: Path, found: dict[int, list[dict[str, Any]]], name: str = "zone.mp4") -> Path:
    rows = [
        {"source": name, "frame": number, "outputs": {"tracked": {"predictions": boxes}}, "errors": []}
        for number, boxes in found.items()
    ]
    path = folder / "results.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_perfect_tracks(scoring: ModuleType) -> None:
    tracks = scoring.compare(TRUTH["zone.mp4"], perfect("zone.mp4"))
    assert tracks.followed == tracks.digits > 200
    assert tracks.switches == 0


def test_a_changed_id_is_one_switch(scoring: ModuleType) -> None:
    found = perfect("zone.mp4")
    for number in range(40, 75):
        for box in found[number]:
            box["tracker_id"] += box["tracker_id"] == 101
    assert scoring.compare(TRUTH["zone.mp4"], found).switches == 1


def test_lost_frames_and_boxes_without_id_are_not_followed(scoring: ModuleType) -> None:
    found = perfect("zone.mp4")
    whole = scoring.compare(TRUTH["zone.mp4"], found)
    lost = len([one for one in TRUTH["zone.mp4"][3] if one["visible"] >= 0.5]) + 1
    del found[3]
    del found[4][0]["tracker_id"]
    tracks = scoring.compare(TRUTH["zone.mp4"], found)
    assert (tracks.digits, tracks.followed, tracks.switches) == (whole.digits, whole.followed - lost, 0)


def test_command(scoring: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = perfect("zone.mp4")
    assert scoring.main([str(write(tmp_path, found)), "--at-least", "1", "--switches", "0"]) == 0
    assert capsys.readouterr().out.startswith("followed: 1.00\n")
    for box in found[40]:
        box["tracker_id"] = 9
    assert scoring.main([str(write(tmp_path, found)), "--switches", "0"]) == 1
    assert scoring.main([str(write(tmp_path, {0: []})), "--at-least", "0.1"]) == 1


@pytest.mark.parametrize(("name", "told"), [("other.mp4", "no video 'other.mp4'"), ("zone.png", "no video 'zone.png'")])
def test_results_of_others_are_refused(
    scoring: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert scoring.main([str(write(tmp_path, {0: []}, name))]) == 2
    assert told in capsys.readouterr().err
