"""Masks of a segmentation model, made inside of their boxes only.

A model answers with coarse score maps, four of its pixels wide. Scaling each of them to the picture costs a full
frame per object (28 objects at 1080p: 58 MB and half a second), although nothing outside of the box counts. Here
only the box is scaled, straight to the pixels of the picture, and kept as runs.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision.detection.compact_mask import CompactMask

from cropflow.detections import put_together
from cropflow_blocks.models.letterbox import Letterbox

Floats = NDArray[np.floating]


def masks_in_boxes(
    scores: NDArray[np.float32], boxes: Floats, picture: tuple[int, int], padded: tuple[int, int], *, fine: bool = True
) -> CompactMask:
    """Scale score maps to the picture, cut them at zero, and keep what lies in the boxes.

    Scores are interpolated before the cut, so edges are as fine as the picture, as those of
    `predict(retina_masks=True)`; the other way round gives steps where pictures are large.

    Args:
        scores: n×h×w, one map per object over what the model saw; above 0 is inside.
        boxes: n×4 corners in pixels of the picture.
        picture: (height, width) in pixels.
        padded: (height, width) of what the model saw: the picture scaled to fit, grey bars around it.
        fine: cut at the resolution of the picture; otherwise at that of what the model saw, as `predict` does unless
            told otherwise.

    Returns:
        n masks with the resolution of the picture; empty ones where nothing in the box is inside.
    """
    inside = _inside if fine else partial(_inside_seen, padded=padded)
    scale, start = _view(picture, padded, scores.shape[1:] if fine else padded)
    limit = np.array([picture[1], picture[0]] * 2)
    corners = np.ceil(boxes).clip(0, limit).astype(int)
    parts = (
        (inside(score, box, scale, start), box[0], box[1]) for score, box in zip(scores, corners.tolist(), strict=True)
    )
    return put_together(parts, *picture)


def _view(picture: tuple[int, int], padded: tuple[int, int], map_size: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return scale and offset, (y, x) each, from places on the picture to places on the score maps."""
    box = Letterbox.around(picture, padded)
    reduced = np.array(map_size) / padded
    return np.array(box.fitted) / picture * reduced, np.array(box.bars) * reduced


def _inside(score: NDArray[np.float32], box: list[int], scale: Floats, start: Floats) -> NDArray[np.bool_]:
    """Return the part of one mask that lies in a box of whole pixels, end exclusive."""
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        return np.zeros((1, 1), bool)
    # Pixel i covers the places i to i + 1; OpenCV counts from the centres of pixels.
    (y, x), first = scale, (np.array([top, left]) + 0.5) * scale + start - 0.5
    place = np.array([[x, 0, first[1]], [0, y, first[0]]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    values = cv2.warpAffine(score, place, (right - left, bottom - top), flags=how, borderMode=cv2.BORDER_REPLICATE)
    inside: NDArray[np.bool_] = values > 0
    return inside


def _inside_seen(
    score: NDArray[np.float32], box: list[int], scale: Floats, start: Floats, padded: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return the part of one mask that lies in a box, each pixel as the pixel that the model saw there."""
    left, top, right, bottom = box
    seen = cv2.resize(score, padded[::-1], interpolation=cv2.INTER_LINEAR) > 0
    rows, columns = (
        np.floor((np.arange(first, last) + 0.5) * scale[axis] + start[axis]).astype(int).clip(0, padded[axis] - 1)
        for axis, (first, last) in enumerate([(top, bottom), (left, right)])
    )
    inside: NDArray[np.bool_] = seen[np.ix_(rows, columns)] if len(rows) and len(columns) else np.zeros((1, 1), bool)
    return inside


def without_bars(seen: NDArray[np.uint8], picture: tuple[int, int]) -> NDArray[np.uint8]:
    """Cut the bars off what a model saw and scale it to the (height, width) of the picture."""
    (y, x), (top, left) = _view(picture, seen.shape[:2], seen.shape[:2])
    height, width = round(picture[0] * y), round(picture[1] * x)
    inner = seen[int(top) : int(top) + height, int(left) : int(left) + width]
    scaled: NDArray[np.uint8] = cv2.resize(inner, picture[::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return scaled
