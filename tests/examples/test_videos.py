"""The committed videos of the digits example are the ones that its script makes, and their truth fits."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
TRUTH: dict[str, list[list[dict[str, Any]]]] = json.loads((EXAMPLE / "videos/truth.json").read_text())


def frames(path: Path) -> list[Any]:
    video, found = cv2.VideoCapture(str(path)), []
    while (read := video.read())[0]:
        found.append(read[1].astype(np.int16))
    return found


def test_the_script_makes_them_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(EXAMPLE)
    make_videos = importlib.import_module("make_videos")
    make_videos.save(tmp_path, make_videos.SEED)
    made = json.loads((tmp_path / "videos/truth.json").read_text())
    assert made.keys() == TRUTH.keys() == {path.name for path in (EXAMPLE / "videos").glob("*.mp4")}
    for name, truth in TRUTH.items():
        assert [[seen["track"] for seen in frame] for frame in made[name]] == [
            [seen["track"] for seen in frame] for frame in truth
        ]
        shipped, again = frames(EXAMPLE / "videos" / name), frames(tmp_path / "videos" / name)
        assert len(shipped) == len(again) == len(truth)
        assert np.mean([np.abs(one - other).mean() for one, other in zip(shipped, again, strict=True)]) < 4


@pytest.mark.parametrize("name", TRUTH)
def test_ink_is_where_the_truth_says(name: str) -> None:
    for picture, truth in zip(frames(EXAMPLE / "videos" / name), TRUTH[name], strict=True):
        for seen in truth:
            x0, y0, x1, y1 = seen["box"]
            inside = picture[y0:y1, x0:x1].sum(2)
            assert seen["visible"] < 1 or np.ptp(inside) > 150
