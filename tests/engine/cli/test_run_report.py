"""`run --report --profile`: a page that shows the run, and a trace that opens in Chrome."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def test_a_run_leaves_a_page_with_crops_of_every_class(invoke: Any, tmp_path: Path) -> None:
    document, scenes = ROOT / "workflows/detect_crop_classify.yaml", ROOT / "examples/digits/scenes/form"
    done = invoke("run", document, "--source", scenes, "--out", tmp_path, "--report")
    assert done.exit_code == 0
    text = (tmp_path / "report.html").read_text("utf-8")
    assert text.count("<img ") > 20 and len(text) < 2_000_000
    assert re.search(r"<text[^>]*>3 in [\d.]+ m?s</text>", text), "the drawing tells how many elements took how long"
    for output in ("named", "labels"):
        assert f"Found: {output}" in text


def test_every_step_of_every_batch_is_there(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    arguments = ["run", document(), "--source", pictures, "--out", tmp_path / "out", "--batch-size", 3, "--profile"]
    assert invoke(*arguments).exit_code == 0
    events = json.loads((tmp_path / "out/trace.json").read_text("utf-8"))
    slices = [event for event in events if event["ph"] == "X"]
    assert [event["name"] for event in slices] == ["read", "crop", "write"] * 2
    assert [event["args"]["rows"] for event in slices[::3]] == [3, 1]
    crop = slices[1]
    assert crop["cat"] == "relative_static_crop@v1"
    assert crop["args"] == {"batch": 0, "rows": 3, "elements": 3, "skipped": 0, "failed": 0, "calls": 3}
    assert all(one["ts"] + one["dur"] <= other["ts"] + 1 for one, other in pairwise(slices))


def test_a_run_that_stops_leaves_both(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    (pictures / "2.png").write_bytes(b"no picture")
    arguments = ["run", document(), "--source", pictures, "--out", tmp_path / "out", "--batch-size", 1]
    assert invoke(*arguments, "--report", "--profile", "--on-error", "raise").exit_code == 3
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "<dd>stopped</dd>" in page and "2.png" in page
    assert len(json.loads((tmp_path / "out/trace.json").read_text("utf-8"))) == 4


@pytest.mark.parametrize("option", ["--report", "--profile"])
def test_they_need_a_folder(invoke: Any, document: Any, pictures: Path, option: str) -> None:
    result = invoke("run", document(), "--source", pictures, option)
    assert result.exit_code == 2 and f"{option} needs the folder of the run: add --out FOLDER" in result.stderr
