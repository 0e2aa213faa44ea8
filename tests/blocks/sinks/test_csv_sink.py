"""Tables: one row per element under the columns of the document, and nothing lost to an interruption."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervision import Detections

from cropflow import Image, OutputFolder, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.sinks import CsvSink


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


def write(folder: OutputFolder, *records: dict[str, Any], file: str = "records.csv") -> None:
    sink = CsvSink(folder)
    for record in records:
        sink.run(record, file)
    sink.close()


def test_cells_are_text_numbers_ids_and_json(tmp_path: Path) -> None:
    image = Image(np.zeros((20, 30, 3), np.uint8), id="sub/a.jpg")
    found = stamp(Detections(np.array([[2.0, 4, 6, 8]]), class_id=np.array([1])), image.origin, "detect")
    values = {"image": image, "text": 'a,"b"\nc', "none": None, "n": np.float32(0.5), "nan": float("nan")}
    write(OutputFolder(tmp_path), {**values, "yes": True, "boxes": found, "crops": [image, None]})
    header, row = rows(tmp_path / "records.csv")
    assert header == ["image", "text", "none", "n", "nan", "yes", "boxes", "crops"]
    assert row[:6] == ["sub/a.jpg", 'a,"b"\nc', "", "0.5", "", "true"]
    assert json.loads(row[6])["predictions"][0]["x"] == 4.0
    assert json.loads(row[7]) == ["sub/a.jpg", None]


def test_every_row_can_be_read_before_the_next_element(tmp_path: Path) -> None:
    sink = CsvSink(OutputFolder(tmp_path))
    for i in range(3):
        sink.run({"i": i}, "sub/table.csv")
        assert rows(tmp_path / "sub/table.csv") == [["i"], *([str(k)] for k in range(i + 1))]
    sink.close()


@pytest.mark.parametrize(
    ("start", "before"),
    [
        (b"", [["i", "text"]]),
        (b"i,text\n", [["i", "text"]]),
        (b"\xef\xbb\xbfi,text\r\n1,a\r\n", [["\ufeffi", "text"], ["1", "a"]]),
        (b"i,text\n1,a\n2", [["i", "text"], ["1", "a"], ["2"]]),
        (b'i,text\n1,a\n2,"b\nc', [["i", "text"], ["1", "a"], ["2", "b\nc\n"]]),
        (b'i,text\n1,"a ""b', [["i", "text"], ["1", 'a "b\n']]),
    ],
)
def test_a_second_run_goes_on_and_a_torn_row_costs_no_other(
    tmp_path: Path, start: bytes, before: list[list[str]]
) -> None:
    (tmp_path / "records.csv").write_bytes(start)
    write(OutputFolder(tmp_path), {"i": 3, "text": "new"}, {"i": 4, "text": "newer"})
    assert rows(tmp_path / "records.csv") == [*before, ["3", "new"], ["4", "newer"]]


@pytest.mark.parametrize("columns", [{"i": 1}, {"text": 1, "i": 1}, {"i": 1, "text": 1, "more": 1}])
def test_a_file_with_other_columns_is_left_alone(tmp_path: Path, columns: dict[str, Any]) -> None:
    path = tmp_path / "records.csv"
    path.write_text("i,text\n1,a\n")
    sink = CsvSink(OutputFolder(tmp_path))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"has the columns 'i', 'text', and this step writes .*; name another"):
            sink.run(columns)
    sink.close()
    assert path.read_text() == "i,text\n1,a\n"


def test_a_fresh_folder_begins_the_table_anew_once(tmp_path: Path) -> None:
    (tmp_path / "records.csv").write_text("old\n1\n")
    folder = OutputFolder(tmp_path, fresh=True)
    write(folder, {"new": 0})
    write(folder, {"new": 1})
    assert (tmp_path / "records.csv").read_text() == "new\n0\n1\n"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_comes_back(tmp_path_factory: Any, cells: list[str]) -> None:
    folder = tmp_path_factory.mktemp("out")
    write(OutputFolder(folder), {str(i): cell for i, cell in enumerate(cells)})
    assert rows(folder / "records.csv")[1:] == [cells]


def document(*columns: Any, file: str = "all.csv") -> dict[str, Any]:
    steps = [
        {"type": "csv_sink@v1", "name": f"to_{number}", "columns": item, "file": file}
        for number, item in enumerate(columns)
    ]
    return {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": steps, "outputs": []}


def test_two_steps_share_a_table(tmp_path: Path) -> None:
    columns = [{"image": "$inputs.image", "step": step} for step in ("one", "two")]
    with Workflow.load(document(*columns), resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": [np.zeros((4, 4, 3), np.uint8)] * 2}, workers=4)
    header, *body = rows(tmp_path / "all.csv")
    assert header == ["image", "step"]
    for step in ("one", "two"):
        assert [row[0] for row in body if row[1] == step] == ["image.[0]", "image.[1]"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (document({}), "at least 1"),
        (document({"a": 1}, file="../a.csv"), "expected: a path inside the output folder"),
    ],
)
def test_what_cannot_be_is_found_when_the_document_is_compiled(tmp_path: Path, written: Any, said: str) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load(written, resources=[OutputFolder(tmp_path)])
