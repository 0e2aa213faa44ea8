"""A flat surface seen at an angle, and where points of the picture lie on it; perspective_correction works with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
_NEAR_HORIZON = 1e-4
"""Depth, as a share of that of the farthest corner, from which points count as lying on the horizon."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Maps points of a picture onto a flat surface that shows on it as four corners.

    Attributes:
        matrix: 3×3, picture to surface; the depth it gives is 1 for the farthest of the four corners.
        width: of the surface as a picture, in pixels; `height` likewise.
    """

    matrix: Points
    width: int
    height: int

    @classmethod
    def of(cls, corners: Points, width: int, height: int) -> Plane:
        """Make the plane whose four corners, in the order of `four_corners`, are those of a picture of that size."""
        right, bottom = width - 1, height - 1
        target = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float32)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
        depth = corners @ matrix[2, :2] + matrix[2, 2]
        return cls(matrix / depth[np.abs(depth).argmin()], width, height)

    def place(self, points: NDArray[Any]) -> Points:
        """Return where points (…×2) lie; those beyond the horizon lie very far away, those that are NaN stay so."""
        mapped = np.asarray(points, np.float64) @ self.matrix[:, :2].T + self.matrix[:, 2]
        placed: Points = mapped[..., :2] / np.maximum(mapped[..., 2:], _NEAR_HORIZON)
        return placed

    def shows(self, points: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell which of n×2 points have a place: those before the horizon."""
        before: NDArray[np.bool_] = points @ self.matrix[2, :2] + self.matrix[2, 2] > _NEAR_HORIZON
        return before

    def extended(self, points: NDArray[Any]) -> Plane:
        """Return the plane as a larger picture of the same scale that shows the n×2 points before the horizon too."""
        corner = np.array([self.width - 1, self.height - 1], float)
        seen = np.vstack(([0, 0], corner, self.place(points[self.shows(points)])))
        (left, top), (right, bottom) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
        width, height = (math.ceil(round(length, 6)) + 1 for length in (right - left, bottom - top))
        return Plane(shift(-left, -top) @ self.matrix, width, height)


def shift(x: float, y: float) -> Points:
    """Return the matrix that moves points."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def four_corners(zone: list[Any], field: str) -> Points | None:
    """Return the corners of a zone from the upper left one clockwise, in whatever order they are given.

    Args:
        zone: four corners [x, y] in pixels, or a list of one such zone; an empty list is none.
        field: what the message calls it.

    Raises:
        ValueError: it has not four corners, is several zones, or is dented.
    """
    try:
        corners = np.array(zone, float)
    except (TypeError, ValueError):
        corners = np.empty(0)
    if not len(zone):
        return None
    if corners.ndim == 3 and len(corners) == 1:
        corners = corners[0]
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(
            f"{field}: expected one zone of four corners [x, y] in pixels, found {zone!r:.80}; "
            "dynamic_zone with required_number_of_vertices 4 makes such zones; choose one object of each picture for it"
        )
    return _in_order(corners, field)


def _in_order(corners: Points, field: str) -> Points:
    """Sort corners clockwise as seen; the first is the one nearest to the upper left."""
    x, y = (corners - corners.mean(axis=0)).T
    around = corners[np.argsort(np.arctan2(y, x), kind="stable")]
    first = min(range(4), key=lambda i: (around[i].sum(), around[i, 1]))
    ordered: Points = np.roll(around, -first, axis=0)
    sides = np.roll(ordered, -1, axis=0) - ordered
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    if turns.min() <= 1e-6:
        raise ValueError(
            f"{field}: the corners {corners.tolist()} make no quadrilateral, as one of them lies between the others; "
            "give the four outer corners of a flat surface"
        )
    return ordered
