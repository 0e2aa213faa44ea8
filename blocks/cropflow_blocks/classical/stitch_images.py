"""Two overlapping pictures joined into one, by the points that both show."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow_blocks.classical.sift import Features, features

_RATIO = 0.75
_LEAST = 4
_SPREAD = 8
"""The joined picture may be this many times as large as both together; more means that the points do not fit."""


class StitchImages(Block):
    """Join two pictures that overlap, such as photographs taken side by side.

    The second picture is laid into the plane of the first by their common salient points (SIFT); the first lies on top
    and keeps its scale, and what neither shows is black. Where too few points match, the result is missing. Predictions
    made on it stay in its own pixels.
    """

    type = "stitch_images@v1"
    aliases = ("roboflow_core/stitch_images@v1",)

    class Output(NamedTuple):
        """The joined picture."""

        stitched_image: Annotated[
            Image | None, Port("both pictures as one, under the id of the first; missing where they do not fit")
        ]

    def run(
        self,
        image1: Annotated[Image, Port("the picture that stays as it is")],
        image2: Annotated[Image, Port("the picture that is laid beside it")],
        max_allowed_reprojection_error: Annotated[
            Annotated[float, Field(ge=0, le=1000)], Port("how far common points may lie apart after joining, in pixels")
        ] = 3,
        count_of_best_matches_per_query_descriptor: Annotated[
            Annotated[int, Field(ge=1, le=100)],
            Port("1 trusts every best match; from 2 on, matches that have a rival are dropped"),
        ] = 2,
    ) -> Output:
        """Join."""
        rivals = count_of_best_matches_per_query_descriptor > 1
        plane = _plane(features(image1), features(image2), max_allowed_reprojection_error, rivals)
        return self.Output(None if plane is None else _joined(image1, image2, plane))


def _plane(first: Features, second: Features, error: float, rivals: bool) -> NDArray[Any] | None:
    """Return the 3×3 homography from the second picture to the first; `None` where they do not fit."""
    if min(len(first.points), len(second.points)) < _LEAST:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(second.descriptors, first.descriptors, k=2)
    good = [best for best, rival in pairs if not rivals or best.distance < _RATIO * rival.distance]
    if len(good) < _LEAST:
        return None
    source = np.array([second.points[match.queryIdx].pt for match in good], np.float32)
    target = np.array([first.points[match.trainIdx].pt for match in good], np.float32)
    plane, fitting = cv2.findHomography(source, target, cv2.RANSAC, error)
    known = plane is not None and np.count_nonzero(fitting) >= _LEAST and np.isfinite(plane).all()
    return np.asarray(plane) if known else None


def _joined(image1: Image, image2: Image, plane: NDArray[Any]) -> Image | None:
    """Lay both pictures on one canvas; `None` where the second would come out absurdly large."""
    frame = _frame(image1, image2, plane)
    if frame is None:
        return None
    left, top, right, bottom = frame
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64)
    canvas = np.array(cv2.warpPerspective(image2.bgr, shift @ plane, (right - left, bottom - top)))
    canvas[-top : image1.height - top, -left : image1.width - left] = image1.bgr
    return image1.warped(canvas)


def _frame(image1: Image, image2: Image, plane: NDArray[Any]) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of both pictures together, in pixels of the first."""
    wide, high = image2.width, image2.height
    corners = np.array([[0, 0, 1], [wide, 0, 1], [wide, high, 1], [0, high, 1]]) @ plane.T
    if corners[:, 2].min() <= 0:  # a corner beyond the horizon
        return None
    places = np.vstack((corners[:, :2] / corners[:, 2:], [[0, 0], [image1.width, image1.height]]))
    start, end = np.rint(places.min(axis=0)), np.rint(places.max(axis=0))
    if not (end - start).prod() <= _SPREAD * (wide * high + image1.width * image1.height):
        return None
    return int(start[0]), int(start[1]), int(end[0]), int(end[1])
