"""Shows the mistakes of a document the way a compiler does: where, the line itself, and what to do."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from cropflow.cli.terminal import console
from cropflow.errors import Position, Problem, WorkflowError

_WIDTH = 80
_LONGEST_LINE = 68
_INDENT = "    "


def print_problems(error: WorkflowError) -> None:
    """Print every mistake with its place and the line it stands in, and how many there are."""
    out = console()
    lines = cache(_lines)
    for problem in error.problems:
        out.print(Text("\n").join(_shown(problem, lines)), soft_wrap=True)
    count = len(error.problems)
    out.print(Text(f"refused: {count} mistake{'s' if count > 1 else ''}", "bold red"))


def _shown(problem: Problem, lines: object) -> list[Text]:
    head, *facts = str(problem).splitlines()
    where, message = _parted(head, problem)
    shown = [Text(where + " ", "bold") + Text(message, "red")]
    if cell_len(where) + cell_len(message) >= _WIDTH:
        shown = [Text(where, "bold"), *(Text(line, "red") for line in _wrapped(message))]
    excerpt = _excerpt(problem.position, lines(problem.position.file)) if problem.position else []  # type: ignore[operator]
    return [*shown, *excerpt, *(Text(line) for fact in facts for line in _wrapped(fact.strip()))]
