"""Ctrl-C ends a run cleanly: the present batch is finished and written; a second one stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from cropflow.cli.terminal import tell


class Interrupt:
    """Watches for Ctrl-C while it is entered.

    Args:
        stop: called when it is pressed.

    Attributes:
        asked: whether it was pressed.
    """

    def __init__(self, stop: Callable[[], object]) -> None:
        self.asked = False
        self._stop = stop
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _first(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        tell("finishing the present batch; press Ctrl-C again to stop at once")
        self._stop()
