"""What an encoded picture tells apart from its pixels: its format, its tags, and which way up it was taken.

OpenCV ignores the orientation in the one decoding mode that keeps transparency.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION = 0x112
_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}
_STILL_BRANDS = {b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_Layout = tuple[int, str, str, int]
_SMALL: _Layout = (4, "I", "H", 12)
_BIG: _Layout = (8, "Q", "Q", 20)
_LAYOUTS = {b"II*\0": _SMALL, b"MM\0*": _SMALL, b"II+\0": _BIG, b"MM\0+": _BIG}
"""By the first bytes: where the offset of the first directory is, formats of it and of the count, bytes of an entry."""


def picture_orientation(data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, of a PNG or WebP file; 1 (upright) where nothing is said."""
    try:
        value = tiff_tags(_exif(data)).get(_ORIENTATION, 1)
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1


def is_jpeg(data: bytes) -> bool:
    """Tell whether the bytes begin like a JPEG file."""
    return data.startswith(b"\xff\xd8\xff")


def is_avif(data: bytes) -> bool:
    """Tell whether the bytes begin like an AVIF file, by any of the brands it names."""
    brands = data[8 : int.from_bytes(data[:4], "big")]
    return data[4:8] == b"ftyp" and (b"avif" in brands or b"avis" in brands)


def is_video(data: bytes) -> bool:
    """Tell whether the bytes begin like a video file: MP4, MOV, AVI, WebM or Matroska; HEIC is none."""
    if data[4:8] == b"ftyp":
        return data[8:12] not in _STILL_BRANDS
    return data[4:8] in (b"moov", b"mdat") or data[:4] == b"\x1aE\xdf\xa3" or data[:4] + data[8:12] == b"RIFFAVI "


def tiff_tags(tiff: bytes) -> dict[int, int]:
    """Read the whole-number tags of the first directory of a TIFF or BigTIFF structure, which EXIF is as well.

    Of a tag that is there twice the first counts, as it does for decoders.

    Raises:
        struct.error: the directory is cut short.
    """
    if tiff[:4] not in _LAYOUTS:
        return {}
    place, offset, number, length = _LAYOUTS[tiff[:4]]
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + offset, tiff, place)
    (count,) = struct.unpack_from(order + number, tiff, start)
    tags: dict[int, int] = {}
    for index in range(count):
        entry = start + struct.calcsize(number) + index * length
        tag, kind = struct.unpack_from(order + "HH", tiff, entry)
        if kind in _NUMBERS:
            tags.setdefault(tag, struct.unpack_from(order + _NUMBERS[kind], tiff, entry + length - place)[0])
    return tags


def _exif(data: bytes) -> bytes:
    if data.startswith(b"\x89PNG"):
        return next((body for name, body in _png_chunks(data) if name == b"eXIf"), b"")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        body = next((body for name, body in _riff_chunks(data) if name == b"EXIF"), b"")
        return body.removeprefix(b"Exif\0\0")
    return b""


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + 8 + length] if name == b"eXIf" else b""
        place += 12 + length


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + length] if name == b"EXIF" else b""
        place += 8 + length + length % 2
