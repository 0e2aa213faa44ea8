"""A private copy of a document's data, and the checks that hold however it was written.

JSON, YAML and Python mappings all pass through here: only text, finite numbers, booleans, null, lists and
mappings with text as keys; no nesting or repetition that would grow without bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeVar

from cropflow.document.text.positions import Path
from cropflow.document.text.report import Report
from cropflow.document.text.yaml_core import MAX_DEPTH
from cropflow.errors import Problem

MAX_REPEATS = 100_000
"""How many values repetition of the same list or mapping may add, over the whole document."""

_ALLOWED = "text, numbers, true, false, null, lists and mappings"
_Collection = TypeVar("_Collection", Mapping[object, object], Sequence[object])


def plain(value: object, report: Report) -> object:
    """Return a deep copy of `value` made of dict, list, str, int, float, bool and None only.

    Tuples become lists, `pathlib` paths become text. Nothing of `value` is changed or kept.

    Raises:
        WorkflowError: nested too deeply, or repeated without bounds; other mistakes go to the report.
    """
    return _Copier(report).copy(value, ())


class _Copier:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._repeats = 0

    def copy(self, value: object, path: Path) -> object:
        if value is None or isinstance(value, str | int):
            return value
        if isinstance(value, float):
            return self._number(value, path)
        if isinstance(value, Mapping):
            return self._within(value, path, self._mapping)
        if isinstance(value, list | tuple):
            return self._within(value, path, self._list)
        if isinstance(value, PurePath):
            return str(value)
        self._refuse(value, path)
        return None

    def _within(self, value: _Collection, path: Path, copy: Callable[[_Collection, Path], object]) -> object:
        self._guard(value, path)
        self._open.add(id(value))
        copied = copy(value, path)
        self._open.remove(id(value))
        return copied

    def _mapping(self, value: Mapping[object, object], path: Path) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, item in value.items():
            if isinstance(key, str):
                made[key] = self.copy(item, (*path, key))
            else:
                self._refuse_key(key, path)
        return made

    def _list(self, value: Sequence[object], path: Path) -> list[object]:
        return [self.copy(item, (*path, i)) for i, item in enumerate(value)]

    def _guard(self, value: Mapping[object, object] | Sequence[object], path: Path) -> None:
        if id(value) in self._open:
            hint = "write the value out where it is needed, without referring to what encloses it"
            self._report.fail(Problem("alias-bomb", "this value contains itself", path=path, hint=hint))
        if id(value) in self._seen:
            self._repeats += 1 + len(value)
        self._seen.add(id(value))
        if self._repeats > MAX_REPEATS:
            message = f"repeated parts add more than {MAX_REPEATS:,} values to the document"
            hint = "use fewer aliases (`*name`): every one stands for a full copy"
            self._report.fail(Problem("alias-bomb", message, path=path, hint=hint))
        if len(path) > MAX_DEPTH:
            self._report.fail(too_deep(path))

    def _number(self, value: float, path: Path) -> float:
        if not math.isfinite(value):
            message = "a number must be finite; infinity and 'not a number' cannot be written in a workflow"
            hint = "write a large number, or leave the field out"
            self._report.add(Problem("wrong-literal", message, path=path, found=str(value), hint=hint))
        return value

    def _refuse(self, value: object, path: Path) -> None:
        kind = type(value).__name__
        message = f"a value of type {kind!r} cannot stand in a workflow"
        hint = "give arrays and pictures as inputs of the run, and write numbers as int or float"
        self._report.add(Problem("wrong-literal", message, path=path, expected=_ALLOWED, found=kind, hint=hint))

    def _refuse_key(self, key: object, path: Path) -> None:
        message = f"the key {key!r} is not text"
        hint = f"write {str(key)!r} in quotes"
        self._report.add(Problem("wrong-literal", message, path=path, expected="text", hint=hint))


def too_deep(path: Path = ()) -> Problem:
    """Return the mistake of a document whose lists and mappings are nested beyond all use."""
    message = f"lists and mappings are nested more than {MAX_DEPTH} deep"
    return Problem("syntax", message, path=path[:8], hint="check for brackets that are never closed")
