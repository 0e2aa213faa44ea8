"""A picture that is known by name only, and the source that names it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cropflow.image import Image
from cropflow.sources.shot import Item, Reading, Shot, failing

_LOSSLESS = (".bmp", ".dib", ".gif", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".ras", ".sr", ".tif", ".tiff")
_LOSSY = (".avif", ".jp2", ".jpe", ".jpeg", ".jpg", ".webp")
EXTENSIONS = frozenset((*_LOSSLESS, *_LOSSY))
"""What counts as a picture in a folder; the formats OpenCV decodes to pixels of 8 or 16 bits."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be read later.

    Attributes:
        id: posix path relative to its source, such as `sub/a.jpg`.
        place: the file, the URL as text, or the bytes of a file.
        stream: what it is a frame of, with the other pictures of its source.
        frame: which of them it is.
        total: how many there are.
        fault: why it cannot be read, where that is known before.
    """

    id: str
    place: Path | str | bytes
    stream: str | None = None
    frame: int | None = None
    total: int | None = None
    fault: str | None = None

    live = False

    def load(self, *, allow_urls: bool = False) -> Image:
        """Return the image, not read yet; its first use raises ImageError where it cannot be read."""
        if self.fault is not None:
            return failing(self.fault, id=self.id, stream=self.stream, frame=self.frame)
        return Image.load(self.place, id=self.id, allow_urls=allow_urls, stream=self.stream, frame=self.frame)

    def named(self, id: str) -> Picture:
        """Return the same picture under another name."""
        return replace(self, id=id)

    def count(self, stride: int) -> int:
        """Return 1."""
        return 1

    def shots(self, reading: Reading, start: int = 0) -> Iterator[Shot]:
        """Give the picture, unless it is passed over."""
        if not start:
            last = self.frame is not None and self.frame + 1 == self.total
            yield Shot(self.load(allow_urls=reading.allow_urls), self.id, None, self.total, last)


@dataclass(frozen=True, slots=True)
class Source:
    """What one source gives, in order.

    Attributes:
        name: what tells it from other sources: the folder, or the host of a URL; never holds a slash.
        items: at least one; their ids differ.
    """

    name: str
    items: tuple[Item, ...]
