"""Takes the rows of a run through the workflow batch by batch; nothing is kept but sums."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from cropflow.cli.lines import error_facts, error_text, images_of, make_line
from cropflow.cli.sinks import Sink
from cropflow.cli.tally import Tally
from cropflow.errors import RunError
from cropflow.streaming import Done, Streaming

log = logging.getLogger("cropflow")


class StoppedError(Exception):
    """A failure ended the run: the error, and the id of the row it belongs to (empty where it belongs to none)."""

    def __init__(self, error: RunError, source: str) -> None:
        super().__init__(error_text(error, source))
        self.error = error
        self.source = source


def run_batches(running: Streaming, sink: Sink, tally: Tally) -> Iterator[Done]:
    """Run all batches, or those before the running is stopped; yield each when it is written.

    Raises:
        InputError: the settings do not fit the workflow; nothing is written then.
        StoppedError: an element failed and `on_error` is `raise`, or no element could have succeeded; what came
            before is written.
    """
    try:
        for done in running.batches():
            _write(done, sink, tally)
            _tell(done)
            yield done
    except RunError as error:
        ids = [row.id for row in running.present.rows]
        raise StoppedError(error, ids[error.row] if error.row is not None else "") from error


def _tell(done: Done) -> None:
    """Tell a batch, and its failures with their causes, to those who asked for everything."""
    ids = [row.id for row in done.batch.rows]
    log.debug("%d pictures in %.2f s, from %s on", len(ids), done.result.report.seconds, ids[0])
    for error in done.result.errors:
        log.debug("%s", error_text(error, ids[error.row] if error.row is not None else ""), exc_info=error)


def _write(done: Done, sink: Sink, tally: Tally) -> None:
    rows = [*done.rows()]
    sink.expect(images_of([outputs for _, outputs, _ in rows]))
    for row, outputs, errors in rows:
        sink.write(make_line(row, outputs, errors, partial(sink.show, row)))
        tally.add_row(outputs, errors)
    ids = [row.id for row in done.batch.rows]
    for error in done.result.errors:
        source = ids[error.row] if error.row is not None else ""
        sink.fail({"source": source, **error_facts(error, source)})
    tally.add_errors(done.result.errors, ids)
    tally.add_steps(done.result)
