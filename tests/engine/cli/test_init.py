"""`init` writes a document that works as soon as the weights are named, and never writes over anything."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
WEIGHTS = f"detector={ROOT / 'models/digits-detect.pt'}"


def test_the_document_lacks_nothing_but_the_weights(invoke: Any, tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    result = invoke("init", path)
    assert result.exit_code == 0, result.stderr
    assert f"wrote {path}" in result.stdout and f"cropflow check {path} --model detector=PATH" in result.stdout
    refused = invoke("check", path)
    assert refused.exit_code == 1
    assert "refused: 1 mistake" in refused.stderr and "--model detector=PATH" in refused.stderr
    assert invoke("check", path, "--model", WEIGHTS).exit_code == 0
    assert all(len(line) <= 80 for line in path.read_text("utf-8").splitlines())


def test_it_runs(shell: Any, tmp_path: Path) -> None:
    assert shell("init", tmp_path / "first.yaml").returncode == 0
    source = ROOT / "examples/digits/scenes/form/01.png"
    options = ["--model", WEIGHTS, "--source", source, "--out", tmp_path / "out", "--device", "cpu"]
    done = shell("run", tmp_path / "first.yaml", *options)
    assert done.returncode == 0, done.stderr
    line = json.loads((tmp_path / "out/results.jsonl").read_text("utf-8"))
    assert len(line["outputs"]["objects"]["predictions"]) == len(list((tmp_path / "out/crops/digit").iterdir())) > 0
    assert (tmp_path / "out" / line["outputs"]["annotated"]["value"]).is_file()


def test_the_part_in_comments_works_too(invoke: Any, tmp_path: Path) -> None:
    path = tmp_path / "first.yaml"
    invoke("init", path)
    lines = path.read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  # - type: "))
    for number in range(start, start + 4):
        lines[number] = lines[number].replace("# ", "", 1)
    text = "\n".join(lines).replace("predictions: $steps.crop.predictions", "predictions: $steps.classify.predictions")
    path.write_text(text, "utf-8")
    classifier = f"classifier={ROOT / 'models/digits-classify.pt'}"
    result = invoke("check", path, "--model", WEIGHTS, "--model", classifier)
    assert (result.exit_code, result.stdout) == (0, "fine: 5 steps, 2 inputs, 2 outputs\n")


def test_nothing_is_written_over(invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workflow.yaml").write_text("mine")
    result = invoke("init")
    assert result.exit_code == 2 and "'workflow.yaml' is there already" in result.stderr
    assert (tmp_path / "workflow.yaml").read_text() == "mine"
    (tmp_path / "workflow.yaml").unlink()
    assert invoke("init").exit_code == 0 and (tmp_path / "workflow.yaml").is_file()


def test_json_has_no_comments(invoke: Any, tmp_path: Path) -> None:
    result = invoke("init", tmp_path / "first.json")
    assert result.exit_code == 2 and "name it first.yaml" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(invoke: Any, tmp_path: Path) -> None:
    result = invoke("init", tmp_path / "no/such/first.yaml")
    assert result.exit_code == 3 and "No such file or directory" in result.stderr
