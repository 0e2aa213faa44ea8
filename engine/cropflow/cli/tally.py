"""Adds up what the batches of a run tell: steps, failures, and which classes were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cropflow.classification import Classification
from cropflow.cli.lines import error_facts, error_text
from cropflow.errors import RunError
from cropflow.kinds import is_detections
from cropflow.result import Result
from cropflow.runtime.step import StepReport

_KEPT_ERRORS = 100
_SUMMED = ("step", "block", "elements", "skipped", "failed", "calls", "seconds")


class Tally:
    """What a run came to so far; it stays small however long the run is.

    Attributes:
        rows: rows done.
        failed_rows: rows with an error.
        errors: errors in all.
        first_errors: the first hundred of them, in JSON form and as text.
        steps: one report per step, added up over the batches.
        classes: for each output, how often each class was found.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.failed_rows = 0
        self.errors = 0
        self.first_errors: list[tuple[dict[str, Any], str]] = []
        self.steps: dict[str, StepReport] = {}
        self.classes: dict[str, Counter[str]] = {}

    def add_row(self, row: Mapping[str, Any], errors: Sequence[RunError]) -> None:
        """Count a row with its own errors."""
        self.rows += 1
        self.failed_rows += bool(errors)
        for output, value in row.items():
            found = Counter(_classes(value))
            if found:
                self.classes.setdefault(output, Counter()).update(found)

    def add_errors(self, errors: Sequence[RunError], ids: Sequence[str]) -> None:
        """Count the errors of a batch, whose rows have these ids."""
        self.errors += len(errors)
        for error in errors[: _KEPT_ERRORS - len(self.first_errors)]:
            source = ids[error.row] if error.row is not None else ""
            self.first_errors.append((error_facts(error, source), error_text(error, source)))

    def add_stop(self, error: RunError, source: str) -> None:
        """Count the failure that ended the run; it has been told already."""
        self.errors += 1
        self.first_errors.append((error_facts(error, source), ""))

    def add_steps(self, result: Result) -> None:
        """Add the reports of a batch."""
        for step in result.report.steps:
            before = self.steps.get(step.step)
            self.steps[step.step] = _sum(before, step) if before else step

    def save(self) -> dict[str, Any]:
        """Return everything in a form that `load` reads."""
        return {**self.facts(), "texts": [text for _, text in self.first_errors]}

    @classmethod
    def load(cls, saved: Mapping[str, Any]) -> Tally:
        """Return the tally that was saved, to go on counting."""
        tally = cls()
        if saved:
            tally.rows, tally.failed_rows, tally.errors = saved["rows"], saved["rows_with_errors"], saved["errors"]
            tally.first_errors = list(zip(saved["first_errors"], saved["texts"], strict=True))
            tally.steps = {step["step"]: StepReport(**step) for step in saved["steps"]}
            tally.classes = {output: Counter(found) for output, found in saved["classes"].items()}
        return tally

    def facts(self) -> dict[str, Any]:
        """Return everything in JSON form."""
        return {
            "rows": self.rows,
            "rows_with_errors": self.failed_rows,
            "classes": {output: dict(found.most_common()) for output, found in self.classes.items()},
            "steps": [{name: getattr(step, name) for name in _SUMMED} for step in self.steps.values()],
            "errors": self.errors,
            "first_errors": [facts for facts, _ in self.first_errors],
        }


def _sum(one: StepReport, other: StepReport) -> StepReport:
    return replace(
        one,
        elements=one.elements + other.elements,
        skipped=one.skipped + other.skipped,
        failed=one.failed + other.failed,
        calls=one.calls + other.calls,
        seconds=one.seconds + other.seconds,
    )


def _classes(value: Any) -> Iterator[str]:
    """Give the class of every object and every picture in an output."""
    match value:
        case Classification():
            yield from [value.top] if value.top is not None else []
        case Mapping():
            for item in value.values():
                yield from _classes(item)
        case list() | tuple():
            for item in value:
                yield from _classes(item)
        case _ if is_detections(type(value)):
            yield from map(str, value.data.get("class_name", ()))
