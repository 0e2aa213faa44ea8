"""Parts of masks: reading one inside of a box, and putting masks together from parts, never a full frame for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from supervision.detection.compact_mask import CompactMask

Masks: TypeAlias = "NDArray[Any] | CompactMask"
Inside: TypeAlias = NDArray[np.bool_]


def mask_inside(masks: Masks, i: int, left: int, top: int, width: int, height: int) -> Inside:
    """Return the part of mask `i` that lies in a box of whole pixels; False where the box reaches over the frame.

    Args:
        masks: n×height×width, dense or compact.
        i: which of them.
        left: of the box, in pixels; `top` likewise.
        width: of the box, in pixels; `height` likewise.
    """
    if isinstance(masks, np.ndarray):
        inside = np.zeros((height, width), bool)
        frame = masks[i]
        x, y = max(left, 0), max(top, 0)
        part = frame[y : max(top + height, 0), x : max(left + width, 0)]
        inside[y - top : y - top + part.shape[0], x - left : x - left + part.shape[1]] = part
        return inside
    cut: Inside = masks[i : i + 1].with_offset(-left, -top, (height, width))[0]
    return cut


def put_together(parts: Iterable[tuple[Inside, int, int]], height: int, width: int) -> CompactMask:
    """Return masks of a frame of `height` × `width` from parts with their left and top edges in it."""
    from supervision.detection.compact_mask import CompactMask

    masks = [CompactMask.from_dense(np.zeros((0, height, width), bool), np.zeros((0, 4)), (height, width))]
    for inside, left, top in parts:
        high, wide = inside.shape
        part = CompactMask.from_dense(inside[np.newaxis], np.array([[0, 0, wide - 1, high - 1]]), (high, wide))
        masks.append(part.with_offset(left, top, (height, width)))
    return CompactMask.merge(masks)
