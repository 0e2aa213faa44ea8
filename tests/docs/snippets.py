"""Reads the fenced blocks of a page, and compares what a command printed with what the page shows.

A comment on the line before a block says more about it, such as `<!-- output -->`; `Snippet` lists what there is.
In shown output `…` stands for anything, and decimal numbers may differ a little from machine to machine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"(?:^<!-- (?P<marks>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_MARKS = re.compile(r"output|serve|client|flow|n8n|times differ|drawing|deployed|refused|exit \d+|file \S+|part of \S+")
_FLOAT = r"-?\d+\.\d+(?:e-?\d+)?"
_TOLERANCE = 0.03


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block.

    Attributes:
        page: the page it stands on.
        line: where its text begins, counted from 1.
        language: what follows the fence.
        text: what is inside.
        marks: what the comment before it says: `output` (what the block before prints), `times differ` (so decimal
            numbers are not compared), `drawing` (nothing to run), `deployed` (run by `test_deployment`),
            `file NAME` (written before it is run),
            `part of NAME` (all of it stands in that document), `serve` (a server that runs to the end of the page),
            `client` (Python for the environment of the existing client), `flow` (of Node-RED),
            `n8n` (a workflow of it), `refused` (the document has mistakes), `exit 1` (how the command ends).
    """

    page: Path
    line: int
    language: str
    text: str
    marks: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    def mark(self, name: str) -> str | None:
        """Return what follows the name of a mark, which may be nothing; `None` where the mark is not there."""
        return next((mark.removeprefix(name).strip() for mark in self.marks if mark.startswith(name)), None)


def read_snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    found = [_read(page, text, match) for match in _FENCE.finditer(text)]
    assert len(found) == text.count("\n```") // 2, f"{page.name}: a fence is not closed, or is indented"
    return found


def _read(page: Path, text: str, match: re.Match[str]) -> Snippet:
    marks = tuple(mark.strip() for mark in (match["marks"] or "").split(",") if mark.strip())
    line = text.count("\n", 0, match.start("text")) + 1
    unknown = [mark for mark in marks if not _MARKS.fullmatch(mark)]
    assert not unknown, f"{page.name}:{line}: unknown marks {unknown}"
    return Snippet(page, line, match["language"], match["text"], marks)


def same_output(snippet: Snippet, printed: str) -> bool:
    """Whether a command printed what a page shows; JSON may be broken into lines."""
    texts = [snippet.text.strip(), printed.strip()]
    if snippet.language == "json":
        texts = [" ".join(text.split()) for text in texts]
    pattern, numbers = _pattern(texts[0])
    match = re.fullmatch(pattern, texts[1])
    if match is None or snippet.mark("times differ") is not None:
        return match is not None
    pairs = zip(numbers, map(float, match.groups()), strict=True)
    return all(math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) for one, other in pairs)


def _pattern(shown: str) -> tuple[str, list[float]]:
    """Return a pattern for the output, and the decimal numbers that its groups catch."""
    pattern, numbers = "", []
    for part in re.split(rf"({_FLOAT}|…| +|\n)", shown):
        if re.fullmatch(_FLOAT, part):
            numbers.append(float(part))
        pattern += _part_pattern(part)
    return pattern, numbers


def _part_pattern(part: str) -> str:
    if re.fullmatch(_FLOAT, part):
        return f"({_FLOAT})"
    return {"…": r"[\s\S]*?", "\n": r" *\n"}.get(part, " +" if part.isspace() else re.escape(part))
