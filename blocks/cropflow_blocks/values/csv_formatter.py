"""Writes a batch as one CSV text, for sinks that store or send text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any, NamedTuple

from cropflow.block import Batch, Block, Port, Setting
from cropflow.kinds import Kind
from cropflow.serialize import to_json
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on

_STAMP = "timestamp"
NO_CHAINS: Chains = {}


class CsvFormatter(Block):
    """Write one CSV text with a header and a row for each element of the batch.

    As existing documents expect, the text belongs to the last element of the batch, is missing at the others, and
    has a last column `timestamp` with the moment in UTC, unless a column of that name is given. Lists, mappings and
    predictions are written as JSON.
    """

    type = "csv_formatter@v1"
    aliases = ("roboflow_core/csv_formatter@v1",)
    whole = True

    class Output(NamedTuple):
        """The text, at the last element."""

        csv_content: Annotated[str | None, Port("header and rows; missing at all elements but the last")]

    now: Callable[[], datetime] = staticmethod(lambda: datetime.now(timezone.utc))  # noqa: UP017
    """The clock; tests put another one in its place."""

    @staticmethod
    def infer(columns_data: Mapping[str, tuple[Kind, ...]], columns_operations: Chains) -> dict[str, tuple[Kind, ...]]:
        """Check the operations; the kind of the output is always the same."""
        check_chains(columns_data, columns_operations, "columns_operations")
        return {}

    def run(
        self,
        columns_data: Annotated[dict[str, Batch[Any]], Port("the columns: names with selectors or values")],
        columns_operations: Annotated[
            Setting[Chains], Port("operations on the values of a column, by its name")
        ] = NO_CHAINS,
    ) -> Batch[Output]:
        """Write."""
        names = list(columns_data)
        rows = [dict(zip(names, values, strict=True)) for values in zip(*columns_data.values(), strict=True)]
        written = [{_STAMP: self.now().isoformat(), **worked_on(row, columns_operations)} for row in rows]
        header = [*names, *([] if _STAMP in names else [_STAMP])]
        return [self.Output(None) for _ in rows[1:]] + [self.Output(_csv(header, written))]


def _csv(header: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(row[name]) for name in header] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    plain = to_json(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list | dict) else plain
