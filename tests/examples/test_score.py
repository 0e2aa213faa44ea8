"""The score of the digits example tells right answers from wrong ones: the demo can fail."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
TRUTH: dict[str, list[dict[str, Any]]] = {
    "a/1.png": [{"digit": 7, "box": [10, 10, 30, 50]}, {"digit": 3, "box": [60, 10, 80, 50]}],
    "b/1.png": [{"digit": 0, "box": [0, 0, 20, 20]}, {"digit": 7, "box": [30, 0, 50, 20]}],
}


@pytest.fixture
def score(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("score")


def seen(name: str, box: Sequence[float]) -> dict[str, Any]:
    x0, y0, x1, y1 = box
    return {"x": (x0 + x1) / 2, "y": (y0 + y1) / 2, "width": x1 - x0, "height": y1 - y0, "class": name}


def perfect() -> dict[str, list[dict[str, Any]]]:
    return {source: [seen(str(digit["digit"]), digit["box"]) for digit in digits] for source, digits in TRUTH.items()}


def run(score: ModuleType, folder: Path, rows: Sequence[dict[str, Any]], *options: str, truth: object = TRUTH) -> int:
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = [str(folder / "results.jsonl"), "--truth", str(folder / "truth.json")]
    code: int = score.main([*files, *options])
    return code


def rows(found: dict[str, list[dict[str, Any]]], output: str = "named") -> list[dict[str, Any]]:
    return [
        {"source": source, "frame": 0, "outputs": {output: {"predictions": boxes}}, "errors": []}
        for source, boxes in found.items()
    ]


def test_all_right(score: ModuleType) -> None:
    assert score.score(TRUTH, perfect()) == score.Tally(digits=4, found=4, right=4, surplus=0)


def test_order_of_boxes_does_not_matter(score: ModuleType) -> None:
    turned = {source: boxes[::-1] for source, boxes in perfect().items()}
    assert score.score(TRUTH, turned).right == 4


def test_a_wrong_class_is_found_but_not_right(score: ModuleType) -> None:
    found = perfect()
    found["a/1.png"][0]["class"] = "1"
    assert score.score(TRUTH, found) == score.Tally(4, 4, 3, 0)


def test_names_swapped_within_a_picture_are_wrong(score: ModuleType) -> None:
    found = perfect()
    first, second = found["a/1.png"]
    first["class"], second["class"] = second["class"], first["class"]
    assert score.score(TRUTH, found).right == 2


def test_results_of_another_picture_do_not_help(score: ModuleType) -> None:
    found = perfect()
    swapped = {"a/1.png": found["b/1.png"], "b/1.png": found["a/1.png"]}
    assert score.score(TRUTH, swapped).right == 0


def test_a_missed_digit(score: ModuleType) -> None:
    found = perfect()
    del found["b/1.png"][0]
    assert score.score(TRUTH, found) == score.Tally(4, 3, 3, 0)


def test_a_digit_found_twice_counts_once(score: ModuleType) -> None:
    found = perfect()
    found["a/1.png"].append(seen("7", [11, 11, 31, 51]))
    assert score.score(TRUTH, found) == score.Tally(4, 4, 4, 1)


def test_of_two_boxes_the_closer_one_counts(score: ModuleType) -> None:
    truth = [{"digit": 7, "box": [0, 0, 20, 20]}]
    loose, close = seen("7", [0, 0, 20, 28]), seen("1", [0, 0, 20, 21])
    assert score.compare(truth, [loose, close]).right == 0


@pytest.mark.parametrize(("height", "found"), [(40, 1), (41, 0)])
def test_half_overlap_is_enough(score: ModuleType, height: int, found: int) -> None:
    truth = [{"digit": 7, "box": [0, 0, 20, 20]}]
    assert score.compare(truth, [seen("7", [0, 0, 20, height])]).found == found


def test_pictures_without_digits_ask_for_nothing(score: ModuleType) -> None:
    assert score.compare([], []) == score.Tally()
    assert score.compare([], [seen("1", [0, 0, 9, 9])]) == score.Tally(surplus=1)


def test_command_prints_the_accuracy(score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = perfect()
    del found["b/1.png"][0]
    assert run(score, tmp_path, rows(found)) == 0
    assert capsys.readouterr().out.splitlines()[0] == "accuracy: 0.75"


@pytest.mark.parametrize(("least", "code"), [("0.75", 0), ("0.76", 1)])
def test_command_fails_below_the_limit(score: ModuleType, tmp_path: Path, least: str, code: int) -> None:
    found = perfect()
    del found["b/1.png"][0]
    assert run(score, tmp_path, rows(found), "--at-least", least) == code


def test_empty_results_fail(score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(score, tmp_path, [], "--at-least", "0.9") == 1
    assert capsys.readouterr().out.startswith("accuracy: 0.00\n0 of 4 digits right; 4 missed")


def test_a_failed_picture_counts_as_missed(
    score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = {"source": "b/1.png", "frame": 0, "outputs": {}, "errors": [{"message": "broken file"}]}
    assert run(score, tmp_path, [*rows({"a/1.png": perfect()["a/1.png"]}), failed]) == 0
    assert capsys.readouterr().out.startswith("accuracy: 0.50")


def test_another_output_can_be_scored(score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(score, tmp_path, rows(perfect(), "digits"), "--output", "digits", "--at-least", "1") == 0


def test_a_missing_output_is_named(score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(score, tmp_path, rows(perfect(), "digits")) == 2
    error = capsys.readouterr().err
    assert "no output 'named', only ['digits']" in error
    assert "--output" in error


def test_results_of_another_folder_are_refused(
    score: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(score, tmp_path, rows({"c.png": []})) == 2
    assert "no picture 'c.png'" in capsys.readouterr().err


def test_an_empty_truth_is_never_good(score: ModuleType, tmp_path: Path) -> None:
    assert run(score, tmp_path, [], "--at-least", "0.9", truth={}) == 1
