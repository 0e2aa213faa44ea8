"""Text for people on stdout, such as an explanation or a catalogue: aligned, and never wider than 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import typer
from rich.cells import cell_len

WIDTH = 80
_HARD_SPACE = "\u00a0"


def heading(text: str) -> str:
    """Return text that is bold on a terminal."""
    return typer.style(text, bold=True)


def unbroken(text: str) -> str:
    """Return text that stays in one line where a paragraph or a column is wrapped."""
    return text.replace(" ", _HARD_SPACE)


def paragraph(text: str, indent: int = 0, hanging: int = 0) -> list[str]:
    """Break text into lines; those after the first are indented by `hanging` more. Words are never broken."""
    return _wrapped(text, WIDTH, " " * indent, " " * (indent + hanging))


def table(rows: Iterable[Sequence[str]], indent: int = 0) -> list[str]:
    """Return rows with aligned columns, two spaces apart; the last column is wrapped, and what is wrapped indented."""
    rows = list(rows)
    widths = [max(map(cell_len, column)) + 2 for column in zip(*(row[:-1] for row in rows), strict=True)]
    lines: list[str] = []
    for *cells, last in rows:
        before = " " * indent + "".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
        )
        inside, *more = _column(last, len(before))
        lines += [(before + inside).rstrip(), *(" " * (indent + sum(widths)) + line for line in more)]
    return lines


def _column(text: str, start: int) -> list[str]:
    """Break the text of a column that begins at `start`; where little room is left, lines may become longer."""
    width = max(WIDTH - start, 24)
    return [line for part in text.split("\n") for line in _wrapped(part, width, rest="  ")] or [""]


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_HARD_SPACE, " ") for line in lines]
