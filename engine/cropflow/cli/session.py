"""One run from its first batch to its summary: progress, interruption, report, exit code."""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cropflow.cli.exits import FAILED, FINE, INTERRUPTED
from cropflow.cli.interrupt import Interrupt
from cropflow.cli.loop import Job, StoppedError, run_batches
from cropflow.cli.sinks import RESULTS, Sink
from cropflow.cli.table import print_summary
from cropflow.cli.tally import Tally
from cropflow.cli.terminal import console, tell

log = logging.getLogger("cropflow")
_PACKAGES = ("cropflow", "numpy", "opencv-python-headless", "supervision", "ultralytics-opencv-headless", "torch")


def run_job(job: Job, sink: Sink, document: str, out: Path | None, *, quiet: bool) -> None:
    """Run a job, print its summary unless `quiet`, and end the process.

    Raises:
        typer.Exit: always; with the exit code.
        InputError: the settings do not fit the workflow.
    """
    tally = Tally()
    began, started = datetime.now(UTC), time.perf_counter()
    with contextlib.closing(sink):
        ended, code = _run(job, sink, tally, quiet)
        seconds = time.perf_counter() - started
        facts = {"workflow": document, "ended": ended, "started": began.isoformat(), "seconds": round(seconds, 3)}
        sink.report({**facts, "rows_in_all": len(job.rows.ids), **tally.facts(), "versions": _versions()})
    if not quiet:
        print_summary(tally, seconds, str(out / RESULTS) if out and tally.rows else None)
    raise typer.Exit(code)


def _run(job: Job, sink: Sink, tally: Tally, quiet: bool) -> tuple[str, int]:
    """Run all batches; return how the run ended and the exit code."""
    with Interrupt() as interrupt, _progress(quiet) as progress:
        bar = progress.add_task("", total=len(job.rows.ids))
        try:
            for count in run_batches(job, sink, tally, interrupt):
                progress.update(bar, advance=count, description=_told(tally))
        except StoppedError as stop:
            tally.add_stop(stop.error, stop.source)
            tell(f"stopped: {stop}", "red")
            return "stopped", FAILED
    if tally.rows < len(job.rows.ids):
        return "interrupted", INTERRUPTED
    return "finished", FAILED if tally.errors else FINE


def _progress(quiet: bool) -> Progress:
    """Make a progress bar; it shows on a terminal only, and where no messages run through it."""
    shown = console()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("pictures"), TimeRemainingColumn())
    failures = TextColumn("{task.description}", style="red")
    hidden = quiet or not shown.is_terminal or log.isEnabledFor(logging.DEBUG)
    return Progress(*columns, failures, console=shown, transient=True, disable=hidden)


def _told(tally: Tally) -> str:
    return f"{tally.failed_rows} with errors" if tally.failed_rows else ""


def _versions() -> dict[str, Any]:
    return {name: found for name in _PACKAGES if (found := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
