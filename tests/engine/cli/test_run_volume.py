"""How much `run` says: `--quiet` leaves results and exit codes, `--verbose` adds where failures come from."""

import json
from pathlib import Path
from typing import Any

import pytest

FUSSY = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps: [{type: odd/fussy@v1, name: look, image: $inputs.image, limit: 105.0}]
outputs: [{type: JsonField, name: level, selector: $steps.look.level}]
"""


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_leaves_results_and_the_exit_code(
    shell: Any, document: Any, pictures: Path, tmp_path: Path, option: str
) -> None:
    done = shell("run", document(FUSSY), "--source", pictures, option)
    assert done.returncode == 3 and done.stderr == b""
    assert [bool(json.loads(line)["errors"]) for line in done.stdout.splitlines()] == [True, False, False, False]
    filed = shell("run", document(FUSSY), "--source", pictures, option, "--out", tmp_path / "out")
    assert (filed.returncode, filed.stdout, filed.stderr) == (3, b"", b"")
    assert json.loads((tmp_path / "out/report.json").read_text())["errors"] == 1


def test_quiet_still_tells_mistakes_and_what_stops_a_run(shell: Any, document: Any, pictures: Path) -> None:
    stopped = shell("run", document(FUSSY), "--source", pictures, "-q", "--on-error", "raise")
    assert stopped.returncode == 3 and b"stopped: 1.png: step 'look' (odd/fussy@v1)" in stopped.stderr
    refused = shell("run", document("{}"), "-q")
    assert refused.returncode == 1 and b"refused" in refused.stderr


def test_quiet_hides_warnings(shell: Any, document: Any, pictures: Path) -> None:
    text = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: roboflow_core/absolute_static_crop@v1, name: crop, images: $inputs.image, x_center: 9, y_center: 9,
     width: 9, height: 9, ui_color: red}
outputs: []
"""
    assert b"warning: step 'crop'" in shell("run", document(text), "--source", pictures).stderr
    assert shell("run", document(text), "--source", pictures, "-q").stderr == b""


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_verbose_tells_every_batch_and_where_a_failure_comes_from(
    shell: Any, document: Any, pictures: Path, option: str
) -> None:
    plain = shell("run", document(FUSSY), "--source", pictures, "--batch-size", 3)
    assert b"Traceback" not in plain.stderr and b"debug" not in plain.stderr
    done = shell("run", document(FUSSY), "--source", pictures, "--batch-size", 3, option)
    text = done.stderr.decode()
    assert done.returncode == 3 and done.stdout == plain.stdout
    assert "debug: 3 pictures in " in text and ", from 1.png on" in text and "debug: 1 pictures in " in text
    assert 'raise ValueError("too dark")' in text, "the line of the block that failed"
    assert "4 pictures in" in text, "the summary is told as well"


def test_both_at_once_is_a_mistake(invoke: Any, document: Any, pictures: Path) -> None:
    result = invoke("run", document(), "--source", pictures, "-q", "-v")
    assert result.exit_code == 2 and "--verbose and --quiet" in result.stderr
