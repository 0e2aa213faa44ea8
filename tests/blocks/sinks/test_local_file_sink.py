"""Saved text: in the output folder and nowhere else, each in a file or all in a log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cropflow import InputError, OutputFolder, Workflow, WorkflowError
from cropflow_blocks.sinks import LocalFileSink

NAME = r"[a-z_]+_\d{4}(_\d\d){5}_\d{6}"


def files(folder: Path) -> list[str]:
    """The contents of all files, oldest name first."""
    return [path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file()]


def append(sink: LocalFileSink, *texts: str, **fields: Any) -> list[bool]:
    return [sink.run(text, "append_log", "logs", **fields).error_status for text in texts]


def test_each_text_gets_a_file_of_its_own(tmp_path: Path) -> None:
    sink = LocalFileSink(OutputFolder(tmp_path))
    for text in ("a,b\n1,2", "é\n"):
        assert sink.run(text, "separate_files", "t/u", "csv", "out") == (False, "Data saved successfully")
    assert files(tmp_path / "t/u") == ["a,b\n1,2\n", "é\n"]
    assert all(re.fullmatch(rf"{NAME}\.csv", path.name) for path in (tmp_path / "t/u").iterdir())


def test_a_log_of_tables_keeps_one_header(tmp_path: Path) -> None:
    sink = LocalFileSink(OutputFolder(tmp_path))
    append(sink, "a,b\n1,2\n", 'a,b\n3,"x\ny"', '"a",b\n5,6\n', "a,b\n")
    assert files(tmp_path) == ['a,b\n1,2\n3,"x\ny"\n5,6\n']


def test_a_table_with_another_header_begins_a_file(tmp_path: Path) -> None:
    append(LocalFileSink(OutputFolder(tmp_path)), "a,b\n1,2\n", "c\n3\n", "c\n4\n")
    assert files(tmp_path) == ["a,b\n1,2\n", "c\n3\n4\n"]


@pytest.mark.parametrize("most", [2, "2"])
def test_a_full_log_is_followed_by_another(tmp_path: Path, most: int | str) -> None:
    texts = [f"n\n{i}\n" for i in range(5)]
    append(LocalFileSink(OutputFolder(tmp_path)), *texts, max_entries_per_file=most)
    assert files(tmp_path) == ["n\n0\n1\n", "n\n2\n3\n", "n\n4\n"]


def test_a_log_of_json_has_one_line_for_each(tmp_path: Path) -> None:
    sink = LocalFileSink(OutputFolder(tmp_path))
    assert append(sink, '{"a":\n 1}', "nope", "[1,\n2]", file_type="json") == [False, True, False]
    assert files(tmp_path) == ['{"a": 1}\n[1, 2]\n']
    assert "the content is no JSON" in sink.run("nope", "append_log", "", "json").message
    assert [path.suffix for path in (tmp_path / "logs").iterdir()] == [".jsonl"]


def test_a_log_of_text_has_whole_lines(tmp_path: Path) -> None:
    append(LocalFileSink(OutputFolder(tmp_path)), "one", "two\n", "", "three", file_type="txt")
    assert files(tmp_path) == ["one\ntwo\nthree\n"]


def test_every_entry_can_be_read_before_the_next_element(tmp_path: Path) -> None:
    sink = LocalFileSink(OutputFolder(tmp_path))
    for i in range(3):
        append(sink, str(i), file_type="txt")
        assert files(tmp_path) == ["".join(f"{k}\n" for k in range(i + 1))]
    sink.close()


def test_every_run_begins_a_log_and_other_places_have_their_own(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path)
    for _ in range(2):
        sink = LocalFileSink(folder)
        append(sink, "1", "2", file_type="txt")
        append(sink, "3", file_type="txt", file_name_prefix="other")
        sink.close()
    assert files(tmp_path) == ["3\n", "3\n", "1\n2\n", "1\n2\n"]


@pytest.mark.parametrize("prefix", ["../../up", "/etc/x", "a:b", "", "con"])
def test_no_prefix_leads_out_of_the_folder(tmp_path: Path, prefix: str) -> None:
    sink = LocalFileSink(OutputFolder(tmp_path / "out"))
    assert not sink.run("x", "separate_files", "t", "txt", prefix).error_status
    assert files(tmp_path / "out/t") == ["x\n"]


def test_what_cannot_be_written_is_told_and_not_raised(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    sink = LocalFileSink(OutputFolder(tmp_path))
    for mode in ("append_log", "separate_files"):
        failed, message = sink.run("x", mode, "logs", "txt")  # type: ignore[arg-type]
        assert failed and message.startswith("nothing was saved: ")


def document(**fields: Any) -> dict[str, Any]:
    step = {"type": "roboflow_core/local_file_sink@v1", "name": "save", "content": "$inputs.text", **fields}
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": "text", "kind": ["string"]},
            {"type": "WorkflowParameter", "name": "folder", "default_value": "logs"},
        ],
        "steps": [{"output_mode": "append_log", "target_directory": "$inputs.folder", "file_type": "txt", **step}],
        "outputs": [{"type": "JsonField", "name": "save", "selector": "$steps.save.*"}],
    }


def test_an_existing_document_saves_a_batch(tmp_path: Path) -> None:
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        result = workflow.run({"text": ["a", "b"]})
    assert [row["save"]["error_status"] for row in result] == [False, False]
    assert files(tmp_path / "logs") == ["a\nb\n"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target_directory": "/tmp/x"}, "absolute paths are refused"),
        ({"target_directory": "C:\\x"}, "absolute paths are refused"),
        ({"target_directory": "a/../../b"}, r"a path inside the output folder, without '\.\.'"),
        ({"max_entries_per_file": 0}, "greater than or equal to 1"),
        ({"max_entries_per_file": "many"}, "a whole number, at least 1"),
    ],
)
def test_wrong_fields_are_refused_when_the_document_is_compiled(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load(document(**fields), resources=[OutputFolder(tmp_path)])


def test_a_parameter_leads_nowhere_else_either(tmp_path: Path) -> None:
    with Workflow.load(document(), resources=[OutputFolder(tmp_path / "out")]) as workflow:
        for folder in ("/tmp", "../up"):
            with pytest.raises(InputError, match="a path inside the output folder"):
                workflow.run({"text": ["a"], "folder": folder})
