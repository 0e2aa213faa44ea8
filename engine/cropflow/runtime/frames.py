"""Which stream and frame each element of a batch belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cropflow.compiler.plan import INPUTS
from cropflow.image import Image
from cropflow.runtime.feeds import Columns


class Frames:
    """Counts frames where pictures do not bring a number of their own.

    Pictures of a source name their stream and frame, and so does an input of type `WorkflowVideoMetadata`; pictures
    handed over in memory form one stream per workflow, counted on from run to run.
    """

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def of(self, columns: Columns, given: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Return stream and frame of every batch element.

        Args:
            given: the inputs as the caller gave them: a picture that cannot be read has a place in its stream too.
        """
        if INPUTS not in columns.axes:
            return []
        axis = columns.axes[INPUTS]
        told = [
            _filled(column.values, given.get(key.output))
            for key, column in columns.columns.items()
            if key.step == INPUTS and column.axis is axis
        ]
        told.sort(key=_holds_images)  # what video metadata say comes first
        return [self._frame([values[row] for values in told]) for row in range(axis.length)]

    def forget(self, stream: str | None = None) -> None:
        """Count one stream, or all, from 0 again."""
        self._next = {name: frame for name, frame in self._next.items() if stream not in (None, name)}

    def _frame(self, values: list[object]) -> tuple[str, int]:
        stream, frame = next(filter(None, map(_told, values)), (None, None))
        name = stream or ""
        number = self._next.get(name, 0) if frame is None else frame
        self._next[name] = number + 1
        return name, number


def _filled(values: Sequence[object], given: object) -> Sequence[object]:
    """Put what was given into the place of what could not be read."""
    if not isinstance(given, list | tuple) or len(given) != len(values):
        return values
    return [before if value is None else value for value, before in zip(values, given, strict=True)]


def _holds_images(values: Sequence[object]) -> bool:
    return any(isinstance(value, Image) for value in values)


def _told(value: object) -> tuple[str | None, int | None] | None:
    """Stream and frame as far as a picture or video metadata tell them; `None` for what tells neither."""
    if isinstance(value, Image):
        return None if value.stream is None and value.frame is None else (value.stream, value.frame)
    if isinstance(value, Mapping) and value.get("video_identifier") is not None:
        return str(value["video_identifier"]), value.get("frame_number")
    return None
