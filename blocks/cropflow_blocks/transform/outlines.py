"""The outline of an object, of its mask where it has one, else of its box; and the smallest rectangle around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from supervision import Detections


class Rectangle(NamedTuple):
    """A turned rectangle: its corners (4×2), its sides in pixels, and how far it is turned, in degrees."""

    corners: NDArray[np.float32]
    width: float
    height: float
    angle: float


def rectangle(points: NDArray[Any]) -> Rectangle:
    """Return the smallest turned rectangle around points, turned by more than 0 and up to 90 degrees.

    OpenCV 4.5 to 4.12 count angles so, OpenCV 5 from -90 to 0; the side that is the width depends on it.
    """
    (centre, (width, height), angle) = cv2.minAreaRect(points.astype(np.float32))
    corners = cv2.boxPoints((centre, (width, height), angle))
    while angle <= 0:
        width, height, angle = height, width, angle + 90
        corners = np.roll(corners, -1, axis=0)
    return Rectangle(np.asarray(corners, np.float32), width, height, angle)


def outline(detections: Detections, i: int) -> NDArray[Any]:
    """Return the corners of object `i` as n×2 pixels: the outline of the largest part of its mask, or its box."""
    mask = detections.mask
    if mask is not None:
        part, offset = (mask[i], 0) if isinstance(mask, np.ndarray) else (mask.crop(i), mask.offsets[i])
        polygons = sv.mask_to_polygons(part)
        if polygons:
            largest: NDArray[Any] = max(polygons, key=cv2.contourArea) + offset
            return largest
    left, top, right, bottom = detections.xyxy[i]
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
