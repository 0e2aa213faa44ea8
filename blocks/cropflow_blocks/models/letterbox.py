"""How a picture becomes what a network sees, and the way back, as Ultralytics does it.

The picture is scaled to fit, keeping its aspect, and set in the middle of grey. A classifier sees the middle square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from cropflow.image.decode import Pixels

Size = tuple[int, int]
Floats = NDArray[np.floating[Any]]
_GREY = 114
_EXTREME = 16
"""Of a picture that is more than so many times as long as wide, only what is seen is scaled."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where pictures of one size lie on what a network sees; sizes are (height, width) in pixels.

    Attributes:
        picture: size of the picture.
        fitted: size that it is scaled to.
        seen: size of what the network sees.
        bars: grey pixels above and left of it.
    """

    picture: Size
    fitted: Size
    seen: Size
    bars: Size

    @classmethod
    def around(cls, picture: Size, size: Size, stride: int | None = None) -> Letterbox:
        """Fit pictures of a size into `size`; with a `stride`, bars are cut to what makes the sides multiples of it."""
        scale = min(size[0] / picture[0], size[1] / picture[1])
        height, width = (max(round(side * scale), 1) for side in picture)
        free = size[0] - height, size[1] - width
        if stride is not None:
            free = free[0] % stride, free[1] % stride
        bars = round(free[0] / 2 - 0.1), round(free[1] / 2 - 0.1)
        return cls(picture, (height, width), (height + free[0], width + free[1]), bars)

    def place(self, picture: Pixels, seen: Pixels) -> None:
        """Write what the network sees of a picture, h×w×3."""
        (height, width), (top, left) = self.fitted, self.bars
        if self.fitted != self.seen:
            seen[...] = _GREY
        inner = seen[top : top + height, left : left + width]
        if self.picture == self.fitted:
            inner[...] = picture
        else:
            cv2.resize(picture, (width, height), dst=inner, interpolation=cv2.INTER_LINEAR)

    def back(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return points, …×(x, y), in pixels of the picture, moved inside of it."""
        scale = np.array([self.fitted[1] / self.picture[1], self.fitted[0] / self.picture[0]], np.float32)
        moved = (points - np.array(self.bars[::-1], np.float32)) / scale
        return moved.clip(0, np.array(self.picture[::-1], np.float32))


def place_middle(picture: Pixels, seen: Pixels) -> None:
    """Write what a classifier sees, h×w×3: the shorter side scaled to fit, and the middle of the longer one.

    Scaled by Pillow, as Ultralytics does: OpenCV's interpolation gives other scores.
    """
    (height, width), size = picture.shape[:2], seen.shape[:2]
    if size[0] == size[1]:
        short, long = size[0], int(size[0] * max(height, width) / min(height, width))
        if long > _EXTREME * short:
            _place_piece(picture, seen, long)
            return
        height, width = (short, long) if height <= width else (long, short)
    else:
        height, width = size
    scaled = np.asarray(PIL.Image.fromarray(picture).resize((width, height), PIL.Image.Resampling.BILINEAR))
    top, left = round((height - size[0]) / 2), round((width - size[1]) / 2)
    seen[...] = scaled[top : top + size[0], left : left + size[1]]


def _place_piece(picture: Pixels, seen: Pixels, long: int) -> None:
    """Scale only what is seen of a picture whose longer side would become `long`: all of it may fill the memory.

    What is cut off first keeps places small: Pillow takes them in single precision.
    """
    side, size = max(picture.shape[:2]), seen.shape[0]
    scale, before = side / long, round((long - size) / 2)
    start, end = before * scale, (before + size) * scale
    margin = math.ceil(max(scale, 1)) + 1  # how far the filter looks beside the piece
    first, last = max(math.floor(start) - margin, 0), min(math.ceil(end) + margin, side)
    if picture.shape[1] == side:
        piece, box = picture[:, first:last], (start - first, 0, end - first, picture.shape[0])
    else:
        piece, box = picture[first:last], (0, start - first, picture.shape[1], end - first)
    resampling = PIL.Image.Resampling.BILINEAR
    seen[...] = PIL.Image.fromarray(np.ascontiguousarray(piece)).resize((size, size), resampling, box)
