"""What a run gives back: a list of dictionaries that also knows what failed and what it took."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from cropflow.errors import RunError
from cropflow.frame import to_frame
from cropflow.notebook import html
from cropflow.runtime.step import StepReport
from cropflow.serialize import to_json

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run took.

    Attributes:
        steps: one report per step, in the order they were planned.
        seconds: wall-clock time of it all.
        started: when it began, in seconds as `time.perf_counter` gives them.
        thread: number of the thread it ran in.
    """

    steps: tuple[StepReport, ...]
    seconds: float
    started: float = 0.0
    thread: int = 0


class Result(Sequence[dict[str, Any]]):
    """One dictionary per element of the input batch, with the outputs of the document as keys.

    Args:
        depths: for each output that holds several values per element, how many levels deep they lie; the boxes of a
            prediction are a level. What is not named is found out from the values, if there are any.

    Attributes:
        errors: what failed; empty unless the run was told to skip failures. Tells a failed element from a gated one.
        report: elements, calls and time of every step.

    >>> result = Result([{"count": 2}], (), RunReport((), 0.0))
    >>> result[0]["count"], len(result), result.to_json()
    (2, 1, '[{"count": 2}]')
    """

    def __init__(
        self,
        rows: list[dict[str, Any]],
        errors: tuple[RunError, ...],
        report: RunReport,
        depths: Mapping[str, int] | None = None,
    ) -> None:
        self._rows = rows
        self._depths = depths or {}
        self.errors = errors
        self.report = report

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, str):
            raise TypeError(f"a result has one dictionary for each picture: write result[0][{index!r}]")
        return self._rows[index]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        outputs = ", ".join(self._rows[0]) if self._rows else ""
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<Result of {len(self)} with {outputs or 'no outputs'}{failed}>"

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the rows in JSON form: predictions as existing clients read them, pictures as base64."""
        return [to_json(row) for row in self._rows]

    def to_pandas(self, output: str | None = None) -> pd.DataFrame:
        """Return one output as a table: one row for each box, classification, picture or value.

        Columns `row` (which element of the batch) and, for crops, `index` (which crop; `index_2` one level deeper) tell
        where something belongs; the others are the fields of the JSON form that are single values, or `value`. A
        single value that is missing has a row without values. Of boxes and lists there is a row for each member, so
        none for a picture without any, nor for one that failed; `.errors` tells these apart.

            result.to_pandas("named").groupby("class").size()

        Args:
            output: its name; may be left out where there is only one.

        Raises:
            ValueError: there is no such output, or there are several to choose from.
            ImportError: pandas is not installed.
        """
        return to_frame(self._rows, output, self._depths)

    def _repr_html_(self) -> str:
        """Show the result as a table where a notebook displays it."""
        return html(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the rows as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)
