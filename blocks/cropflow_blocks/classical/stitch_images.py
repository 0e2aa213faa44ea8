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
    wide, high = image2.width, image2.height
    border = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    depths = np.hstack((border, np.ones((4, 1)))) @ plane[2]
    if depths.min() <= 0:  # a corner beyond the horizon
        return None
    corners = np.vstack(
        (np.asarray(cv2.perspectiveTransform(border[None], plane))[0], [[0, 0], [image1.width, image1.height]])
    )
    left, top = np.floor(corners.min(axis=0) + 1e-3)
    right, bottom = np.ceil(corners.max(axis=0) - 1e-3)
    if (right - left) * (bottom - top) > _SPREAD * (wide * high + image1.width * image1.height):
        return None
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]])
    canvas = np.array(cv2.warpPerspective(image2.bgr, shift @ plane, (int(right - left), int(bottom - top))))
    x, y = int(-left), int(-top)
    canvas[y : y + image1.height, x : x + image1.width] = image1.bgr
    return image1.warped(canvas)
