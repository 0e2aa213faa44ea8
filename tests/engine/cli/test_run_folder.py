"""`run --out`: one line per picture, images as files beside it, and a report."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from cropflow import Image


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]


def test_a_folder_of_pictures(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "new/out"
    result = invoke("run", document(), "--source", pictures, "--out", out, "--batch-size", 3)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    found = lines(out)
    assert [line["source"] for line in found] == ["1.png", "2.png", "10.png", "sub/a.jpg"]
    assert [line["outputs"]["middle"]["value"] for line in found] == [
        "images/middle/1.jpg", "images/middle/2.jpg", "images/middle/10.jpg", "images/middle/sub/a.jpg"
    ]  # fmt: skip
    for number, line in enumerate(found):
        assert (line["frame"], line["errors"], line["outputs"]["middle"]["type"]) == (None, [], "file")
        saved = cv2.imread(str(out / line["outputs"]["middle"]["value"]))
        assert saved is not None and saved.shape[0] == 10 and abs(saved.mean() - (100 + 10 * number)) < 3


def test_the_report(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    (pictures / "3.png").write_bytes(b"this is no picture")
    invoke("run", document(), "--source", pictures, "--out", tmp_path / "out", "--batch-size", 2)
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["ended"] == "finished" and report["workflow"].endswith("workflow.yaml")
    assert (report["rows_in_all"], report["rows"], report["rows_with_errors"], report["errors"]) == (5, 5, 1, 1)
    (step,) = report["steps"]
    assert (step["step"], step["elements"], step["skipped"], step["failed"]) == ("crop", 5, 1, 0)
    assert report["first_errors"][0]["element"] == "3.png"
    assert {"cropflow", "numpy", "supervision"} <= set(report["versions"])


def test_an_unreadable_picture_costs_its_own_line_only(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "2.png").write_bytes(b"this is no picture")
    result = invoke("run", document(), "--source", pictures, "--out", tmp_path / "out")
    assert result.exit_code == 3
    found = {line["source"]: line for line in lines(tmp_path / "out")}
    assert len(found) == 4
    assert found["2.png"]["outputs"] == {"middle": None}
    assert "2.png" in found["2.png"]["errors"][0]["message"]
    assert all(found[name]["outputs"]["middle"] and not found[name]["errors"] for name in found if name != "2.png")
    assert "2.png" in result.stderr and "1 with errors" in result.stderr


def test_pictures_of_the_same_stem_keep_files_of_their_own(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "1.jpg").write_bytes((pictures / "sub/a.jpg").read_bytes())
    invoke("run", document(), "--source", pictures, "--out", tmp_path / "out")
    files = [line["outputs"]["middle"]["value"] for line in lines(tmp_path / "out")]
    assert sorted(files) == [
        "images/middle/1.jpg.jpg", "images/middle/1.png.jpg",
        "images/middle/10.jpg", "images/middle/2.jpg", "images/middle/sub/a.jpg",
    ]  # fmt: skip
    assert all((tmp_path / "out" / file).is_file() for file in files)


def test_a_name_with_its_suffix_may_be_that_of_another_picture(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    for name in ("1.jpg", "1.jpg.png"):
        (pictures / name).write_bytes((pictures / "1.png").read_bytes())
    invoke("run", document(), "--source", pictures, "--out", tmp_path / "out")
    files = {line["source"]: line["outputs"]["middle"]["value"] for line in lines(tmp_path / "out")}
    assert files["1.jpg"] == "images/middle/1.jpg.jpg" and files["1.jpg.png"] == "images/middle/1.jpg.png.jpg"
    assert len(set(files.values())) == 6


SINKS = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: jsonl_sink@v1, name: one, data: {image: $inputs.image}, file: FILE}
  - {type: jsonl_sink@v1, name: two, data: {image: $inputs.image}, file: FILE}
  - {type: image_sink@v1, name: keep, image: $inputs.image, folder: images/picture, file_name: "{source}.jpg"}
outputs:
  - {type: JsonField, name: picture, selector: $inputs.image}
  - {type: JsonField, name: kept, selector: $steps.keep.path}
"""


def test_sinks_and_the_command_line_write_into_one_folder(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    out, path = tmp_path / "out", document(SINKS.replace("FILE", "all.jsonl"))
    for _ in range(2):
        result = invoke("run", path, "--source", pictures, "--out", out, "--overwrite", "--batch-size", 2)
        assert result.exit_code == 0, result.stderr
        records = [json.loads(line)["image"] for line in (out / "all.jsonl").read_text().splitlines()]
        assert sorted(records) == sorted(2 * ["1.png", "2.png", "10.png", "sub/a.jpg"])
        files = [line["outputs"][name] for line in lines(out) for name in ("kept", "picture")]
        assert files[:2] == ["images/picture/1.jpg", {"type": "file", "value": "images/picture/1~2.jpg"}]


@pytest.mark.parametrize("name", ["results.jsonl", "report.json"])
def test_a_sink_cannot_have_a_file_of_the_command_line(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path, name: str
) -> None:
    path = document(SINKS.replace("FILE", name))
    result = invoke("run", path, "--source", pictures / "1.png", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert f"'{name}' is kept for" in " ".join(result.stderr.split())
    (line,) = lines(tmp_path / "out")
    assert [error["step"] for error in line["errors"]] == ["one", "two"] and line["outputs"]["kept"]


SLICES = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image,
     x_center: 0.5, y_center: 0.5, width: 1, height: 1}
outputs:
  - {type: JsonField, name: all, selector: $steps.crop.*}
  - {type: JsonField, name: ../../odd name, selector: $steps.crop.crops}
"""


def test_nested_images_and_odd_names_stay_inside_the_folder(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    invoke("run", document(SLICES), "--source", pictures / "1.png", "--out", tmp_path / "out")
    (line,) = lines(tmp_path / "out")
    assert line["outputs"]["all"]["crops"]["value"] == "images/all/1/crops.jpg"
    odd = line["outputs"]["../../odd name"]["value"]
    assert (tmp_path / "out" / odd).resolve().is_relative_to((tmp_path / "out/images").resolve())
    assert Image.load(tmp_path / "out" / odd).width == 40


def test_a_folder_that_holds_something_is_refused(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    refused = invoke("run", document(), "--source", pictures, "--out", out)
    assert refused.exit_code == 2 and "--overwrite" in refused.stderr
    assert [path.name for path in out.iterdir()] == ["precious.txt"]
    assert invoke("run", document(), "--source", pictures, "--out", out, "--overwrite").exit_code == 0
    again = invoke("run", document(), "--source", pictures / "sub", "--out", out, "--overwrite")
    assert again.exit_code == 0 and [line["source"] for line in lines(out)] == ["a.jpg"]
    assert (out / "precious.txt").read_text() == "mine"
    assert invoke("run", document(), "--source", pictures, "--out", pictures / "1.png").exit_code == 2


def test_a_run_that_stopped_before_its_first_line_can_be_corrected(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    out, broken = tmp_path / "out", tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    options = ["--on-error", "raise", "--report", "--profile", "--out", out]
    assert invoke("run", document(), "--source", broken, *options).exit_code == 3
    assert (out / "report.json").exists() and lines(out) == []
    assert invoke("run", document(), "--source", pictures, *options).exit_code == 0
    assert len(lines(out)) == 4
    assert invoke("run", document(), "--source", pictures, *options).exit_code == 2, "now there are results"


def test_a_file_beside_the_report_of_such_a_run_is_kept(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    out, broken = tmp_path / "out", tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    invoke("run", document(), "--source", broken, "--on-error", "raise", "--out", out)
    (out / "notes.txt").write_text("mine")
    assert invoke("run", document(), "--source", pictures, "--out", out).exit_code == 2


def test_results_inside_the_source_are_no_pictures_of_the_next_run(invoke: Any, document: Any, pictures: Path) -> None:
    for _ in range(2):
        invoke("run", document(), "--source", pictures, "--out", pictures / "out", "--overwrite")
        assert len(lines(pictures / "out")) == 4


@pytest.mark.parametrize("wrong", [["--set", "width=7"], ["--set", "width=red"]])
def test_a_parameter_that_does_not_fit_leaves_no_trace(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path, wrong: list[str]
) -> None:
    result = invoke("run", document(), "--source", pictures, "--out", tmp_path / "out", *wrong)
    assert result.exit_code == 2 and "'width'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_refused_document_leaves_no_trace(invoke: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    path = document("version: '1.0'")
    result = invoke("run", path, "--source", pictures, "--out", tmp_path / "out")
    assert result.exit_code == 1 and not (tmp_path / "out").exists()
