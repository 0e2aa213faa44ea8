"""Every error Cropflow raises, in one tree, so that a caller can catch as widely or as narrowly as it likes.

CropflowError
├── BlockError        a block class whose signature cannot be read, or a plug-in that cannot be loaded
├── WorkflowError     a document that is refused; `.problems` holds every mistake with its position
├── SettingError      settings of a step that do not go together with what is wired to it; raised by blocks
├── InputError        run-time inputs that are missing, unknown or of the wrong kind
├── RunError          a block failed on an element; names step, block and element, chains the cause
├── CancelledError    a run that somebody called off
├── ImageError        a picture that cannot be found, fetched or decoded
├── RequestError      a request to a server that is refused, or stays without an answer
└── ModelError        weights that cannot be found or loaded, or that do another task
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class CropflowError(Exception):
    """The root of all errors raised by Cropflow."""


class BlockError(CropflowError):
    """A block class is wrong, or a plug-in cannot be loaded; a matter for the author of the block."""


class InputError(CropflowError):
    """The inputs of a run do not fit the document: missing, unknown, or of the wrong kind."""


class ImageError(CropflowError):
    """A picture cannot be found, fetched or decoded; the message names it."""


class RequestError(CropflowError):
    """A request to a server is refused here, or stays without an answer.

    Attributes:
        sent: whether the server may have got it, so that sending it again might do something twice.
    """

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent


class CancelledError(CropflowError):
    """A run was called off before it was done."""


class ModelError(CropflowError):
    """Weights cannot be found or loaded, or do another task than the step asks for.

    Attributes:
        message: what is wrong, in one sentence.
        tried: the places that were looked at.
        nearest: the names closest to the one that is not found.
        hint: what to do.
    """

    def __init__(
        self, message: str, *, tried: Iterable[str] = (), nearest: Iterable[str] = (), hint: str | None = None
    ) -> None:
        self.message = message
        self.tried = tuple(tried)
        self.nearest = tuple(nearest)
        self.hint = hint
        lines = [message + ("; tried:" if self.tried else ""), *(f"    {place}" for place in self.tried)]
        lines += [f"did you mean {' or '.join(map(repr, self.nearest))}?"] if self.nearest else []
        super().__init__("\n".join([*lines, *filter(None, [hint])]))


class RunError(CropflowError):
    """A block failed while running.

    Attributes:
        step: name of the step in the document; `$inputs.NAME` where an input cannot be read.
        block: type of its block, such as `dynamic_crop@v1`.
        element: path of the element, such as `image 3 › crop 7` (counted from 0); empty for a scalar step.
        source: the step and its block, or the input, in words.
        row: index of the input element the failure belongs to, `None` where it belongs to no single one.
    """

    def __init__(self, message: str, *, step: str, block: str, element: str = "", row: int | None = None):
        name = step.removeprefix("$inputs.")
        self.source = f"step {step!r} ({block})" if name == step else f"input {name!r}"
        super().__init__(f"{self.source}{f', {element}' if element else ''}: {message}")
        self.message = message
        self.step = step
        self.block = block
        self.element = element
        self.row = row


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a document; line and column count from 1."""

    line: int
    column: int
    file: str | None = None

    def __str__(self) -> str:
        return f"{self.file or '<document>'}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a document, with all that is needed to mend it.

    Attributes:
        code: stable identifier such as `unknown-step`.
        message: one sentence that says what is wrong.
        position: where; `None` for a document given as a mapping.
        path: the place as keys and indices, such as `("steps", 2, "images")`.
        step: name of the step, where there is one.
        field: name of the field or output, where there is one.
        expected: what would be right.
        found: what stands there.
        nearest: the valid names closest to what stands there.
        hint: what to do.
    """

    code: str
    message: str
    position: Position | None = None
    path: tuple[str | int, ...] = ()
    step: str | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None

    def __str__(self) -> str:
        where = str(self.position) if self.position else ".".join(map(str, self.path)) or "<document>"
        lines = [f"{where}: {self.message} [{self.code}]"]
        place = [f"step {self.step!r}"] if self.step else []
        place += [f"field {self.field!r}"] if self.field else []
        rows = {
            "in": ", ".join(place),
            "expected": self.expected,
            "found": self.found,
            "did you mean": " or ".join(repr(name) for name in self.nearest),
            "to do": self.hint,
        }
        lines += [f"    {label}: {text}" for label, text in rows.items() if text]
        return "\n".join(lines)


class WorkflowError(CropflowError):
    """A document is refused.

    Attributes:
        problems: every mistake found, in document order.
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "the workflow has a mistake" if count == 1 else f"the workflow has {count} mistakes"
        super().__init__("\n".join([head + ":", *map(str, self.problems)]))


class SettingError(CropflowError):
    """Settings of a step do not go together with what is wired to it; a block's `infer` raises it.

    Attributes:
        message: what is wrong, in one sentence.
        place: keys and indices that lead from the step to the setting, such as `("operations", 1)`.
        expected: what would be right.
        found: what is there.
        nearest: the valid names closest to what stands there.
        hint: what to do.
    """

    def __init__(
        self,
        message: str,
        place: tuple[str | int, ...],
        *,
        expected: str | None = None,
        found: str | None = None,
        nearest: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.expected = expected
        self.found = found
        self.nearest = nearest
        self.hint = hint


def nearest(name: str, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return the names most like `name`, best first; `nearest("imgae", ["image"]) == ("image",)`."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), by_lower, n=limit, cutoff=0.6)
    return tuple(by_lower[key] for key in found)
