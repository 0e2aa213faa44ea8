"""Cameras read side by side, a thread each; whatever frames are there go through the workflow together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping

from cropflow.image import Image
from cropflow.sources.batches import Batch
from cropflow.sources.rows import Row, Rows, make_row
from cropflow.sources.shot import Item, Reading, Shot, failing

_KEPT = 64
_GRACE = 0.01
"""Seconds that a frame waits for those of other cameras."""


class LiveRows:
    """The rows of cameras, in the order they come; files among them are read beside them.

    Attributes:
        dropped: for each camera, how many frames were passed over because newer ones were there.
    """

    def __init__(self, rows: Rows, size: int) -> None:
        ((self._input, items),) = rows.flowing.items()
        self._rows = rows
        self._size = size
        self._changed = threading.Condition()
        self._feeds = [_Feed(item, rows.reading, self._changed) for item in items]

    @property
    def dropped(self) -> dict[str, int]:
        """For each camera, how many frames were passed over."""
        return {feed.item.id: feed.dropped for feed in self._feeds if feed.item.live}

    def batches(self) -> Generator[Batch]:
        """Give what is there as soon as there is something, until all have ended or reading is stopped."""
        shared = self._rows.shared_images()
        for feed in self._feeds:
            feed.start()
        try:
            while (batch := self._next(shared)) is not None:
                yield batch
        finally:
            self._rows.reading.stopped.set()
            self.wake()

    def wake(self) -> None:
        """Let everybody who waits see that reading is stopped."""
        with self._changed:
            self._changed.notify_all()

    def _next(self, shared: Mapping[str, Image]) -> Batch | None:
        with self._changed:
            self._changed.wait_for(self._is_ready)
            if self._rows.reading.stopped.is_set() and not any(feed.waiting for feed in self._feeds):
                return None
            if sum(bool(feed.waiting) for feed in self._feeds) < min(self._size, len(self._feeds)):
                self._changed.wait_for(self._is_full, timeout=_GRACE)
            rows = tuple(self._take(shared))
            ended = tuple(feed.item.id for feed in self._feeds if feed.has_ended())
            self._changed.notify_all()
        return Batch(rows, ended) if rows or ended or self._running else None

    @property
    def _running(self) -> bool:
        return any(not feed.done for feed in self._feeds)

    def _is_ready(self) -> bool:
        stopped = self._rows.reading.stopped.is_set()
        return stopped or not self._running or any(feed.waiting for feed in self._feeds)

    def _is_full(self) -> bool:
        return all(feed.waiting or feed.done for feed in self._feeds)

    def _take(self, shared: Mapping[str, Image]) -> Iterator[Row]:
        """Take one frame of each camera in turn, until there are none or the batch is full."""
        left = self._size
        while left and any(feed.waiting for feed in self._feeds):
            for feed in self._feeds:
                if feed.waiting and left:
                    yield make_row({self._input: feed.waiting.popleft()}, shared, {})
                    left -= 1


class _Feed(threading.Thread):
    """Reads one camera or file, and keeps its newest frame or a bounded number of them."""

    def __init__(self, item: Item, reading: Reading, changed: threading.Condition) -> None:
        super().__init__(name=f"cropflow-{item.id}", daemon=True)
        self.item = item
        self.waiting: deque[Shot] = deque()
        self.dropped = 0
        self.done = False
        self._told = False
        self._reading = reading
        self._changed = changed

    def run(self) -> None:
        """Read until there is no more."""
        try:
            for shot in self.item.shots(self._reading):
                self._put(shot)
        except Exception as error:  # whatever a decoder raises, the other cameras go on
            self._put(Shot(failing(f"{self.item.id}: {error}", id=self.item.id, stream=self.item.id), self.item.id))
        finally:
            with self._changed:
                self.done = True
                self._changed.notify_all()

    def has_ended(self) -> bool:
        """Whether the last frame is taken; true once."""
        ended = self.done and not self.waiting and not self._told
        self._told |= ended
        return ended

    def _put(self, shot: Shot) -> None:
        with self._changed:
            if self.item.live and self._reading.latest:
                self.dropped += len(self.waiting)
                self.waiting.clear()
            self._changed.wait_for(lambda: len(self.waiting) < _KEPT or self._reading.stopped.is_set())
            self.waiting.append(shot)
            self._changed.notify_all()
