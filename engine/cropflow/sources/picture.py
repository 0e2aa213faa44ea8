"""A picture that is known by name only, and the source that names it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cropflow.image import Image

_LOSSLESS = (".bmp", ".dib", ".gif", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".ras", ".sr", ".tif", ".tiff")
_LOSSY = (".avif", ".jp2", ".jpe", ".jpeg", ".jpg", ".webp")
EXTENSIONS = frozenset((*_LOSSLESS, *_LOSSY))
"""What counts as a picture in a folder; the formats OpenCV decodes to pixels of 8 or 16 bits."""


def is_picture(name: str) -> bool:
    """Whether a file name looks like a picture; hidden files never do.

    >>> is_picture("A.JPG"), is_picture("._a.jpg"), is_picture("notes.txt")
    (True, False, False)
    """
    return not name.startswith(".") and Path(name).suffix.lower() in EXTENSIONS


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be read later.

    Attributes:
        id: posix path relative to its source, such as `sub/a.jpg`.
        place: the file, or the URL as text.
    """

    id: str
    place: Path | str

    def load(self, *, allow_urls: bool = False) -> Image:
        """Return the image, not read yet; its first use raises ImageError where it cannot be read."""
        return Image.load(self.place, id=self.id, allow_urls=allow_urls)


@dataclass(frozen=True, slots=True)
class Source:
    """The pictures one source gives, in order.

    Attributes:
        name: what tells it from other sources: the folder, or the host of a URL; never holds a slash.
        pictures: at least one; their ids differ.
    """

    name: str
    pictures: tuple[Picture, ...]
