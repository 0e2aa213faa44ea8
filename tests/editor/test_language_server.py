"""What people see who write a document in an editor with the schema: completion, help, and mistakes as they type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .client import ROOT, Editor

HEAD = f"# yaml-language-server: $schema={(ROOT / 'schemas' / 'workflow.schema.json').as_uri()}\n"
DOCUMENT = (
    HEAD
    + """\
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
steps:
  - type: dynamic_crop@v1
    name: crop
    images: $inputs.image
    predictions: $inputs.boxes
    square: true
    CURSOR
outputs: []
"""
)
FULL = DOCUMENT.replace("    CURSOR\n", "")


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    with Editor() as running:
        yield running


def place(text: str) -> tuple[str, int, int]:
    """The text without `CURSOR`, and where that stood."""
    before, _, after = text.partition("CURSOR")
    return before + after, before.count("\n"), len(before) - before.rfind("\n") - 1


def labels(answer: Any) -> set[str]:
    items = answer["items"] if isinstance(answer, dict) else answer
    return {item["label"] for item in items}


def test_types_of_blocks_are_completed(editor: Editor, tmp_path: Path) -> None:
    text, line, character = place(
        DOCUMENT.replace("dynamic_crop@v1\n", "CURSOR\n").replace("    CURSOR\noutputs", "outputs")
    )
    uri = editor.open(tmp_path / "types.yaml", text)
    assert {"dynamic_crop@v1", "classification_model@v2"} <= labels(editor.at("completion", uri, line, character))


def test_fields_of_the_block_are_completed_and_no_others(editor: Editor, tmp_path: Path) -> None:
    text, line, character = place(DOCUMENT)
    uri = editor.open(tmp_path / "fields.yaml", text)
    offered = labels(editor.at("completion", uri, line, character))
    assert {"padding", "max_crops", "mask_opacity"} <= offered
    assert not {"model_id", "iou_threshold", "square"} & offered


def test_help_tells_what_a_field_is_for(editor: Editor, tmp_path: Path) -> None:
    text, line, character = place(FULL.replace("square", "squCURSORare"))
    uri = editor.open(tmp_path / "help.yaml", text)
    shown = editor.at("hover", uri, line, character)["contents"]
    assert "make boxes square around their centre" in (shown["value"] if isinstance(shown, dict) else str(shown))


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "workflows").glob("*.yaml")))
def test_example_documents_have_no_mistakes(editor: Editor, tmp_path: Path, name: str) -> None:
    uri = editor.open(tmp_path / name, HEAD + (ROOT / "workflows" / name).read_text())
    assert editor.mistakes(uri) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("square: true", "square: maybe", 9),
        ("square: true", "sqare: true", 9),
        ("images: $inputs.image", "images: picture", 7),
        ("    name: crop\n", "", 5),
    ],
)
def test_mistakes_are_underlined_where_they_stand(
    editor: Editor, tmp_path: Path, right: str, wrong: str, line: int
) -> None:
    assert editor.mistakes(editor.open(tmp_path / "right.yaml", FULL)) == []
    found = editor.mistakes(editor.open(tmp_path / "wrong.yaml", FULL.replace(right, wrong)))
    assert line in {mistake["range"]["start"]["line"] for mistake in found}


def test_keys_of_other_editors_are_left_alone_under_the_names_of_existing_documents(
    editor: Editor, tmp_path: Path
) -> None:
    text = DOCUMENT.replace("dynamic_crop@v1", "roboflow_core/dynamic_crop@v1").replace("CURSOR", "ui_color: red")
    assert editor.mistakes(editor.open(tmp_path / "foreign.yaml", text)) == []
