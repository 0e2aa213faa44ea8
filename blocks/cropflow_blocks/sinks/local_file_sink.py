"""Saves text that other steps made: a file for each, or one log that is begun anew when it is full."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from cropflow.block import Block, Port
from cropflow.names import safe_path
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.records import RecordFiles, encoded
from cropflow_blocks.sinks.template import check_folder


def check_count(text: str) -> str:
    """Return a count that is written as text as it is; ValueError where it is no whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("a whole number, at least 1")
    return text


Folder = Annotated[str, AfterValidator(check_folder), Port("folder inside the output folder; empty for that itself")]
Count = Annotated[
    Annotated[int, Field(ge=1)] | Annotated[str, AfterValidator(check_count)],
    Port("entries of a log before the next file is begun"),
]


@dataclass(slots=True)
class _Log:
    """The file that entries go to now, the header it has if it is a table, and how many entries it holds."""

    path: str
    header: list[str]
    entries: int = 0


class LocalFileSink(Block):
    """Save text in the output folder, each in a file of its own or all in a log.

    Names are `PREFIX_YEAR_MONTH_DAY_HOUR_MINUTE_SECOND_MICROSECOND`, in local time, with the type as extension. A log
    begins a new file after `max_entries_per_file` entries and in every run. What a log of `csv` is given are whole
    tables: the header is kept once, and a table with another header begins a new file. A log of `json` is JSON
    Lines (`.jsonl`): every entry becomes one line, and one that is no JSON is not written. Text without a line break
    at its end gets one.

    Nothing is written outside of the output folder: `target_directory` is a path in it, and absolute paths and `..`
    are refused. Failures do not stop the run; they are told by `error_status` and `message`.
    """

    type = "local_file_sink@v1"
    aliases = ("roboflow_core/local_file_sink@v1",)
    effects = True

    class Output(NamedTuple):
        """How it went."""

        error_status: Annotated[bool, Port("whether the text could not be saved")]
        message: Annotated[str, Port("what was done, or what went wrong")]

    def __init__(self, output: OutputFolder) -> None:
        self._output = output
        self._files = RecordFiles(output)
        self._logs: dict[str, _Log] = {}

    def run(
        self,
        content: Annotated[str, Port("the text to save")],
        output_mode: Annotated[Literal["append_log", "separate_files"], Port("all texts in a log, or a file for each")],
        target_directory: Folder,
        file_type: Annotated[Literal["csv", "json", "txt"], Port("what the text is")] = "csv",
        file_name_prefix: Annotated[str, Port("what names of files begin with")] = "workflow_output",
        max_entries_per_file: Count = 1024,
    ) -> Output:
        """Save."""
        stem = "/".join(filter(None, [target_directory, safe_path(file_name_prefix) or "_"]))
        try:
            if output_mode == "separate_files":
                self._output.write(_named(stem, file_type), encoded(_ended(content)))
            else:
                self._append(stem, file_type, content, int(max_entries_per_file))
        except (OSError, ValueError) as error:
            return self.Output(True, f"nothing was saved: {error}")
        return self.Output(False, "Data saved successfully")

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        self._logs.clear()

    def _append(self, stem: str, file_type: str, content: str, most: int) -> None:
        header, entry = _SPLIT[file_type](content)
        key = f"{stem}.{file_type}"
        log = self._logs.get(key)
        if log is None or log.entries >= most or log.header != header:
            log = self._begin(key, stem, file_type, header)
            entry = content if header else entry
        self._files.write(log.path, _ended(entry))
        log.entries += 1

    def _begin(self, key: str, stem: str, file_type: str, header: list[str]) -> _Log:
        if key in self._logs:
            self._files.end(self._logs[key].path)
        path = self._output.write(_named(stem, "jsonl" if file_type == "json" else file_type), b"")
        self._logs[key] = _Log(path, header)
        return self._logs[key]


def _named(stem: str, ext: str) -> str:
    return f"{stem}_{datetime.now():%Y_%m_%d_%H_%M_%S_%f}.{ext}"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _table(text: str) -> tuple[list[str], str]:
    """Split a table into its header and the text of its other rows."""
    lines = io.StringIO(text, newline="")
    return next(csv.reader(lines), []), lines.read()


def _json_line(text: str) -> tuple[list[str], str]:
    try:
        return [], json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"the content is no JSON: {error}") from error


_SPLIT: Mapping[str, Callable[[str], tuple[list[str], str]]] = {
    "csv": _table,
    "json": _json_line,
    "txt": lambda text: ([], text),
}
"""How a text becomes an entry of a log: the header it must agree with, and what is appended."""
