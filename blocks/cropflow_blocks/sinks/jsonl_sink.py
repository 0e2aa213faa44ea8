"""Writes records: one line of JSON for each element, ready for pandas, jq or a database."""

from __future__ import annotations

from typing import Annotated, Any

from cropflow.block import Block, Port
from cropflow.kinds import KINDS
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.records import File, RecordFiles, json_text


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
        self._files = RecordFiles(output)

    def run(
        self,
        data: Annotated[dict[str, Any], KINDS["dictionary"], Port("the record: names with selectors or values")],
        file: File = "records.jsonl",
    ) -> None:
        """Append."""
        self._files.write(file, json_text(data) + "\n")

    def close(self) -> None:
        """Close the files."""
        self._files.close()
