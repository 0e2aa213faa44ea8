"""What the first bytes of an encoded picture tell: its size and which way up it was taken.

OpenCV reports neither before it decodes, yet the size has to be known before memory is set aside for a
picture, and the orientation is ignored by the one decoding mode that keeps transparency.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION, _TIFF_WIDTH, _TIFF_HEIGHT = 0x112, 0x100, 0x101
_SHORT, _LONG = 3, 4
_JPEG_NOT_A_FRAME = {0xC4, 0xC8, 0xCC}


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as the header has them, `None` for formats not known here."""
    try:
        return _size(data)
    except (struct.error, IndexError):
        return None


def picture_orientation(data: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, of a PNG or WebP file; 1 (upright) where nothing is said."""
    try:
        value = _tags(_exif(data)).get(_ORIENTATION, 1)
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1


def is_jpeg(data: bytes) -> bool:
    """Tell whether the bytes begin like a JPEG file."""
    return data.startswith(b"\xff\xd8\xff")


def is_avif(data: bytes) -> bool:
    """Tell whether the bytes begin like an AVIF file."""
    return data[4:12] in (b"ftypavif", b"ftypavis")


def _size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG"):
        return _pair(">II", data, 16)
    if data.startswith(b"GIF8"):
        return _pair("<HH", data, 6)
    if data.startswith(b"BM"):
        width, height = _pair("<ii", data, 18)
        return width, abs(height)
    if is_jpeg(data):
        return _jpeg_size(data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        tags = _tags(data)
        return tags.get(_TIFF_WIDTH, 0), tags.get(_TIFF_HEIGHT, 0)
    return None


def _pair(layout: str, data: bytes, offset: int) -> tuple[int, int]:
    first, second = struct.unpack_from(layout, data, offset)
    return first, second


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _JPEG_NOT_A_FRAME:
            height, width = _pair(">HH", data, place + 5)
            return width, height
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None


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


def _tags(tiff: bytes) -> dict[int, int]:
    """Read the whole-number tags of the first directory of a TIFF structure, which EXIF is as well."""
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return {}
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, start)
    tags = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", tiff, place)
        if kind in (_SHORT, _LONG):
            (tags[tag],) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, place + 8)
    return tags
