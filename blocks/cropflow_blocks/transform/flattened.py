"""Moves predictions onto a plane: boxes, masks and points."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.detections import Masks, put_together, take
from cropflow.image.origin import Origin
from cropflow.image.rounding import whole_boxes
from cropflow_blocks.transform.plane import Plane, Points, shift

Part = tuple[NDArray[np.bool_], int, int]
"""A mask, and where its left and upper edges lie in the picture."""
NOTHING: Part = (np.zeros((1, 1), bool), 0, 0)
_POINTS = ("keypoints_xy", "polygon", "xyxyxyxy")
_TURNED = ("rect", "width", "height", "angle")
_MARGIN = np.array([-1, -1, 2, 2])


def flattened(found: Detections, plane: Plane, origin: Origin) -> Detections:
    """Return predictions as they lie on a plane.

    Args:
        found: in the pixels of the picture that the plane maps from.
        plane: where they are moved to.
        origin: the picture of the plane.
    """
    moved = take(found, slice(None))
    corners = found.xyxy[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    boxes = [_around(plane.place(four)) for four in corners]
    if found.mask is not None:
        masks = [_mask_on(mask_part(found.mask, i), plane) for i in range(len(found))]
        boxes = [box if around is None else around for box, (_, around) in zip(boxes, masks, strict=True)]
        moved.mask = put_together((part for part, _ in masks), plane.height, plane.width)
    moved.xyxy = np.array(boxes, np.result_type(found.xyxy.dtype, np.float32)).reshape(-1, 4)
    moved.data = {key: _moved(key, value, plane) for key, value in found.data.items() if not _is_turned(key, found)}
    moved.metadata = {**found.metadata, "origin": origin}
    return moved


def mask_part(masks: Masks, i: int) -> Part:
    """Return mask `i` as the smallest part of the picture that holds it; `NOTHING` for an empty mask."""
    part, (x, y) = (masks[i], (0, 0)) if isinstance(masks, np.ndarray) else (masks.crop(i), masks.offsets[i].tolist())
    left, top, width, height = cv2.boundingRect(np.asarray(part).astype(np.uint8))
    if not width:
        return NOTHING
    return np.asarray(part)[top : top + height, left : left + width], int(x) + left, int(y) + top


def _mask_on(part: Part, plane: Plane) -> tuple[Part, Points | None]:
    """Return a mask on the plane and the box around it, also where that lies beside the rectangle."""
    mask, left, top = part
    if not mask.any():
        return NOTHING, None
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    around = _around(plane.place(np.vstack(outlines).reshape(-1, 2) + np.array([left, top])))
    (x0, y0, x1, y1), *_ = whole_boxes(around + _MARGIN, plane.width, plane.height)[0].tolist()
    if x0 >= x1 or y0 >= y1:
        return NOTHING, around
    matrix = shift(-x0, -y0) @ plane.matrix @ shift(left, top)
    warped = cv2.warpPerspective(mask.astype(np.uint8), matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_NEAREST)
    return (warped.astype(bool), x0, y0), around


def _around(points: Points) -> Points:
    return np.hstack((points.min(axis=0), points.max(axis=0)))


def _is_turned(key: str, found: Detections) -> bool:
    return key in _TURNED and "rect" in found.data


def _moved(key: str, points: Any, plane: Plane) -> Any:
    """Return an entry of `.data`, with points moved: an array, or one array per box."""
    if key not in _POINTS or len(points) == 0:
        return points
    if isinstance(points, np.ndarray) and points.dtype != object:
        return plane.place(points).astype(np.float32)
    each = (None if p is None else plane.place(np.asarray(p, float).reshape(-1, 2)) for p in points)
    return np.fromiter(each, dtype=object, count=len(points))
