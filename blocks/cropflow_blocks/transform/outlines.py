"""The outline of an object: of its mask where it has one, else of its box."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from supervision import Detections


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
