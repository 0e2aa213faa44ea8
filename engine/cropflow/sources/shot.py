"""One element of a source: a picture or a frame, and where in its source it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from cropflow.errors import ImageError
from cropflow.image import Image


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture or frame.

    Attributes:
        image: knows its stream, its frame and its id; a picture is not read yet.
        item: the id of the file or camera it comes from, `sub/a.jpg` or `v.mp4`.
        frame: number of the frame in a video or camera, counted from 0; `None` for a picture.
        total: how many frames its stream has, as far as that is known.
        last: whether its stream ends with it.
    """

    image: Image
    item: str
    frame: int | None = None
    total: int | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read.

    Attributes:
        allow_urls: whether pictures and videos may be fetched.
        stride: every how many frames of a video or camera one is taken.
        latest: of a camera only the newest frame is kept while a batch runs; otherwise all are.
        reconnects: how often in a row a lost camera is tried again.
        stopped: ends waiting and reading.
    """

    allow_urls: bool = False
    stride: int = 1
    latest: bool = True
    reconnects: int = 5
    stopped: threading.Event = field(default_factory=threading.Event)


class Item(Protocol):
    """A file or camera: one picture, or many frames."""

    @property
    def id(self) -> str:
        """Its name among all items of an input."""

    @property
    def live(self) -> bool:
        """Whether it goes on by itself and has no end of its own."""

    def named(self, id: str) -> Item:
        """Return the same item under another name."""

    def count(self, stride: int) -> int | None:
        """Return how many shots it has; `None` where that is not known."""

    def shots(self, reading: Reading, start: int = 0) -> Iterator[Shot]:
        """Give its shots in order, without the first `start`; what cannot be read fails when it is used."""


def failing(message: str, *, id: str, stream: str | None = None, frame: int | None = None) -> Image:
    """Return an image whose pixels cannot be had; using it raises ImageError with the message."""
    return Image.deferred(_raiser(message), id=id, stream=stream, frame=frame)


def _raiser(message: str) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise ImageError(message)

    return fail
