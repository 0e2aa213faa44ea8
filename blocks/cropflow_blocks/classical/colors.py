"""Colours of a picture: the one most of it has, and how much of it has a given one."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import Color
from cropflow_blocks.classical.image_preprocessing import resized
from cropflow_blocks.classical.ports import Picture

_CLOSE_ENOUGH = 0.1


class DominantColor(Block):
    """Find the colour that most of a picture has.

    The picture is scaled down, its pixels are grouped by colour (k-means), and the mean colour of the largest group is
    the answer. The same picture always gives the same answer.
    """

    type = "dominant_color@v1"
    aliases = ("roboflow_core/dominant_color@v1",)

    class Output(NamedTuple):
        """The colour."""

        rgb_color: Annotated[Color, Port("red, green and blue from 0 to 255")]

    def run(
        self,
        image: Picture,
        color_clusters: Annotated[
            Annotated[int, Field(gt=0, le=10)], Port("how many groups of colours; 1 gives the mean colour")
        ] = 4,
        max_iterations: Annotated[
            Annotated[int, Field(gt=0, le=500)], Port("how often the groups are improved at most")
        ] = 100,
        target_size: Annotated[
            Annotated[int, Field(gt=0, le=250)], Port("the longer side in pixels after scaling down")
        ] = 100,
    ) -> Output:
        """Find it."""
        points = _shrunk(image, target_size).bgr.reshape(-1, 3).astype(np.float32)
        blue, green, red = np.rint(_largest_group(points, color_clusters, max_iterations)).astype(int).tolist()
        return self.Output((red, green, blue))


def _largest_group(points: NDArray[np.float32], clusters: int, iterations: int) -> NDArray[Any]:
    """Return the mean of the largest of at most `clusters` groups of n×3 points."""
    labels = _first_groups(points, clusters)
    count = int(labels.max()) + 1
    if count == 1:  # of a single point OpenCV would take the three numbers for three points
        return np.asarray(points.mean(axis=0))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, iterations, _CLOSE_ENOUGH)
    _, groups, centers = cv2.kmeans(points, count, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return np.asarray(centers[np.bincount(np.ravel(groups)).argmax()])


def _shrunk(image: Image, longer: int) -> Image:
    scale = longer / max(image.width, image.height)
    if scale >= 1:
        return image
    return resized(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))


def _first_groups(points: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Group points around the most distant ones: no chance is involved, and equal colours are never told apart."""
    nearest = ((points - points.mean(axis=0)) ** 2).sum(axis=1)
    center = points[nearest.argmin()]
    distance = ((points - center) ** 2).sum(axis=1)
    labels = np.zeros((len(points), 1), np.int32)
    for group in range(1, count):
        if distance.max() == 0:
            break
        other = ((points - points[distance.argmax()]) ** 2).sum(axis=1)
        labels[other < distance] = group
        distance = np.minimum(distance, other)
    return labels


class PixelColorCount(Block):
    """Count the pixels of a picture that have a given colour, or nearly so."""

    type = "pixel_color_count@v1"
    aliases = ("roboflow_core/pixel_color_count@v1",)

    class Output(NamedTuple):
        """The count."""

        matching_pixels_count: Annotated[int, Port("how many pixels match")]

    def run(
        self,
        image: Picture,
        target_color: Annotated[Color, Port("the colour: '#rrggbb', '(red, green, blue)' or [red, green, blue]")],
        tolerance: Annotated[
            Annotated[int, Field(ge=0, le=255)],
            Port("how far red, green and blue may each be from it; 0 takes this colour alone"),
        ] = 10,
    ) -> Output:
        """Count."""
        wanted: Any = np.array(target_color[::-1], int)
        return self.Output(cv2.countNonZero(cv2.inRange(image.bgr, wanted - tolerance, wanted + tolerance)))
