"""SIFT: points of a picture that are found again when it is turned, scaled or seen from elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.classical.ports import Picture, grey

Keypoints = Annotated[
    list[Any],
    KINDS["image_keypoints"],
    Port("one mapping per point: pt (x, y in pixels), size, angle, response, octave, class_id"),
]
Descriptors = Annotated[NDArray[Any], KINDS["numpy_array"], Port("n×128 numbers, a row for each key point")]

_GREEN = (0, 255, 0)
_LENGTH = 128


class Features(NamedTuple):
    """The salient points of a picture, as OpenCV has them, and a descriptor of each."""

    points: tuple[cv2.KeyPoint, ...]
    descriptors: NDArray[Any]

    def as_list(self) -> list[dict[str, Any]]:
        """Return the points as existing documents read them."""
        names = ("pt", "size", "angle", "response", "octave", "class_id")
        return [{name: getattr(point, name) for name in names} for point in self.points]

    def drawn(self, image: Image) -> Image:
        """Return a copy of the picture with the points drawn on it."""
        drawn = image.bgr.copy()
        cv2.drawKeypoints(drawn, self.points, drawn, _GREEN)
        return image.with_pixels(drawn)


def features(image: Image) -> Features:
    """Find the salient points of a picture; a plain one has none, and 0×128 descriptors."""
    points, descriptors = cv2.SIFT_create().detectAndCompute(grey(image), None)  # type: ignore[attr-defined]
    return Features(tuple(points), np.zeros((0, _LENGTH), np.float32) if descriptors is None else descriptors)


class Sift(Block):
    """Find salient points of a picture (SIFT) and describe them, so that pictures can be compared.

    A plain picture has no such points: the list is empty, and the descriptors are 0×128.
    """

    type = "sift@v1"
    aliases = ("roboflow_core/sift@v1",)

    class Output(NamedTuple):
        """What was found."""

        image: Annotated[Image, Port("a copy of the picture with the points drawn on it")]
        keypoints: Keypoints
        descriptors: Descriptors

    def run(self, image: Picture) -> Output:
        """Find and describe."""
        found = features(image)
        return self.Output(found.drawn(image), found.as_list(), found.descriptors)
