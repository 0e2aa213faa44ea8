"""Writes tables for pandas, DuckDB and Spark: one row for each element, in Parquet files of a folder."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from cropflow.block import Block, Port
from cropflow.kinds import KINDS
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.extras import require
from cropflow_blocks.sinks.parquet_table import ROWS, write_table
from cropflow_blocks.sinks.records import RecordFiles, json_text
from cropflow_blocks.sinks.template import check_path


def check_table(path: str) -> str:
    """Return the path of a table; ValueError where it has another extension, or leads out of the folder."""
    if not path.endswith(".parquet"):
        raise ValueError("a path that ends in .parquet, of a folder with the files of the table")
    return check_path(path)


class ParquetSink(Block):
    """Append one row for each element to a table in the output folder (Parquet, Zstandard).

    The table is a folder of files, `records.parquet/part-00000.parquet` and so on, which pandas, PyArrow and Spark
    read as one (DuckDB and Polars as `records.parquet/*.parquet`). Numbers, truth values and text keep their types: a
    column is `int64`, `double`, `bool` or `string`. Predictions, lists and mappings are JSON text in the form existing
    clients read, and so is everything in a column whose rows differ in type; a picture is its id. A column that a row
    does not name is empty there.

    Types are known when all rows are, so the files are made when the workflow is closed. Until then rows are kept as
    JSON Lines in `_rows.jsonl` in the same folder, each handed to the operating system before the next element: a run
    that was killed and resumed gives the files of one that was not. `_rows.jsonl` stays, since a later run into
    the same folder goes on below; readers pass over it. It may be removed when no run is to follow. To read a table
    while it grows, take `jsonl_sink`. Needs the extra `parquet`.
    """

    type = "parquet_sink@v1"
    effects = True
    shares = "parquet"

    def __init__(self, output: OutputFolder) -> None:
        self._output = output
        self._files = RecordFiles(output)
        self._tables: dict[str, int] = {}

    def ready(self) -> None:
        """Look for what writes Parquet."""
        require("pyarrow", "parquet", "parquet_sink")

    def run(
        self,
        data: Annotated[
            dict[str, Any],
            KINDS["dictionary"],
            Field(min_length=1),
            Port("the row: names of columns with selectors or values"),
        ],
        file: Annotated[
            str, AfterValidator(check_table), Port("path of the table inside the output folder; ends in .parquet")
        ] = "records.parquet",
        rows_per_file: Annotated[Annotated[int, Field(ge=1)], Port("the most rows of one file of the table")] = 100_000,
    ) -> None:
        """Append."""
        self._files.write(f"{file}/{ROWS}", json_text(data) + "\n")
        self._tables[file] = rows_per_file

    def close(self) -> None:
        """Make the files of the tables."""
        self._files.close()
        while self._tables:
            table, most = self._tables.popitem()
            write_table(self._output.file(f"{table}/{ROWS}"), most)
