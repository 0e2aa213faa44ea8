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
    assert len(set(files)) == 5 and "images/middle/1.png.jpg" in files
    assert all((tmp_path / "out" / file).is_file() for file in files)


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
