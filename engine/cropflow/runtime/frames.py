"""Which stream and frame each element of a batch belongs to."""

from __future__ import annotations

from cropflow.compiler.plan import INPUTS
from cropflow.image import Image
from cropflow.runtime.feeds import Columns


class Frames:
    """Counts frames where pictures do not bring a number of their own.

    Pictures of a source name their stream and frame; those handed over in memory form one stream per workflow,
    counted on from run to run.
    """

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def of(self, columns: Columns) -> list[tuple[str, int]]:
        """Return stream and frame of every batch element."""
        if INPUTS not in columns.axes:
            return []
        axis = columns.axes[INPUTS]
        pictures = [
            column.values for key, column in columns.columns.items() if key.step == INPUTS and column.axis is axis
        ]
        return [self._frame([values[row] for values in pictures]) for row in range(axis.length)]

    def forget(self, stream: str | None = None) -> None:
        """Count one stream, or all, from 0 again."""
        self._next = {name: frame for name, frame in self._next.items() if stream not in (None, name)}

    def _frame(self, values: list[object]) -> tuple[str, int]:
        picture = next((value for value in values if isinstance(value, Image)), None)
        stream = (picture.stream if picture else None) or ""
        frame = picture.frame if picture is not None and picture.frame is not None else self._next.get(stream, 0)
        self._next[stream] = frame + 1
        return stream, frame
