"""Records: one readable line per element, in order, joined by ids, and nothing lost to an interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervision import Detections

from cropflow import Classification, Image, OutputFolder, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.sinks.jsonl_sink import JsonlSink


def records(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n")[:-1]]


def test_a_record_has_predictions_in_wire_form_and_pictures_as_ids(tmp_path: Path) -> None:
    image = Image(np.zeros((20, 30, 3), np.uint8), id="sub/a.jpg")
    found = stamp(Detections(np.array([[2.0, 4, 6, 8]]), class_id=np.array([1])), image.origin, "detect")
    crop = image.crop(2, 4, 6, 8, id="sub/a.jpg/detect/0")
    assert crop is not None
    label = Classification(("cat", "dog"), np.array([0.25, 0.75], np.float32), origin=crop.origin)
    sink = JsonlSink(OutputFolder(tmp_path))
    sink.run({"image": image, "crops": [crop, None], "boxes": found, "label": label, "n": np.float32("nan")})
    [record] = records(tmp_path / "records.jsonl")
    assert (record["image"], record["crops"], record["n"]) == ("sub/a.jpg", ["sub/a.jpg/detect/0", None], None)
    assert record["boxes"]["predictions"][0]["detection_id"] == record["label"]["parent_id"] == record["crops"][0]
    assert (record["boxes"]["predictions"][0]["x"], record["label"]["top"]) == (4.0, "dog")


def test_every_line_can_be_read_before_the_next_element(tmp_path: Path) -> None:
    sink = JsonlSink(OutputFolder(tmp_path))
    for i in range(3):
        sink.run({"i": i}, "sub/log.jsonl")
        assert records(tmp_path / "sub" / "log.jsonl") == [{"i": k} for k in range(i + 1)]
    sink.close()


def test_what_the_file_holds_is_kept_and_a_torn_line_spares_the_next(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    for start in (b"", b'{"i": 0}\n', b'{"i": 0}\n{"i": 1, "te'):
        path.write_bytes(start)
        sink = JsonlSink(OutputFolder(tmp_path))
        sink.run({"i": 2})
        sink.close()
        lines = path.read_bytes().splitlines()
        assert json.loads(lines[-1]) == {"i": 2}
        assert b"\n".join(lines[:-1]) == start.rstrip(b"\n")


def test_a_closed_sink_can_write_again(tmp_path: Path) -> None:
    sink = JsonlSink(OutputFolder(tmp_path))
    for i in range(2):
        sink.run({"i": i})
        sink.close()
    assert records(tmp_path / "records.jsonl") == [{"i": 0}, {"i": 1}]


@given(st.dictionaries(st.text(), st.text() | st.floats() | st.binary() | st.lists(st.integers())))
def test_whatever_is_recorded_is_one_line_of_json(tmp_path_factory: Any, data: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("out")
    sink = JsonlSink(OutputFolder(folder))
    sink.run(data)
    sink.close()
    [record] = records(folder / "records.jsonl")
    assert {key: value for key, value in record.items() if isinstance(data[key], str)} == {
        key: value for key, value in data.items() if isinstance(value, str)
    }


def test_a_lone_surrogate_of_a_file_name_survives(tmp_path: Path) -> None:
    JsonlSink(OutputFolder(tmp_path)).run({"file": "caf\udce9.jpg"})
    assert records(tmp_path / "records.jsonl") == [{"file": "caf\udce9.jpg"}]


def test_no_file_leads_out_of_the_folder(tmp_path: Path) -> None:
    sink = JsonlSink(OutputFolder(tmp_path / "out"))
    for file in ("../log.jsonl", str(tmp_path / "log.jsonl"), ""):
        with pytest.raises(ValueError, match="leads out of the output folder"):
            sink.run({}, file)


def test_two_steps_of_a_document_may_share_a_file(tmp_path: Path) -> None:
    step = {"type": "jsonl_sink@v1", "file": "$inputs.file"}
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowParameter", "name": "file", "default_value": "all.jsonl"},
        ],
        "steps": [
            {**step, "name": "one", "data": {"image": "$inputs.image", "step": "one", "depth": {"x": [1]}}},
            {**step, "name": "two", "data": {"image": "$inputs.image", "step": "two"}},
        ],
        "outputs": [],
    }
    workflow = Workflow.load(document, blocks=[JsonlSink], resources=[OutputFolder(tmp_path)])
    images = [np.zeros((4, 4, 3), np.uint8)] * 2
    workflow.run({"image": images})
    workflow.run({"image": images[:1]}, workers=4)
    got = records(tmp_path / "all.jsonl")
    for name in ("one", "two"):
        mine = [record["image"] for record in got if record["step"] == name]
        assert mine == ["image.[0]", "image.[1]", "image.[0]"]
    assert got[0]["depth"] == {"x": [1]}


def test_a_fresh_folder_begins_the_file_anew_once(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text('{"old": 1}\n')
    folder = OutputFolder(tmp_path, fresh=True)
    for number in range(2):
        sink = JsonlSink(folder)
        sink.run({"new": number})
        sink.close()
    assert (tmp_path / "records.jsonl").read_text() == '{"new": 0}\n{"new": 1}\n'


def document(*files: str) -> dict[str, Any]:
    steps = [
        {"type": "jsonl_sink@v1", "name": f"to_{number}", "data": {"step": number}, "file": file}
        for number, file in enumerate(files)
    ]
    return {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": steps, "outputs": []}


def test_two_steps_share_a_file_that_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_text('{"old": 1}\n')
    folder = OutputFolder(tmp_path, fresh=True)
    with Workflow.load(document("all.jsonl", "all.jsonl"), blocks=[JsonlSink], resources=[folder]) as workflow:
        for _ in range(2):
            workflow.run({"image": np.zeros((4, 4, 3), np.uint8)})
    assert [record["step"] for record in records(tmp_path / "all.jsonl")] == [0, 1, 0, 1]


@pytest.mark.parametrize("file", ["../log.jsonl", "/tmp/log.jsonl", "", "a:b.jsonl", "{class}.jsonl", "logs/"])
def test_a_file_that_cannot_be_is_found_when_the_document_is_compiled(tmp_path: Path, file: str) -> None:
    with pytest.raises(WorkflowError, match="expected: a path inside the output folder"):
        Workflow.load(document(file), blocks=[JsonlSink], resources=[OutputFolder(tmp_path)])
