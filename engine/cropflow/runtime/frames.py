"""Which stream and frame each element of a batch belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

    def of(self, columns: Columns) -> list[tuple[str, int]]:
        """Return stream and frame of every batch element."""
        if INPUTS not in columns.axes:
            return []
        axis = columns.axes[INPUTS]
        given = [column.values for key, column in columns.columns.items() if key.step == INPUTS and column.axis is axis]
        given.sort(key=_holds_images)  # what video metadata say comes first
        return [self._frame([values[row] for values in given]) for row in range(axis.length)]

    def forget(self, stream: str | None = None) -> None:
        """Count one stream, or all, from 0 again."""
        self._next = {name: frame for name, frame in self._next.items() if stream not in (None, name)}

    def _frame(self, values: list[object]) -> tuple[str, int]:
        stream, frame = next(filter(None, map(_told, values)), (None, None))
        name = stream or ""
        number = self._next.get(name, 0) if frame is None else frame
        self._next[name] = number + 1
        return name, number


def _holds_images(values: Sequence[object]) -> bool:
    return any(isinstance(value, Image) for value in values)


def _told(value: object) -> tuple[str | None, int | None] | None:
    """Stream and frame as far as a picture or video metadata tell them; `None` for what tells neither."""
    if isinstance(value, Image):
        return None if value.stream is None and value.frame is None else (value.stream, value.frame)
    if isinstance(value, Mapping) and value.get("video_identifier") is not None:
        return str(value["video_identifier"]), value.get("frame_number")
    return None
