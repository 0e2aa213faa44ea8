"""Growing boxes before they are cut out: some room around an object, and squares for models that see squares.

A classifier that scales the short side and cuts out the middle never sees the ends of a long crop; of a
square one it sees all.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from cropflow.image.rounding import whole_boxes

Boxes = NDArray[np.float64]
_SHARE = r"\d{1,4}(\.\d{1,9})?%"
Pixels = Annotated[int, Field(ge=0, le=100_000)]


def _told(value: object, validate: ValidatorFunctionWrapHandler) -> Any:
    """Validate, and say what is right in words: a pattern tells nothing to whoever writes a document."""
    try:
        return validate(value)
    except ValidationError:
        raise ValueError("pixels from 0 to 100000, or a share such as 10%") from None


Padding = (
    Annotated[Pixels, WrapValidator(_told)]
    | Annotated[str, Field(pattern=f"^{_SHARE}$", examples=["10%"]), WrapValidator(_told)]
)


def grow(xyxy: NDArray[Any], width: int, height: int, padding: int | str = 0, square: bool = False) -> Boxes:
    """Return larger boxes; those without an area on the image stay as they are, so that nothing else is cut.

    Args:
        xyxy: n×4 corners in pixels: left, top, right, bottom.
        width: of the image, in pixels.
        height: of the image, in pixels.
        padding: room on each of the four sides: pixels, or a share of the width and height such as `"10%"`.
        square: grow the shorter side to the longer one around the centre, before the padding. Squares are
            moved to lie on the image, and have whole pixels.

    Raises:
        ValueError: the padding is neither.

    >>> import numpy as np
    >>> grow(np.array([[40, 40, 60, 50]]), 100, 100, padding="10%", square=True).tolist()
    [[38.0, 33.0, 62.0, 57.0]]
    """
    boxes = np.array(xyxy, np.float64).reshape(-1, 4)
    _, seen = whole_boxes(boxes, width, height)
    start, end = boxes[seen, :2], boxes[seen, 2:]
    size = end - start
    least = np.rint(end) - np.rint(start)
    if square:
        size = np.repeat(size.max(axis=1, keepdims=True), 2, axis=1)
    size = size + 2 * _margin(padding, size)
    start = (start + end - size) / 2
    if square:
        start, size = _whole(start, size, least.max(axis=1, keepdims=True), np.array([width, height]))
    boxes[seen] = np.hstack((start, start + size))
    return boxes


def _margin(padding: int | str, size: Boxes) -> Boxes | int:
    if isinstance(padding, int) and padding >= 0:
        return padding
    if isinstance(padding, str) and re.fullmatch(_SHARE, padding):
        return size * (float(padding[:-1]) / 100)
    raise ValueError(f"padding: expected pixels such as 8 or a share of the box such as '10%', found {padding!r}")


def _whole(start: Boxes, size: Boxes, least: Boxes, image: NDArray[np.int_]) -> tuple[Boxes, Boxes]:
    """Round squares up to whole pixels and move them onto the image; one larger than the image covers it.

    Args:
        least: sides of the boxes as they are rounded: from 0.5 to 1.5 is 1 pixel long, but rounded it is 2.
    """
    side = np.maximum(np.ceil(size.round(3)), least)  # 24.000001 comes of float32 boxes and is meant to be 24
    room = image - side
    begin = np.rint(start - (side - size) / 2)
    return begin.clip(np.minimum(room, 0), room), side
