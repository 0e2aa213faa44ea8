"""The size of an encoded picture, read from its header before any memory is set aside for its pixels.

A few kilobytes can ask for terabytes. OpenCV tells the size only after it decoded, so every format that is decoded
at all is measured here first; what cannot be measured is not decoded.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from cropflow.image.header import is_avif, is_jpeg, tiff_tags

Size = tuple[int, int]

_TIFF_WIDTH, _TIFF_HEIGHT = 0x100, 0x101
_JPEG_NOT_A_FRAME = {0xC4, 0xC8, 0xCC}
_OS2_HEADER = 12
_JPEG_2000 = b"\0\0\0\x0cjP  \r\n\x87\n"
_CODE_STREAM = b"\xff\x4f\xff\x51"
_SUN_RASTER = b"\x59\xa6\x6a\x95"
_BETWEEN = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = re.compile(rb"P[1-6]" + _BETWEEN + rb"(\d{1,9})" + _BETWEEN + rb"(\d{1,9})(?!\d)")
_PAM = re.compile(rb"^(WIDTH|HEIGHT)\s+(\d{1,9})(?!\d)", re.MULTILINE)


def picture_size(data: bytes) -> Size | None:
    """Return width and height in pixels as the header has them.

    `None` where the bytes are none of JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, PNM, PAM and Sun raster,
    or where their header is damaged.
    """
    try:
        return next((size(data) for is_format, size in _FORMATS if is_format(data)), None)
    except (struct.error, IndexError):
        return None


def _pair(layout: str, data: bytes, offset: int) -> Size:
    first, second = struct.unpack_from(layout, data, offset)
    return first, second


def _bmp(data: bytes) -> Size:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = _pair("<HH" if header == _OS2_HEADER else "<ii", data, 18)
    return abs(width), abs(height)


def _jpeg(data: bytes) -> Size | None:
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


def _tiff(data: bytes) -> Size | None:
    tags = tiff_tags(data)
    if _TIFF_WIDTH not in tags or _TIFF_HEIGHT not in tags:
        return None
    return tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]


def _webp(data: bytes) -> Size | None:
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[place : place + 3], "little") + 1 for place in (24, 27))
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in _pair("<HH", data, 26))
        case _:
            return None
    return width, height


def _pnm(data: bytes) -> Size | None:
    found = _PNM.match(data)
    return (int(found[1]), int(found[2])) if found else None


def _pam(data: bytes) -> Size | None:
    sides = dict.fromkeys((b"WIDTH", b"HEIGHT"), 0)
    for name, number in _PAM.findall(data.partition(b"ENDHDR")[0]):
        sides[name] = max(sides[name], int(number))
    return (sides[b"WIDTH"], sides[b"HEIGHT"]) if all(sides.values()) else None


def _jpeg_2000(data: bytes) -> Size | None:
    """The code stream counts, not the box `ihdr` before it: it is what the decoder goes by."""
    start = next((start for name, start, _ in _boxes(data, 0, len(data)) if name == b"jp2c"), None)
    return None if start is None else _code_stream(data, start)


def _code_stream(data: bytes, start: int = 0) -> Size | None:
    if not data.startswith(_CODE_STREAM, start):
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, start + 8)
    return max(right - left, 0), max(bottom - top, 0)


def _avif(data: bytes) -> Size | None:
    """The largest of the pictures in the file, as the one that is shown may be put together from tiles."""
    spans = [(0, len(data))]
    for path, skipped in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):
        inner = [_boxes(data, start, end) for start, end in spans]
        spans = [(start + skipped, end) for boxes in inner for name, start, end in boxes if name == path]
    sizes = [
        _pair(">II", data, place + 4)
        for start, end in spans
        for name, place, _ in _boxes(data, start, end)
        if name == b"ispe"
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and end of the content of the boxes that ISO media files consist of."""
    while start + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        stop = end if length == 0 else start + length
        if stop < start + head:
            return
        yield name, start + head, min(stop, end)
        start = stop


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Size | None]], ...] = (
    (is_jpeg, _jpeg),
    (lambda data: data.startswith(b"\x89PNG"), lambda data: _pair(">II", data, 16)),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    (lambda data: data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _tiff),
    (lambda data: data.startswith(b"BM"), _bmp),
    (lambda data: data.startswith(b"GIF8"), lambda data: _pair("<HH", data, 6)),
    (is_avif, _avif),
    (lambda data: data.startswith(_JPEG_2000), _jpeg_2000),
    (lambda data: data.startswith(_CODE_STREAM), _code_stream),
    (lambda data: data.startswith(_SUN_RASTER), lambda data: _pair(">II", data, 4)),
    (lambda data: data.startswith(b"P7\n"), _pam),
    (lambda data: data[:1] == b"P", _pnm),
)
