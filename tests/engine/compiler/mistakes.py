"""What is told about a mistake, as data."""

from __future__ import annotations

from dataclasses import dataclass

from .documents import IMAGE, document


@dataclass(frozen=True)
class Mistake:
    """A document with one mistake, and all that is to be told about it."""

    name: str
    steps: tuple[str, ...]
    code: str
    message: str
    path: tuple[str | int, ...]
    at: str
    """Text of the YAML document at the position."""
    step: str | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None
    inputs: tuple[str, ...] = (IMAGE,)
    outputs: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return document(self.steps, self.inputs, self.outputs)
