"""Videos, cameras, lists and stdin on the command line."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ...films import film, serving
from .conftest import COMMAND, write_picture

FRAMES = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps: [{type: pixel_color_count@v1, name: dark, image: $inputs.image, target_color: "#000000", tolerance: 30}]
outputs:
  - {type: JsonField, name: dark, selector: $steps.dark.matching_pixels_count}
  - {type: JsonField, name: image, selector: $inputs.image}
"""


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]


def test_frames_have_lines_and_files_of_their_own(invoke: Any, document: Any, tmp_path: Path) -> None:
    film(tmp_path / "in/v.mp4", [0, 100, 0, 100, 0])
    write_picture(tmp_path / "in/v.png")
    out = tmp_path / "out"
    result = invoke("run", document(FRAMES), "--source", tmp_path / "in", "--out", out, "--stride", 2)
    assert result.exit_code == 0, result.stderr
    found = [(line["source"], line["frame"], line["outputs"]["dark"] > 3000) for line in lines(out)]
    assert found == [("v.mp4", 0, True), ("v.mp4", 2, True), ("v.mp4", 4, True), ("v.png", None, False)]
    files = [line["outputs"]["image"]["value"] for line in lines(out)]
    assert files == [*(f"images/image/v.mp4/00000{n}.jpg" for n in (0, 2, 4)), "images/image/v.png.jpg"]
    assert all((out / file).is_file() for file in files)


def test_a_video_that_cannot_be_opened_is_one_failure(invoke: Any, document: Any, tmp_path: Path) -> None:
    film(tmp_path / "in/b.mp4", [0, 0])
    (tmp_path / "in/a.mp4").write_bytes(b"no video")
    result = invoke("run", document(FRAMES), "--source", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert [(line["source"], len(line["errors"])) for line in lines(tmp_path / "out")] == [
        ("a.mp4", 1), ("b.mp4", 0), ("b.mp4", 0),
    ]  # fmt: skip
    (failed,) = [json.loads(line) for line in (tmp_path / "out/errors.jsonl").open()]
    assert (failed["source"], failed["step"]) == ("a.mp4", "$inputs.image") and "cannot be opened" in failed["message"]


def test_cameras_are_read_side_by_side(invoke: Any, document: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving(tmp_path) as server:
        cameras = [f"{server.url}/cam-0.mjpg", f"live:{server.url}/cam-90.mjpg"]
        arguments = [text for camera in cameras for text in ("--source", camera)]
        result = invoke("run", document(FRAMES), *arguments, "--out", out, "--frames", "every", "--reconnect", 0)
    assert result.exit_code == 0, result.stderr
    assert len(lines(out)) == 20
    for name, dark in (("cam-0.mjpg", True), ("cam-90.mjpg", False)):
        mine = [line for line in lines(out) if line["source"].endswith(name)]
        assert [line["frame"] for line in mine] == list(range(10))
        assert {line["outputs"]["dark"] > 3000 for line in mine} == {dark}
    again = invoke("run", document(FRAMES), *arguments, "--out", out, "--resume")
    assert again.exit_code == 2 and "a camera cannot be gone back to" in again.stderr


def test_frames_that_were_passed_over_are_told(invoke: Any, document: Any, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.frames, server.pause = 200, 0
        camera = f"{server.url}/cam-0.mjpg"
        result = invoke(
            "run", document(FRAMES), "--source", camera, "--out", tmp_path / "out", "--reconnect", 0, "--json"
        )
    report = json.loads(result.stdout)
    assert report == json.loads((tmp_path / "out/report.json").read_text())
    (dropped,) = report["dropped"].values()
    assert dropped + report["rows"] == 200
    assert dropped == 0 or f"{dropped} frames passed over" in result.stderr


def test_a_picture_from_stdin(document: Any, tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "p.png").read_bytes()
    command = [str(COMMAND), "run", str(document(FRAMES)), "--source", "-", "--quiet"]
    done = subprocess.run(command, input=picture, capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout)["outputs"]["image"] == {"width": 40, "height": 20}
    empty = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert empty.returncode == 3 and b"stdin" in empty.stdout


def test_a_list(invoke: Any, document: Any, pictures: Path) -> None:
    (pictures / "list.txt").write_text("sub\n10.png\n")
    result = invoke("run", document(FRAMES), "--source", pictures / "list.txt")
    assert [json.loads(line)["source"] for line in result.stdout.splitlines()] == ["sub/a.jpg", "10.png"]


def test_a_list_that_names_what_is_not_there(invoke: Any, document: Any, pictures: Path) -> None:
    (pictures / "list.txt").write_text("sub\nnope.png\n10.png\n")
    result = invoke("run", document(FRAMES), "--source", pictures / "list.txt")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 3
    assert [(line["source"], len(line["errors"])) for line in lines] == [
        ("sub/a.jpg", 0),
        ("nope.png", 1),
        ("10.png", 0),
    ]
    assert "list.txt', line 2: there is no file or folder" in lines[1]["errors"][0]["message"]


@pytest.mark.parametrize("option", ["--resume", "--json"])
def test_options_that_need_a_folder(invoke: Any, document: Any, pictures: Path, option: str) -> None:
    result = invoke("run", document(FRAMES), "--source", pictures, option)
    assert result.exit_code == 2 and f"{option} needs the folder of the run: add --out FOLDER" in result.stderr
