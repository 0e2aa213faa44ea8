"""One run from its first batch to its summary: progress, interruption, report, exit code."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cropflow.cli.exits import FAILED, FINE, INTERRUPTED
from cropflow.cli.interrupt import Interrupt
from cropflow.cli.journal import Journal, State
from cropflow.cli.loop import StoppedError, run_batches
from cropflow.cli.sinks import PAGE, REPORT, RESULTS, Sink
from cropflow.cli.table import print_summary
from cropflow.cli.tally import Tally
from cropflow.cli.terminal import console, tell
from cropflow.draw import svg
from cropflow.errors import InputError
from cropflow.report import Gallery, Trace, page, step_notes
from cropflow.streaming import Done, Streaming

log = logging.getLogger("cropflow")
_PACKAGES = ("cropflow", "numpy", "opencv-python-headless", "supervision", "ultralytics-opencv-headless", "torch")


@dataclass
class Session:
    """All that one run of the command needs.

    Attributes:
        document: the file of the workflow.
        out: the output folder; `None` where results go to stdout.
        journal: notes how far it is, where there is an output folder.
        state: where an earlier run stopped that this one resumes.
        quiet: whether to leave out progress and summary.
        show: given the report in JSON form, where somebody asked for it.
        gallery: collects pictures for the page, where somebody asked for it.
        trace: notes when everything ran, likewise.
    """

    running: Streaming
    sink: Sink
    document: str
    out: Path | None = None
    journal: Journal | None = None
    state: State | None = None
    quiet: bool = False
    show: Callable[[str], object] | None = None
    gallery: Gallery | None = None
    trace: Trace | None = None
    _started: float = field(default_factory=time.perf_counter)

    def run(self) -> None:
        """Run, print the summary unless `quiet`, and end the process.

        Raises:
            typer.Exit: always; with the exit code.
            InputError: the settings do not fit the workflow.
        """
        began = datetime.now(UTC)
        tally = Tally.load(self.state.tally if self.state else {})
        if self.journal and self.state is None:
            self.journal.begin()
        with contextlib.closing(self.sink):
            ended, code, total = self._run(tally)
            facts = {
                "workflow": self.document,
                "ended": ended,
                "started": began.isoformat(),
                "seconds": round(self._seconds, 3),
                "rows_in_all": total,
                **tally.facts(),
                "dropped": self.running.dropped,
                "versions": _versions(),
            }
            self.sink.report(REPORT, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
            if self.gallery:
                drawing = svg(self.running.workflow.plan, step_notes(facts["steps"]))
                self.sink.report(PAGE, page(facts, drawing, self.gallery.shown))
        if self.show:
            self.show(json.dumps(facts, ensure_ascii=False) + "\n")
        if not self.quiet:
            self._print(tally, ended)
        raise typer.Exit(code)

    def _run(self, tally: Tally) -> tuple[str, int, int | None]:
        """Run all batches; return how the run ended, the exit code, and how many rows there are in all."""
        failed = FAILED if tally.errors else FINE
        if self.state and self.state.finished:
            return "finished", failed, tally.rows
        total = self.running.source.count()
        with Interrupt(self.running.stop) as interrupt, _progress(self.quiet) as progress, self.running:
            bar = progress.add_task("", total=total, completed=tally.rows, rate="")
            try:
                for done in run_batches(self.running, self.sink, tally):
                    self._note(done, tally)
                    progress.update(bar, completed=tally.rows, description=_told(tally), rate=self._rate(tally))
            except InputError:
                if self.journal and not tally.rows:
                    self.journal.discard()
                raise
            except StoppedError as stop:
                tally.add_stop(stop.error, stop.source)
                tell(f"stopped: {stop}", "red")
                return "stopped", FAILED, total
        if interrupt.asked:
            return "interrupted", INTERRUPTED, total
        self.running.workflow.close()  # whatever blocks still hold is written before the run counts as finished
        if self.journal:
            self.journal.finish(tally.save(), self._seconds, self.sink.sizes())
        return "finished", FAILED if tally.errors else FINE, tally.rows

    def _note(self, done: Done, tally: Tally) -> None:
        if self.gallery:
            for row, outputs, _ in done.rows():
                self.gallery.add(row.images, outputs)
        if self.journal:
            self.journal.note(done.batch, tally.save(), self._seconds, self.sink.sizes())
        if self.trace:
            self.trace.add(done.result.report, len(done.batch.rows))

    def _print(self, tally: Tally, ended: str) -> None:
        print_summary(tally, self._seconds, str(self.out / RESULTS) if self.out and tally.rows else None)
        for camera, count in self.running.dropped.items():
            if count:
                tell(f"{camera}: {count} frames passed over for newer ones; --frames every keeps them all")
        if self.state and self.state.finished:
            tell("nothing was left to do: the run in this folder had finished")
        elif self.journal and ended == "interrupted" and not self.running.source.live:
            tell("go on with the same command and --resume")

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._started + (self.state.seconds if self.state else 0.0)

    def _rate(self, tally: Tally) -> str:
        before = self.state.tally["rows"] if self.state and self.state.tally else 0
        return f"{(tally.rows - before) / (time.perf_counter() - self._started):.1f}/s"


def _progress(quiet: bool) -> Progress:
    """Make a progress bar; it shows on a terminal only, and where no messages run through it."""
    shown = console()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pictures"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", style="red"),
    )
    hidden = quiet or not shown.is_terminal or log.isEnabledFor(logging.DEBUG)
    return Progress(*columns, console=shown, transient=True, disable=hidden)


def _told(tally: Tally) -> str:
    return f"{tally.failed_rows} with errors" if tally.failed_rows else ""


def _versions() -> dict[str, Any]:
    return {name: found for name in _PACKAGES if (found := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
