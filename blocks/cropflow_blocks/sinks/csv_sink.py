"""Writes tables: one row for each element under the columns that the document names."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any, BinaryIO

from pydantic import Field

from cropflow.block import Block, Port
from cropflow.kinds import KINDS
from cropflow.resources import OutputFolder
from cropflow.serialize import to_json
from cropflow_blocks.sinks.records import File, RecordFiles, json_text, with_ids

_CHUNK = 2**20


class CsvSink(Block):
    """Append one row for each element to a table in the output folder (CSV, UTF-8, commas).

    The names of `columns` are the header, which is written once; every row has exactly these columns in this
    order. Text is written as it is, a missing value as an empty cell, a picture as its id, numbers and truth values as
    in JSON, and everything else (predictions, lists, mappings) as JSON text in the form existing clients read. What the
    file already holds is kept, if it has the same header; a row that an interrupted run left unfinished is ended
    first, so it costs no other row. `cropflow run --overwrite` begins the file anew.

    Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula. Text is not altered here, so open a
    table with text from outside (read signs, answers of language models) as text columns.

    Raises:
        ValueError: the file has other columns.
    """

    type = "csv_sink@v1"
    effects = True
    shares = "csv"

    def __init__(self, output: OutputFolder) -> None:
        self._files = RecordFiles(output, self._begin)
        self._headers: dict[str, list[str]] = {}

    def run(
        self,
        columns: Annotated[
            dict[str, Any],
            KINDS["dictionary"],
            Field(min_length=1),
            Port("the row: names of columns with selectors or values"),
        ],
        file: File = "records.csv",
    ) -> None:
        """Append."""
        names, row = list(columns), [_cell(value) for value in columns.values()]
        self._files.open(file)
        header = self._headers[file]
        if header and header != names:
            raise ValueError(_differs(file, header, names))
        self._files.write(file, _row(row) if header else _row(names) + _row(row))
        self._headers[file] = names

    def close(self) -> None:
        """Close the files."""
        self._files.close()
        self._headers.clear()

    def _begin(self, path: str, file: BinaryIO) -> None:
        """Note the header that a file has, empty where it has none yet."""
        _end_quotes(file)
        self._headers[path] = _header(file)


def _differs(file: str, found: Sequence[str], names: Sequence[str]) -> str:
    return (
        f"{file!r} has the columns {', '.join(map(repr, found))}, and this step writes {', '.join(map(repr, names))}; "
        "name another file, or begin this one anew (cropflow run --overwrite, or OutputFolder(..., fresh=True))"
    )


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # with another line terminator it would leave a lone \r without quotes
    return text.getvalue().removesuffix("\r\n") + "\n"


def _cell(value: Any) -> str:
    plain = to_json(with_ids(value))
    return plain if isinstance(plain, str) else "" if plain is None else json_text(plain)


def _header(file: BinaryIO) -> list[str]:
    """Return the first row of a file; empty where there is none."""
    file.seek(0)
    return next(csv.reader(codecs.iterdecode(file, "utf-8-sig", "replace")), [])


def _end_quotes(file: BinaryIO) -> None:
    """End a cell in quotes that an interrupted run left open: it would take all rows to come for its text.

    A quote within a cell is written twice, so their number is even in a file of whole rows.
    """
    file.seek(0)
    count = sum(part.count(b'"') for part in iter(partial(file.read, _CHUNK), b""))
    if count % 2:
        file.write(b'"\n')
