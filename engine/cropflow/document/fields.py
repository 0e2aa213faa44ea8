"""The fields of one mapping in a document, read one by one, with mistakes told the same way everywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Container, Mapping
from dataclasses import dataclass

from cropflow.document.text import Path, Report
from cropflow.errors import Problem, nearest

log = logging.getLogger("cropflow")


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of the document, such as one step, beside the report its mistakes go to.

    Attributes:
        noun: what to call it in messages: `step`, `input`, `output`, `document`.
        values: the mapping.
        path: its place in the document.
        mistakes: where mistakes go.
        required: the fields it must have.
    """

    noun: str
    values: Mapping[str, object]
    path: Path
    mistakes: Report
    required: tuple[str, ...]

    def report(
        self,
        code: str,
        message: str,
        field: str | None = None,
        *,
        expected: str | None = None,
        found: str | None = None,
        nearest: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        """Report a mistake in `field`, or in the mapping as a whole."""
        path = self.path if field is None else (*self.path, field)
        name = self.values.get("name")
        step = name if self.noun == "step" and isinstance(name, str) else None
        self.mistakes.add(
            Problem(
                code,
                message,
                path=path,
                step=step or None,
                field=field,
                expected=expected,
                found=found,
                nearest=nearest,
                hint=hint,
            )
        )

    def entries(self, field: str, noun: str, required: tuple[str, ...]) -> list[Fields]:
        """Return the mappings of a required list, each to be read by itself; reports what is no mapping."""
        if field not in self.values:
            self.missing(field, "[]")
            return []
        written = self.values[field]
        if not isinstance(written, list):
            self.wrong(field, "a list", "begin every entry with '- ', or put the entries in brackets")
            return []
        entries = []
        for i, value in enumerate(written):
            path = (*self.path, field, i)
            if isinstance(value, dict):
                entries.append(Fields(noun, value, path, self.mistakes, required))
            else:
                self.mistakes.add(_not_a_mapping(noun, value, path))
        return entries

    def text(self, field: str) -> str | None:
        """Return a field that must be there and hold text; `None`, and a mistake reported, otherwise."""
        if field not in self.values:
            self.missing(field)
            return None
        value = self.values[field]
        if isinstance(value, str) and value:
            return value
        hint = f'write it in quotes: "{_shown(value)}"' if isinstance(value, int | float) else None
        self.wrong(field, "text", hint)
        return None

    def choice(self, field: str, choices: tuple[str, ...], default: str | None = None) -> str | None:
        """Return a field that must be one of `choices`; `None`, and a mistake reported, otherwise."""
        if field not in self.values:
            if default is None:
                self.missing(field, choices[0])
            return default
        value = self.values[field]
        if isinstance(value, str) and value in choices:
            return value
        close = nearest(value, choices) if isinstance(value, str) else ()
        self.wrong(field, " or ".join(map(repr, choices)), nearest=close)
        return None

    def allow(self, known: tuple[str, ...], elsewhere: Container[str] = ()) -> None:
        """Report fields that may be known ones misspelt; `missing` tells of required ones.

        Editors leave keys of their own in documents: for those a warning is enough.

        Args:
            elsewhere: fields that mean something in other mappings of the kind, and so were meant here.
        """
        absent = {field for field in self.required if field not in self.values}
        for field in self.values.keys() - known:
            close = nearest(field, known)
            if not close and field not in elsewhere:
                name = self.values.get("name")
                log.warning("the %s %r has an unknown field %r; it is ignored", self.noun, name, field)
            elif absent.isdisjoint(close[:1]):
                hint = None if close else f"remove it; the fields are {', '.join(known)}"
                message = f"this {self.noun} has an unknown field {field!r}"
                self.report("unknown-field", message, field, nearest=close, hint=hint)

    def missing(self, field: str, example: str = "…") -> None:
        """Report that a required field is not there, pointing at one that may be it, misspelt."""
        close = nearest(field, self.values.keys() - self.required)
        hint = f"add `{field}: {example}`"
        if close:
            hint += f", or rename {close[0]!r} if that is what it should be"
        self.report("missing-field", f"the {self.noun} has no {field!r}", close[0] if close else None, hint=hint)

    def wrong(self, field: str, expected: str, hint: str | None = None, nearest: tuple[str, ...] = ()) -> None:
        """Report a field whose value is not what it should be."""
        message = f"the field {field!r} of this {self.noun} has a wrong value"
        found = _shown(self.values[field])
        self.report("wrong-literal", message, field, expected=expected, found=found, nearest=nearest, hint=hint)


def _not_a_mapping(noun: str, value: object, path: Path) -> Problem:
    message = f"an entry of '{noun}s' must be a mapping"
    hint = "write its fields as `type: …`, `name: …`"
    return Problem("wrong-literal", message, path=path, expected="a mapping", found=_shown(value), hint=hint)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
    return f"{text[:60]} …" if len(text) > 60 else text
