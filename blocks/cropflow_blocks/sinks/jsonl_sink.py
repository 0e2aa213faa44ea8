"""Writes records: one line of JSON for each element, ready for pandas, jq or a database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow.resources import OutputFolder
from cropflow.serialize import to_json
from cropflow_blocks.sinks.template import check_path

File = Annotated[str, AfterValidator(check_path), Port("path inside the output folder")]


class JsonlSink(Block):
    """Append one line of JSON for each element to a file in the output folder (JSON Lines, UTF-8).

    Predictions have the form existing clients read, in the coordinates of the picture they were made on. A
    picture is written as its id, which joins it with the predictions made on it. Lines have the
    order of the elements, and each is handed to the operating system before the next element, so it survives a
    crash of this program, though not one of the machine. What the file already holds is kept; `cropflow run
    --overwrite` begins it anew.
    """

    type = "jsonl_sink@v1"
    effects = True
    shares = "jsonl"

    def __init__(self, output: OutputFolder) -> None:
        self._output = output
        self._files: dict[str, BinaryIO] = {}

    def run(
        self,
        data: Annotated[dict[str, Any], KINDS["dictionary"], Port("the record: names with selectors or values")],
        file: File = "records.jsonl",
    ) -> None:
        """Append."""
        if file not in self._files:
            self._files[file] = self._output.append(file)
        self._files[file].write(_line(data))
        self._files[file].flush()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def _line(data: Mapping[str, Any]) -> bytes:
    text = json.dumps(to_json(_with_ids(data)), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"  # a lone surrogate becomes its JSON escape


def _with_ids(value: Any) -> Any:
    """Put ids in the place of pictures, also inside lists and mappings."""
    match value:
        case Image():
            return value.id
        case Mapping():
            return {key: _with_ids(item) for key, item in value.items()}
        case list() | tuple():
            return [_with_ids(item) for item in value]
    return value
