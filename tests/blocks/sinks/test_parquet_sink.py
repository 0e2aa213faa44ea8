"""Parquet: tables that pandas and PyArrow read, with types, also after a run that was killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyarrow import dataset, parquet
from supervision import Detections

from cropflow import Image, OutputFolder, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.sinks import ParquetSink

TABLE = "records.parquet"


def write(folder: OutputFolder, *rows: dict[str, Any], most: int = 100) -> None:
    sink = ParquetSink(folder)
    for row in rows:
        sink.run(row, TABLE, most)
    sink.close()


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / TABLE).glob("*.parquet"))


def test_pandas_and_arrow_read_the_folder_as_one_table(tmp_path: Path) -> None:
    rows = [{"picture": f"{i}.jpg", "count": i, "sure": i / 4, "good": i % 2 == 0} for i in range(7)]
    write(OutputFolder(tmp_path), *rows, most=3)
    assert parts(tmp_path) == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    table = pd.read_parquet(tmp_path / TABLE)
    assert table.to_dict("records") == rows
    assert [str(type) for type in dataset.dataset(tmp_path / TABLE).schema.types] == [
        "string",
        "int64",
        "double",
        "bool",
    ]


def test_predictions_are_json_text_and_pictures_are_ids(tmp_path: Path) -> None:
    image = Image(np.zeros((20, 30, 3), np.uint8), id="sub/a.jpg")
    found = stamp(Detections(np.array([[2.0, 4, 6, 8]]), class_id=np.array([1])), image.origin, "detect")
    write(OutputFolder(tmp_path), {"image": image, "boxes": found, "crops": [image, None], "n": np.float32(0.5)})
    (row,) = parquet.read_table(tmp_path / TABLE).to_pylist()
    assert (row["image"], row["n"]) == ("sub/a.jpg", 0.5)
    assert json.loads(row["boxes"])["predictions"][0]["x"] == 4.0
    assert json.loads(row["crops"]) == ["sub/a.jpg", None]


def test_a_type_holds_all_rows_whatever_comes_first(tmp_path: Path) -> None:
    rows = [{"a": None, "b": 1, "c": 1, "d": None}, {"a": 0.5, "b": 2.5, "c": "x", "e": 2**70}, {"a": 3, "e": 1}]
    write(OutputFolder(tmp_path), *rows, most=1)
    table = pd.read_parquet(tmp_path / TABLE)
    assert table["a"].tolist()[1:] == [0.5, 3.0]
    assert table["b"].tolist()[:2] == [1.0, 2.5]
    assert table["c"].tolist()[:2] == ["1", '"x"']
    assert table["d"].isna().all()
    assert table["e"].tolist()[1:] == [str(2**70), "1"]


def test_a_later_run_goes_on_below_and_a_fresh_folder_begins_anew(tmp_path: Path) -> None:
    for _ in range(2):
        write(OutputFolder(tmp_path), {"i": 1}, {"i": 2}, most=1)
    assert pd.read_parquet(tmp_path / TABLE)["i"].tolist() == [1, 2, 1, 2]
    write(OutputFolder(tmp_path, fresh=True), {"i": "new"}, most=1)
    assert parts(tmp_path) == ["part-00000.parquet"]
    assert pd.read_parquet(tmp_path / TABLE)["i"].tolist() == ["new"]


def test_a_run_that_was_killed_and_resumed_gives_the_same_files(tmp_path: Path) -> None:
    rows = [{"i": i, "text": "x" * i} for i in range(10)]
    write(OutputFolder(tmp_path / "whole"), *rows, most=4)
    killed = ParquetSink(OutputFolder(tmp_path / "killed"))
    for row in rows[:5]:
        killed.run(row, TABLE, 4)
    noted = (tmp_path / "killed" / TABLE / "_rows.jsonl").stat().st_size
    killed.run(rows[5], TABLE, 4)
    with (tmp_path / "killed" / TABLE / "_rows.jsonl").open("r+b") as file:
        file.truncate(noted)
    write(OutputFolder(tmp_path / "killed"), *rows[5:], most=4)
    for name in parts(tmp_path / "whole"):
        assert (tmp_path / "killed" / TABLE / name).read_bytes() == (tmp_path / "whole" / TABLE / name).read_bytes()
    assert parts(tmp_path / "killed") == parts(tmp_path / "whole")


def test_every_row_is_kept_before_the_next_element(tmp_path: Path) -> None:
    sink = ParquetSink(OutputFolder(tmp_path))
    for i in range(3):
        sink.run({"i": i})
        lines = (tmp_path / TABLE / "_rows.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == [{"i": k} for k in range(i + 1)]
    sink.close()


def test_a_name_that_is_no_unicode_is_escaped(tmp_path: Path) -> None:
    write(OutputFolder(tmp_path), {"file": "caf\udce9.jpg"})
    assert pd.read_parquet(tmp_path / TABLE)["file"].tolist() == ["caf\\udce9.jpg"]


def document(*data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    steps = [
        {"type": "parquet_sink@v1", "name": f"to_{number}", "data": row, **fields} for number, row in enumerate(data)
    ]
    return {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": steps, "outputs": []}


def test_two_steps_share_a_table(tmp_path: Path) -> None:
    both = document({"picture": "$inputs.image", "step": "one"}, {"picture": "$inputs.image", "more": 1.5})
    with Workflow.load(both, resources=[OutputFolder(tmp_path)]) as workflow:
        for _ in range(2):
            workflow.run({"image": [np.zeros((4, 4, 3), np.uint8)] * 2})
    table = pd.read_parquet(tmp_path / TABLE)
    assert list(table.columns) == ["picture", "step", "more"]
    assert sorted(table["picture"]) == ["image.[0]"] * 4 + ["image.[1]"] * 4
    assert (table["step"].notna().sum(), table["more"].sum()) == (4, 6.0)


def test_a_secret_is_hidden(tmp_path: Path) -> None:
    told = document({"key": "$inputs.key", "text": "$inputs.key"})
    told["inputs"].append({"type": "WorkflowParameter", "name": "key", "kind": ["secret"]})
    with Workflow.load(told, resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": np.zeros((4, 4, 3), np.uint8), "key": "hunter2"})
    assert parquet.read_table(tmp_path / TABLE).to_pylist() == [{"key": "***", "text": "***"}]


def test_no_rows_leave_nothing(tmp_path: Path) -> None:
    with Workflow.load(document({"a": "$inputs.image"}), resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": []})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "fields", "said"),
    [
        ({}, {}, "at least 1"),
        ({"a": 1}, {"file": "table.csv"}, "a path that ends in .parquet"),
        ({"a": 1}, {"file": "../a.parquet"}, "a path inside the output folder"),
        ({"a": 1}, {"rows_per_file": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_fields_are_refused_when_the_document_is_compiled(
    tmp_path: Path, data: dict[str, Any], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load(document(data, **fields), resources=[OutputFolder(tmp_path)])


def test_a_missing_package_is_told_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WorkflowError, match=r'parquet_sink needs pyarrow .*pip install "cropflow\[parquet\]"'):
        Workflow.load(document({"a": 1}), resources=[OutputFolder(tmp_path)])
