"""A video file as a row of frames, decoded one after the other by OpenCV."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from cropflow.image import Image
from cropflow.sources.shot import Reading, Shot, failing

EXTENSIONS = frozenset((
    *(".asf", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".m2ts", ".ogv", ".ts"),
    *(".webm", ".wmv"),
))  # fmt: skip
"""What counts as a video in a folder, if the FFmpeg inside OpenCV knows what is in it."""

_WAIT_MS = 10_000
_FEW = 0.02
"""The share of frames that may be missing at the end; for some files their number is an estimate."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video file, or one behind a URL.

    Attributes:
        id: path relative to its source, such as `sub/v.mp4`; a frame is `sub/v.mp4#17`.
        place: the file, or the URL as text.
    """

    id: str
    place: Path | str

    live = False

    def named(self, id: str) -> Video:
        """Return the same video under another name."""
        return replace(self, id=id)

    def count(self, stride: int) -> int | None:
        """Return how many frames are taken, as far as the file tells; `None` where it does not."""
        with opened(self.place) as capture:
            frames = _frames(capture)
        return None if frames is None else math.ceil(frames / stride)

    def shots(self, reading: Reading, start: int = 0) -> Iterator[Shot]:
        """Give every `stride`-th frame; a file that cannot be opened, or ends early, gives one that fails."""
        with opened(self.place) as capture:
            if not capture.isOpened():
                yield Shot(self._failing("cannot be opened as a video", None), self.id, last=True)
                return
            coming, total = None, _frames(capture)
            for number, image in self._images(capture, reading, start):
                if coming is not None:
                    yield coming
                coming = Shot(image, self.id, number, total)
            if coming is not None:
                yield replace(coming, last=True)

    def _images(self, capture: cv2.VideoCapture, reading: Reading, start: int) -> Iterator[tuple[int, Image]]:
        fps, wanted, number = rate(capture), _frames(capture), 0
        while not reading.stopped.is_set() and capture.grab():
            if number % reading.stride == 0 and number >= start * reading.stride:
                done, pixels = capture.retrieve()
                if not done:
                    break
                yield number, Image(pixels, id=f"{self.id}#{number}", stream=self.id, frame=number, fps=fps)
            number += 1
        ends_early = number == 0 or (wanted is not None and number < wanted - 1 - _FEW * wanted)
        if ends_early and not reading.stopped.is_set():
            of = "" if wanted is None else f" of {wanted}"
            yield number, self._failing(f"ends after {number}{of} frames; the file is damaged or cut off", number)

    def _failing(self, told: str, frame: int | None) -> Image:
        id = self.id if frame is None else f"{self.id}#{frame}"
        return failing(f"{shown(self.place)}: {told}", id=id, stream=self.id, frame=frame)


@contextmanager
def opened(place: Path | str | int) -> Iterator[cv2.VideoCapture]:
    """Open a file, URL or camera; what cannot be opened says so through `isOpened`."""
    if isinstance(place, int):
        capture = cv2.VideoCapture(place)
    else:
        waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _WAIT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _WAIT_MS]
        absolute = str(place.absolute()) if isinstance(place, Path) else place  # never read as a protocol of FFmpeg
        capture = cv2.VideoCapture(absolute, cv2.CAP_FFMPEG, waits)
    try:
        yield capture
    finally:
        capture.release()


def rate(capture: cv2.VideoCapture) -> float | None:
    """Return the frames in a second; `None` where they are not known."""
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if math.isfinite(fps) and 0 < fps < 1000 else None


def shown(place: Path | str | int) -> str:
    """Return what a message calls a place: a URL without what may hold a password."""
    text = str(place)
    scheme, found, rest = text.partition("://")
    if not found:
        return text
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _frames(capture: cv2.VideoCapture) -> int | None:
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0
    return int(count) if 0 < count < 2**40 else None
