"""What everything that is read has in common: four corners each, and an order in which people read.

Corners are n×4×2 float32 in pixels, clockwise from the corner where the text or the code begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow_blocks.reading.lines import by_means

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float32]


def as_corners(points: Any) -> Corners:
    """Return points of whatever shape and number as n×4×2; `None` is no corners."""
    return np.asarray([] if points is None else points, np.float32).reshape(-1, 4, 2)


def around(corners: Corners) -> NDArray[np.float32]:
    """Return the upright boxes around the corners, n×4 (x0, y0, x1, y1)."""
    boxes: NDArray[np.float32] = np.concatenate([corners.min(1), corners.max(1)], 1)
    return boxes


def reading_order(corners: Corners) -> list[list[int]]:
    """Return the rows: lines from top to bottom, the indices of each from left to right.

    The height of a slanted line is that of its letters, not of the upright box around it.
    """
    if not len(corners):
        return []
    sides = np.linalg.norm(np.roll(corners, -1, 1) - corners, axis=2)
    half, middle = sides.min(1) / 2, corners[..., 1].mean(1)
    left = corners[..., 0].min(1)
    rows = by_means(np.stack([middle - half, middle + half], 1))
    return [sorted(row, key=lambda i: float(left[i])) for row in rows]


def straightened(bgr: Pixels, corners: NDArray[Any], border: float = 0.0) -> Pixels:
    """Cut out what lies between four corners, as seen from straight above.

    Args:
        bgr: the picture.
        corners: 4×2.
        border: how much around it comes along, as a share of the longer side.
    """
    sides = np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1)
    width, height = max(1, round(max(sides[0], sides[2]))), max(1, round(max(sides[1], sides[3])))
    edge = round(border * max(width, height))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + edge
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    size = (width + 2 * edge, height + 2 * edge)
    flat = cv2.warpPerspective(bgr, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return flat.astype(np.uint8, copy=False)


def found(
    corners: Corners,
    name: str,
    task: str,
    confidence: Sequence[float] | None = None,
    **data: Sequence[str],
) -> Detections:
    """Return what was found as detections, in the order given.

    Args:
        corners: of each.
        name: the class of all, which has the id 0.
        task: the `prediction_type` that existing documents know.
        confidence: of each; 1 where left out.
        data: further entries of `.data`, or another `class_name`.
    """
    count = len(corners)
    entries = {"class_name": [name] * count, "prediction_type": [task] * count, **data}
    return Detections(
        around(corners),
        confidence=np.asarray([1.0] * count if confidence is None else confidence, np.float32),
        class_id=np.zeros(count, int),
        data={"xyxyxyxy": corners, **{key: np.array(values, str) for key, values in entries.items()}},
    )
