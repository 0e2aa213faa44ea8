"""The summary at the end of a run, for people: what each step did, what was found, what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.table import Table
from rich.text import Text

from cropflow.cli.tally import Tally
from cropflow.cli.terminal import console, tell
from cropflow.runtime.step import StepReport

_SHOWN_CLASSES = 20
_SHOWN_ERRORS = 10


def print_summary(tally: Tally, seconds: float, results: str | None) -> None:
    """Print the tables to stderr; `results` is the file that was written."""
    out = console()
    if tally.steps:
        out.print(_steps(tally.steps.values()))
    if tally.classes:
        out.print(_classes(tally.classes))
    _print_errors(tally)
    done = f"{tally.rows} {'picture' if tally.rows == 1 else 'pictures'} in {seconds:.1f} s"
    failed = f", {tally.failed_rows} with errors" if tally.failed_rows else ""
    tell(done + failed + (f"; see {results}" if results else ""), "bold")


def _steps(steps: Iterable[StepReport]) -> Table:
    table = _table("step", "elements", "skipped", "failed", "seconds")
    for step in steps:
        failed = Text(str(step.failed), "red" if step.failed else "")
        table.add_row(Text(step.step), str(step.elements), str(step.skipped), failed, f"{step.seconds:.2f}")
    return table


def _classes(classes: Mapping[str, Counter[str]]) -> Table:
    """How often each class was found, a column for each output; most frequent first."""
    together = sum(classes.values(), Counter[str]())
    table = _table("class", *classes)
    for name, _ in together.most_common(_SHOWN_CLASSES):
        table.add_row(Text(name), *(str(found[name]) for found in classes.values()))
    if len(together) > _SHOWN_CLASSES:
        table.add_row(f"and {len(together) - _SHOWN_CLASSES} more classes")
    return table


def _table(*names: str) -> Table:
    """Make a table without lines whose first column holds text and whose others hold numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    return table


def _print_errors(tally: Tally) -> None:
    for text in filter(None, [text for _, text in tally.first_errors[:_SHOWN_ERRORS]]):
        tell(text, "red")
    if tally.errors > _SHOWN_ERRORS:
        tell(f"and {tally.errors - _SHOWN_ERRORS} more errors", "red")
