"""`graph` writes the drawing of a document where and as what it is asked to."""

from pathlib import Path
from typing import Any

import pytest

from cropflow import Workflow
from cropflow.draw import mermaid, png, svg

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "workflows/classes_on_boxes.yaml"


@pytest.fixture(scope="module")
def plan() -> Any:
    with Workflow.load(WORKFLOW) as workflow:
        return workflow.plan


def test_stdout_holds_the_drawing_and_nothing_else(shell: Any, plan: Any) -> None:
    for options, drawing in (
        ([], mermaid(plan).encode()),
        (["--format", "svg"], svg(plan).encode()),
        (["--format", "png"], png(plan)),
    ):
        done = shell("graph", WORKFLOW, *options)
        assert (done.returncode, done.stdout, done.stderr) == (0, drawing, b"")


@pytest.mark.parametrize("suffix", ["mmd", "svg", "png", "PNG", "txt"])
def test_the_suffix_says_the_format(invoke: Any, plan: Any, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"graph.{suffix}"
    result = invoke("graph", WORKFLOW, "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    drawing = {"svg": svg(plan).encode(), "png": png(plan)}.get(suffix.lower(), mermaid(plan).encode())
    assert out.read_bytes() == drawing


def test_an_asked_format_counts_more_than_the_suffix(invoke: Any, plan: Any, tmp_path: Path) -> None:
    invoke("graph", WORKFLOW, "--out", tmp_path / "graph.txt", "--format", "svg")
    assert (tmp_path / "graph.txt").read_text("utf-8") == svg(plan)


def test_weights_need_not_be_there(invoke: Any, document: Any) -> None:
    path = document(WORKFLOW.read_text("utf-8").replace("../models", "no/such"))
    assert invoke("check", path).exit_code == 1
    assert invoke("graph", path).exit_code == 0


def test_mistakes(invoke: Any, document: Any, tmp_path: Path) -> None:
    refused = invoke("graph", document("{}"))
    assert refused.exit_code == 1 and "refused" in refused.stderr
    assert invoke("graph", WORKFLOW, "--format", "gif").exit_code == 2
    nowhere = invoke("graph", WORKFLOW, "--out", tmp_path / "no/such/graph.svg")
    assert nowhere.exit_code == 3 and "no/such/graph.svg: No such file or directory" in nowhere.stderr


def test_a_suffix_that_says_nothing_is_refused(invoke: Any, tmp_path: Path) -> None:
    result = invoke("graph", WORKFLOW, "--out", tmp_path / "graph.pdf")
    assert result.exit_code == 2 and "graph.pdf does not tell the format" in result.stderr
    assert not (tmp_path / "graph.pdf").exists()
