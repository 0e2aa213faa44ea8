"""From rows that were written down one by one to the files of a Parquet table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from cropflow_blocks.sinks.records import encoded, json_text
from cropflow_blocks.sinks.whole import whole

ROWS = "_rows.jsonl"
"""What stands beside the files of a table: its rows. Readers of such folders pass over names with `_`."""

Type = Literal["bool", "int64", "double", "string", "json"]
_INT64 = 2**63


def write_table(rows: Path, most: int) -> None:
    """Write all files of a table anew from its rows, each whole or not at all.

    Args:
        rows: JSON Lines, one mapping for each row, in the folder of the table.
        most: rows of one file.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types = column_types(read_rows(rows))
    schema = pa.schema(
        [(name, pa.type_for_alias("string" if type == "json" else type)) for name, type in types.items()]
    )
    lines, number = read_rows(rows), 0
    while part := list(islice(lines, most)):
        table = {name: [_cell(row.get(name), type) for row in part] for name, type in types.items()}
        with whole(_part(rows, number)) as path:
            parquet.write_table(pa.table(table, schema=schema), path, compression="zstd")
        number += 1
    while (left := _part(rows, number)).exists():  # of an earlier run that had more
        left.unlink()
        number += 1


def read_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """Give the rows of a file; what an interrupted run left of a line is passed over."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def column_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, Type]:
    """Return the type of each column that holds all of its values, in the order of first appearance.

    >>> column_types([{"a": 1, "b": "x"}, {"a": 0.5, "b": [1], "c": None}])
    {'a': 'double', 'b': 'json', 'c': 'string'}
    """
    found: dict[str, set[Type]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, set()).update(() if value is None else (_type(value),))
    return {name: _common(types) for name, types in found.items()}


def _type(value: Any) -> Type:
    match value:
        case bool():
            return "bool"
        case int():
            return "int64" if -_INT64 <= value < _INT64 else "json"
        case float():
            return "double"
        case str():
            return "string"
    return "json"


def _common(types: set[Type]) -> Type:
    if types == {"int64", "double"}:
        return "double"
    return next(iter(types), "string") if len(types) <= 1 else "json"


def _cell(value: Any, type: Type) -> Any:
    """Return a value in the type of its column; what is no Unicode, as in names of files, is escaped."""
    if value is None:
        return None
    cell = json_text(value) if type == "json" else float(value) if type == "double" else value
    return encoded(cell).decode() if isinstance(cell, str) else cell


def _part(rows: Path, number: int) -> Path:
    return rows.with_name(f"part-{number:05}.parquet")
