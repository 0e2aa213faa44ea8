"""Outlines of masks with few corners: what dynamic_zone makes of an object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.int32]
"""All pixels of an outline, n×2, counter-clockwise as seen."""


def corners_of(outline: Outline, count: int) -> tuple[list[int], bool]:
    """Choose corners of the convex hull of an outline, as positions in it, and tell whether simplifying gave `count`.

    Where it skips the number, corners that matter least are left out; where the hull has too few, the last is repeated.
    """
    hull = np.sort(np.asarray(cv2.convexHull(outline, returnPoints=False), np.intp).ravel())
    simple = _approximated(outline, hull, count)
    if len(simple) == count:
        return simple.tolist(), True
    places = hull.tolist()
    while len(places) > count:
        del places[_least(outline[places])]
    return places + places[-1:] * (count - len(places)), False


def _approximated(outline: Outline, hull: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Simplify the hull until `count` corners are left, or as near to it as simplifying comes."""
    low, high = 0.0, float(np.ptp(outline, axis=0).sum()) + 1
    best = hull
    for _ in range(40):
        middle = (low + high) / 2
        points = cv2.approxPolyDP(outline[hull], middle, True).reshape(-1, 2)
        best = hull[(outline[hull][:, None] == points[None]).all(axis=2).any(axis=1)]
        if len(best) == count:
            break
        low, high = (middle, high) if len(best) > count else (low, middle)
    return best


def _least(points: Outline) -> int:
    """Return the corner whose triangle with its neighbours has the least area."""
    before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
    return int(np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]).argmin())


def fitted(outline: Outline, places: list[int], fraction: float) -> NDArray[np.float64]:
    """Return corners where lines meet that are fitted to the outline between corners.

    Args:
        outline: n×2 pixels.
        places: of the corners in it, ascending.
        fraction: how much of each stretch counts, around its middle.
    """
    corners = outline[places].astype(float)
    if len(set(places)) < len(places):
        return corners
    lines = [_line(_stretch(outline, a, b), fraction) for a, b in zip(places, places[1:] + places[:1], strict=True)]
    meets = zip(lines[-1:] + lines[:-1], lines, corners, strict=True)
    return np.array([_meeting(before, after, corner) for before, after, corner in meets])


def _stretch(outline: Outline, start: int, end: int) -> Outline:
    return outline[start : end + 1] if start < end else np.vstack((outline[start:], outline[: end + 1]))


def _line(points: Outline, fraction: float) -> NDArray[np.float64]:
    """Return direction and a point of the line nearest to points."""
    cut = min(round(len(points) * (1 - fraction) / 2), (len(points) - 2) // 2)
    middle = points[cut : len(points) - cut].astype(np.float32)
    line: NDArray[np.float64] = cv2.fitLine(middle, cv2.DIST_L2, 0, 0.01, 0.01).ravel().astype(float)
    return line


def _meeting(one: NDArray[np.float64], other: NDArray[np.float64], corner: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where two lines meet; the corner where they are nearly parallel."""
    cross = one[0] * other[1] - one[1] * other[0]
    if abs(cross) < 0.05:
        return corner
    apart = other[2:] - one[2:]
    met: NDArray[np.float64] = one[2:] + one[:2] * (apart[0] * other[1] - apart[1] * other[0]) / cross
    return met


def scaled(corners: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """Scale a polygon around its centre of area."""
    moments = cv2.moments(corners.astype(np.float32))
    area = moments["m00"]
    centre = np.array([moments["m10"], moments["m01"]]) / area if area else corners.mean(axis=0)
    return centre + (corners - centre) * ratio
