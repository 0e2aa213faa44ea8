"""A trace of a run in the format that Chrome and Perfetto open: what ran when, batch by batch.

The format is the array form of the Trace Event Format; a reader takes it without its end, so a run that is killed
leaves a trace too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TextIO

from cropflow.result import RunReport

_READ, _WRITE = "read", "write"


class Trace:
    """Writes a trace as the run goes on; the run begins when this is made.

    Args:
        path: the file; made, or replaced, with the first batch.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._began = self._after = time.perf_counter()
        self._threads: dict[int, int] = {}
        self._batches = 0

    def add(self, report: RunReport, rows: int) -> None:
        """Note a batch: reading it, every step, and writing what it gave, which ends now."""
        ended = time.perf_counter()
        batch = {"batch": self._batches, "rows": rows}
        self._batches += 1
        lane = self._lane(report.thread)
        self._slice(_READ, "cropflow", self._after, report.started - self._after, lane, batch)
        for step in report.steps:
            counts = {name: getattr(step, name) for name in ("elements", "skipped", "failed", "calls")}
            self._slice(step.step, step.block, step.started, step.seconds, self._lane(step.thread), {**batch, **counts})
        done = report.started + report.seconds
        self._slice(_WRITE, "cropflow", done, ended - done, lane, batch)
        self._after = ended

    def close(self) -> None:
        """End the file."""
        if self._file:
            self._file.write("\n]\n")
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lane(self, thread: int) -> int:
        if thread not in self._threads:
            lane = self._threads[thread] = len(self._threads)
            name = f"worker {lane}" if lane else "main"
            self._event({"name": "thread_name", "ph": "M", "pid": 0, "tid": lane, "args": {"name": name}})
        return self._threads[thread]

    def _slice(
        self, name: str, category: str, started: float, seconds: float, lane: int, facts: Mapping[str, Any]
    ) -> None:
        times = {"ts": round((started - self._began) * 1e6, 1), "dur": round(max(0.0, seconds) * 1e6, 1)}
        self._event({"name": name, "cat": category, "ph": "X", **times, "pid": 0, "tid": lane, "args": facts})

    def _event(self, event: Mapping[str, Any]) -> None:
        separator = ",\n"
        if self._file is None:
            self._file, separator = self._path.open("w", encoding="utf-8"), "[\n"
        self._file.write(separator + json.dumps(event, ensure_ascii=False))
