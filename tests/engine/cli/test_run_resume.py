"""A run that is killed at any moment and resumed leaves exactly what a run that nobody disturbed leaves."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import COMMAND, write_picture, write_video

FILES = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: seconds, default_value: 0.0}
steps:
  - {type: odd/chatty@v1, name: slow, image: $inputs.image, seconds: $inputs.seconds}
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image, x_center: 0.5, y_center: 0.5, width: 0.5,
     height: 0.5}
  - {type: odd/fussy@v1, name: fussy, image: $steps.crop.crops, limit: 15}
  - {type: image_sink@v1, name: keep, image: $steps.crop.crops, file_name: crop.png, folder: crops}
  - {type: jsonl_sink@v1, name: lines, data: {id: $steps.slow.id, level: $steps.fussy.level}}
  - {type: csv_sink@v1, name: table, columns: {id: $steps.slow.id}}
outputs:
  - {type: JsonField, name: crop, selector: $steps.crop.crops}
  - {type: JsonField, name: kept, selector: $steps.keep.path}
"""
FRAMES = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: seconds, default_value: 0.0}
  - {type: WorkflowParameter, name: limit, default_value: 0.0}
steps:
  - {type: odd/remember@v1, name: count, image: $inputs.image, seconds: $inputs.seconds}
  - {type: jsonl_sink@v1, name: lines, data: {count: $steps.count.count}}
outputs: [{type: JsonField, name: seen, selector: $steps.count.*}]
"""
Run = Callable[..., list[object]]


def tree(folder: Path) -> dict[str, bytes]:
    """What a run left, but for how long it took."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".cropflow" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "report.json"}


def command(document: Path, source: Path, out: Path) -> list[str]:
    arguments = [COMMAND, "run", document, "--source", source, "--out", out, "--resume", "--batch-size", 2]
    return [*map(str, arguments), "--set", "seconds=0.05"]


def killed(arguments: list[str], env: dict[str, str], when: Callable[[], bool]) -> bool:
    """Start a run and kill it as soon as something holds; whether it was still running."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
        while process.poll() is None and not when():
            time.sleep(0.002)
        process.kill()
    return process.returncode == -signal.SIGKILL


def finished(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(arguments, capture_output=True, timeout=120, check=False, env=env)


def lines(out: Path, name: str = "results.jsonl") -> int:
    return (out / name).read_bytes().count(b"\n") if (out / name).exists() else 0


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    for number in range(9):
        write_picture(folder / f"{number}.png", 10 * number, (40 + number, 20))
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    write_video(folder / "a.mp4", range(0, 50, 10))
    write_video(folder / "b.mp4", range(0, 70, 10))
    write_picture(folder / "c.png")
    return folder


def test_killed_at_several_points(document: Any, many: Path, plugged: dict[str, str], tmp_path: Path) -> None:
    path, whole = document(FILES), tmp_path / "whole"
    undisturbed = finished(command(path, many, whole), plugged)
    assert undisturbed.returncode == 3, undisturbed.stderr
    assert lines(whole) == 9 and lines(whole, "errors.jsonl") == 2 and len(list((whole / "crops").iterdir())) == 9
    points: dict[str, Callable[[Path], bool]] = {
        "nothing": lambda out: (out / ".cropflow/state.json").exists(),
        "first": lambda out: (out / "crops").exists(),
        "some": lambda out: lines(out) >= 3,
        "last": lambda out: lines(out) >= 8,
    }
    for name, reached in points.items():
        out = tmp_path / name
        assert killed(command(path, many, out), plugged, lambda out=out, reached=reached: reached(out))
        resumed = finished(command(path, many, out), plugged)
        assert resumed.returncode == 3, resumed.stderr
        assert tree(out) == tree(whole), name
        reports = [json.loads((folder / "report.json").read_text()) for folder in (out, whole)]
        counts = [(r["rows"], r["rows_in_all"], r["errors"], r["steps"][0]["elements"]) for r in reports]
        assert counts == [(9, 9, 2, 9), (9, 9, 2, 9)]


def test_killed_again_and_again(document: Any, many: Path, plugged: dict[str, str], tmp_path: Path) -> None:
    path, out, whole = document(FILES), tmp_path / "out", tmp_path / "whole"
    finished(command(path, many, whole), plugged)
    for wanted in (1, 2, 4, 5, 7):
        killed(command(path, many, out), plugged, lambda wanted=wanted: lines(out, "records.jsonl") >= wanted)
    assert finished(command(path, many, out), plugged).returncode == 3
    assert tree(out) == tree(whole)


def test_what_steps_remember_of_a_video_is_made_again(
    document: Any, clips: Path, plugged: dict[str, str], tmp_path: Path
) -> None:
    path, whole = document(FRAMES), tmp_path / "whole"
    assert finished(command(path, clips, whole), plugged).returncode == 0
    seen = [json.loads(line)["outputs"]["seen"]["count"] for line in (whole / "results.jsonl").open()]
    assert seen == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 7, 1]
    for wanted in (2, 7, 10):
        out = tmp_path / str(wanted)
        assert killed(command(path, clips, out), plugged, lambda out=out, wanted=wanted: lines(out) >= wanted)
        assert finished(command(path, clips, out), plugged).returncode == 0
        assert tree(out) == tree(whole)


def test_ctrl_c_says_how_to_go_on(document: Any, many: Path, plugged: dict[str, str], tmp_path: Path) -> None:
    path, out = document(FILES), tmp_path / "out"
    with subprocess.Popen(command(path, many, out), stderr=subprocess.PIPE, env=plugged) as process:
        while lines(out) < 2 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"go on with the same command and --resume" in told
    assert lines(out) % 2 == 0 and lines(out) < 9
    assert finished(command(path, many, out), plugged).returncode == 3
    assert lines(out) == 9


@pytest.fixture
def done(document: Any, many: Path, plugged: dict[str, str], tmp_path: Path) -> Iterator[list[str]]:
    arguments = command(document(FRAMES), many, tmp_path / "out")
    assert finished(arguments, plugged).returncode == 0
    yield arguments


def test_a_finished_run_has_nothing_left_to_do(done: list[str], plugged: dict[str, str], tmp_path: Path) -> None:
    before = tree(tmp_path / "out")
    again = finished(done, plugged)
    assert again.returncode == 0
    assert b"nothing was left to do" in again.stderr
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["--set", "limit=1"], b"what --set gives changed"),
        (["--batch-size", "3"], b"--batch-size changed"),
        (["--source", "OTHER"], b"what --source names changed"),
    ],
)
def test_another_run_cannot_be_resumed(
    done: list[str], plugged: dict[str, str], tmp_path: Path, change: list[str], told: bytes
) -> None:
    other = write_picture(tmp_path / "x.png")
    result = finished([*done, *[text.replace("OTHER", str(other)) for text in change]], plugged)
    assert result.returncode == 2
    assert told in b" ".join(result.stderr.split())


def test_a_run_that_did_nothing_yet_may_become_another(
    document: Any, many: Path, plugged: dict[str, str], tmp_path: Path
) -> None:
    step = "{type: object_detection_model@v2, name: find, images: $inputs.image, model_id: digits.pt}"
    output = "{type: JsonField, name: found, selector: $steps.find.inference_id}"
    inputs = "inputs: [{type: WorkflowImage, name: image}, {type: WorkflowParameter, name: seconds, default_value: 0}]"
    text = f"version: '1.0'\n{inputs}\nsteps: [{step}]\noutputs: [{output}]"
    (tmp_path / "digits.pt").write_bytes(b"no weights")
    arguments = command(document(text), many, tmp_path / "out")
    assert finished(arguments, plugged).returncode == 3
    assert lines(tmp_path / "out") == 0
    document(FRAMES)
    assert finished(arguments, plugged).returncode == 0
    assert lines(tmp_path / "out") == 9


def test_a_folder_of_something_else_is_left_alone(
    done: list[str], plugged: dict[str, str], tmp_path: Path, invoke: Any
) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else/notes.txt").write_text("mine")
    arguments = [text.replace(str(tmp_path / "out"), str(tmp_path / "else")) for text in done]
    result = finished(arguments, plugged)
    assert result.returncode == 2 and b"no run left a note" in b" ".join(result.stderr.split())
    assert invoke("run", done[2], "--source", tmp_path, "--resume").exit_code == 2
