"""A camera or network stream: it goes on by itself, gets lost, and comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cropflow.image import Image
from cropflow.sources.shot import Reading, Shot, failing
from cropflow.sources.video import opened, rate, shown

log = logging.getLogger("cropflow")
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A live source.

    Attributes:
        id: `camera-0`, or host and path of a URL.
        place: number of a camera of this machine, or a URL such as `rtsp://…`.
    """

    id: str
    place: int | str

    live = True

    def named(self, id: str) -> Camera:
        """Return the same camera under another name."""
        return replace(self, id=id)

    def count(self, stride: int) -> None:
        """Return that nobody knows."""

    def shots(self, reading: Reading, start: int = 0) -> Iterator[Shot]:
        """Give frames until the camera is gone for good; the last one then says so by failing.

        One that cannot be opened at first is not tried again. One that is lost later is, after half a second, one,
        two and so on up to thirty, `reconnects` times in a row.
        """
        number, tries = 0, 0
        while not reading.stopped.is_set():
            before = number
            for image in self._connected(reading, number):
                if number % reading.stride == 0:
                    yield Shot(image, self.id, number)
                number += 1
            tries = 1 if number > before else tries + 1
            if tries > reading.reconnects or not number:
                break
            wait = min(_FIRST_WAIT * 2 ** (tries - 1), _LONGEST_WAIT)
            log.warning("%s: lost after %d frames; trying again in %g s", self.id, number, wait)
            reading.stopped.wait(wait)
        ends_as_asked = number > 0 and reading.reconnects == 0
        if not reading.stopped.is_set() and not ends_as_asked:
            yield Shot(self._gone(number, reading), self.id, number, last=True)

    def _connected(self, reading: Reading, number: int) -> Iterator[Image]:
        """Give the frames of one connection."""
        with opened(self.place) as capture:
            fps = rate(capture)
            while not reading.stopped.is_set():
                done, pixels = capture.read()
                if not done:
                    return
                yield Image(pixels, id=f"{self.id}#{number}", stream=self.id, frame=number, fps=fps)
                number += 1

    def _gone(self, number: int, reading: Reading) -> Image:
        lost = f"lost after {number} frames, and not back after {reading.reconnects} tries"
        told = lost if number else "cannot be opened as a camera or stream"
        return failing(f"{shown(self.place)}: {told}", id=f"{self.id}#{number}", stream=self.id, frame=number)
