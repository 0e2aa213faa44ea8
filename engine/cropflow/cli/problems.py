"""Shows the mistakes of a document the way a compiler does: where, the line itself, and what to do."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text

from cropflow.cli.terminal import console
from cropflow.errors import Position, Problem, WorkflowError

_WIDTH = 80
_LONGEST_EXCERPT = 72


def print_problems(error: WorkflowError) -> None:
    """Print every mistake to stderr with its place and the line it stands in, and how many there are."""
    out = console()
    for problem in error.problems:
        for line in _shown(problem):
            out.print(line, soft_wrap=True)
    count = len(error.problems)
    out.print(Text(f"refused: {count} mistake{'s' if count > 1 else ''}", "bold red"))


def _shown(problem: Problem) -> list[Text]:
    head, *rest = str(problem).removeprefix("<document>: ").splitlines()
    first, *more = _wrapped(head)
    title = Text(first)
    title.stylize("bold", 0, len(str(problem.position)) + 1 if problem.position else 0)
    excerpt = _excerpt(problem.position) if problem.position else []
    return [title, *map(Text, more), *excerpt, *(Text(part) for line in rest for part in _wrapped(line))]


def _wrapped(line: str) -> list[str]:
    """Break a line at 80 columns, but never within a path or a name; what follows is indented."""
    indent = line[: len(line) - len(line.lstrip())] + "    "
    return textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _excerpt(position: Position) -> list[Text]:
    """Return the line of the document with a caret under the place; nothing where it cannot be read."""
    line = _line(position)
    if not line.strip():
        return []
    start, end = _window(line, position.column - 1)
    shown = line[start:end].replace("\t", " ")
    margin = f"{position.line:>5} | "
    before = cell_len(margin) + cell_len(shown[: position.column - 1 - start])
    return [Text(margin, "dim") + Text(shown, "not dim"), Text(" " * before + "^", "bold red")]


def _line(position: Position) -> str:
    try:
        text = Path(position.file or "").read_text(encoding="utf-8-sig")
    except (OSError, ValueError):  # the document is no file, or not UTF-8, which is what the mistake says
        return ""
    lines = text.splitlines()
    return lines[position.line - 1] if position.line <= len(lines) else ""


def _window(line: str, place: int) -> tuple[int, int]:
    """Return which part of a long line to show, such as one of a document without line breaks."""
    start = 0 if len(line) <= _LONGEST_EXCERPT else max(place - _LONGEST_EXCERPT // 2, 0)
    return start, start + _LONGEST_EXCERPT
