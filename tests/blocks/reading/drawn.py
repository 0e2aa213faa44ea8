"""Pictures with something to read on them, made here, so that what they say is known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow import Image

Pixels = NDArray[np.uint8]

# The standard's table of EAN-13: the left digits in sets L and G, and which set each takes for the first digit.
_L = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
_R = [code.translate(str.maketrans("01", "10")) for code in _L]
_G = [code[::-1] for code in _R]
_SETS = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]


def paper(height: int = 400, width: int = 640, shade: int = 235) -> Pixels:
    return np.full((height, width, 3), shade, np.uint8)


def qr(text: str, scale: int = 5) -> Pixels:
    code = cv2.QRCodeEncoder.create().encode(text)[2:-2, 2:-2]  # without the white edge: paper is white enough
    large = cv2.resize(code, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    return cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)


def ean13(digits: str, scale: int = 2, height: int = 80) -> Pixels:
    """Bars of 13 digits, the last of which is the check digit, with the quiet zone around them."""
    weights = [1, 3] * 6 + [1]
    assert sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 10 == 0, "the check digit is wrong"
    sets = _SETS[int(digits[0])]
    left = "".join((_L if s == "L" else _G)[int(d)] for s, d in zip(sets, digits[1:7], strict=True))
    right = "".join(_R[int(d)] for d in digits[7:])
    bars = np.array([int(bit) for bit in f"101{left}01010{right}101"], np.uint8)
    row = np.pad(255 * (1 - bars), 11, constant_values=255)
    return cv2.cvtColor(np.tile(np.repeat(row, scale), (height, 1)), cv2.COLOR_GRAY2BGR)


def put(picture: Pixels, part: Pixels, x: int, y: int) -> tuple[int, int, int, int]:
    """Lay a part on a picture; return its box."""
    height, width = part.shape[:2]
    picture[y : y + height, x : x + width] = part
    return x, y, x + width, y + height


def write(picture: Pixels, text: str, x: int, y: int, size: float = 1.0) -> None:
    """Write a line of text whose baseline begins at x, y."""
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, (30, 30, 30), 2, cv2.LINE_AA)


def turned(picture: Pixels, degrees: float, shade: int = 235) -> Pixels:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderValue=(shade, shade, shade)).astype(np.uint8)


def sign(*lines: str, id: str = "sign") -> Image:
    """A picture with lines of text one below the other."""
    picture = paper(40 + 60 * len(lines), 420)
    for number, line in enumerate(lines):
        write(picture, line, 30, 60 + 60 * number)
    return Image(picture, id=id)
