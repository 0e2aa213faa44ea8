"""What sinks of records share: files that stay open, and the form in which values are written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator

from cropflow.block import Port
from cropflow.image import Image
from cropflow.resources import OutputFolder
from cropflow.serialize import to_json
from cropflow_blocks.sinks.template import check_path

File = Annotated[str, AfterValidator(check_path), Port("path inside the output folder")]


class RecordFiles:
    """Files in the output folder that records are appended to, opened when the first one comes.

    Args:
        output: the folder.
        begin: called once for each file with its path and the file when it is opened.
    """

    def __init__(self, output: OutputFolder, begin: Callable[[str, BinaryIO], None] | None = None) -> None:
        self._output = output
        self._begin = begin
        self._files: dict[str, BinaryIO] = {}

    def write(self, file: str, record: str) -> None:
        """Append a record, and hand it to the operating system before the next one comes."""
        opened = self.open(file)
        opened.write(encoded(record))
        opened.flush()

    def open(self, file: str) -> BinaryIO:
        """Return a file, opened where it was not yet."""
        if file in self._files:
            return self._files[file]
        opened = self._output.append(file)
        try:
            if self._begin is not None:
                self._begin(file, opened)
        except BaseException:
            opened.close()
            raise
        self._files[file] = opened
        return opened

    def end(self, file: str) -> None:
        """Close a file that no further record goes to."""
        self._files.pop(file).close()

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def encoded(text: str) -> bytes:
    """Return text in UTF-8; a lone surrogate, as in names of files that are not UTF-8, becomes its JSON escape."""
    return text.encode("utf-8", "backslashreplace")


def json_text(value: Any) -> str:
    """Return JSON on one line, with ids in the place of pictures."""
    return json.dumps(to_json(with_ids(value)), ensure_ascii=False, allow_nan=False)


def with_ids(value: Any) -> Any:
    """Put ids in the place of pictures, also inside lists and mappings."""
    match value:
        case Image():
            return value.id
        case Mapping():
            return {key: with_ids(item) for key, item in value.items()}
        case list() | tuple():
            return [with_ids(item) for item in value]
    return value
