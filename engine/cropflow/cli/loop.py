"""Takes the rows of a run through the workflow batch by batch; nothing is kept but sums."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from cropflow.cli.ahead import read_ahead
from cropflow.cli.inputs import Batch, Rows
from cropflow.cli.interrupt import Interrupt
from cropflow.cli.lines import error_text, make_line
from cropflow.cli.sinks import Sink
from cropflow.cli.tally import Tally
from cropflow.errors import RunError
from cropflow.result import Result
from cropflow.workflow import Workflow

OnError = Literal["raise", "skip"]
log = logging.getLogger("cropflow")


@dataclass(frozen=True, slots=True)
class Job:
    """All that one run needs.

    Attributes:
        settings: values of inputs that are the same for every row.
        batch_size: how many rows go through the workflow at once.
    """

    workflow: Workflow
    rows: Rows
    settings: Mapping[str, Any]
    batch_size: int
    on_error: OnError


class StoppedError(Exception):
    """A failure ended the run: the error, and the id of the row it belongs to (empty where it belongs to none)."""

    def __init__(self, error: RunError, source: str) -> None:
        super().__init__(error_text(error, source))
        self.error = error
        self.source = source


def run_batches(job: Job, sink: Sink, tally: Tally, interrupt: Interrupt) -> Iterator[int]:
    """Run all batches, or those before an interruption; yield the number of rows after each.

    Raises:
        InputError: the settings do not fit the workflow; nothing is written then.
        StoppedError: an element failed and `on_error` is `raise`, or no element could have succeeded; what came
            before is written.
    """
    for batch in read_ahead(job.rows.batches(job.batch_size)):
        if interrupt.asked:
            return
        result = _run(job, batch)
        _write(batch, result, sink, tally)
        _tell(batch, result)
        yield len(batch.ids)


def _run(job: Job, batch: Batch) -> Result:
    try:
        inputs = {**job.settings, **batch.videos, **batch.images}
        return job.workflow.run(inputs, on_error=job.on_error, allow_urls=job.rows.allow_urls)
    except RunError as error:
        raise StoppedError(error, batch.ids[error.row] if error.row is not None else "") from error


def _tell(batch: Batch, result: Result) -> None:
    """Tell a batch, and its failures with their causes, to those who asked for everything."""
    log.debug("%d pictures in %.2f s, from %s on", len(batch.ids), result.report.seconds, batch.ids[0])
    for error in result.errors:
        log.debug("%s", error_text(error, batch.ids[error.row] if error.row is not None else ""), exc_info=error)


def _write(batch: Batch, result: Result, sink: Sink, tally: Tally) -> None:
    rows = list(result) if len(result) == len(batch.ids) else list(result) * len(batch.ids)
    for number, (source, row) in enumerate(zip(batch.ids, rows, strict=True)):
        errors = [error for error in result.errors if error.row in (number, None)]
        sink.write(make_line(source, row, errors, partial(sink.show, source)))
        tally.add_row(source, row, errors)
    tally.add_errors(result.errors, batch.ids)
    tally.add_steps(result)
