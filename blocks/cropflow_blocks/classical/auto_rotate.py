"""Turning a picture so that its edges are upright or level, such as lines of text or shelves."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.image_preprocessing import rotated
from cropflow_blocks.classical.ports import Picture, grey

Orientation = Literal["vertical", "horizontal", "either"]
Degrees = Annotated[float, Field(ge=0, le=90)]

_BINS = 720  # quarters of a degree
_NEAR = 12  # bins on both sides of the peak, 3 degrees


class AutoRotateOnEdges(Block):
    """Rotate a picture so that most of its edges stand upright or lie level.

    The direction that most edges have is measured, and the picture is turned by the smallest angle that makes it
    vertical, horizontal, or whichever is nearer. The canvas grows to hold all of the picture; corners are black. A
    picture without edges, or one that would be turned by too little or too much, passes through with angle 0.

    No way leads back from a rotated picture: predictions made on it stay in its own pixels.
    """

    type = "auto_rotate_on_edges@v1"
    aliases = ("roboflow_core/auto_rotate_on_edges@v1",)

    class Output(NamedTuple):
        """The rotated picture."""

        image: Annotated[Image, Port("the rotated picture; the picture as it came where the angle is 0")]
        angle: Annotated[float, Port("by how many degrees it was rotated, counter-clockwise")]

    def run(
        self,
        image: Picture,
        target_orientation: Annotated[Orientation, Port("what the edges should become")] = "vertical",
        skip_below_degrees: Annotated[Degrees, Port("smaller angles are left alone")] = 0.4,
        max_correction_degrees: Annotated[Degrees, Port("larger angles are left alone")] = 90.0,
        internal_resolution: Annotated[
            Annotated[int, Field(ge=16, le=10_000)], Port("longer side in pixels at which edges are measured, at most")
        ] = 1000,
    ) -> Output:
        """Rotate."""
        direction = _direction(_shrunk(grey(image), internal_resolution))
        if direction is None:
            return self.Output(image, 0.0)
        turns = {"horizontal": _turn(-direction), "vertical": _turn(90 - direction)}
        angle = turns.get(target_orientation, min(turns.values(), key=abs))
        if not skip_below_degrees <= abs(angle) <= max_correction_degrees or angle == 0:
            return self.Output(image, 0.0)
        return self.Output(rotated(image, angle), angle)


def _turn(angle: float) -> float:
    """Return the same turn of a line from −90 (exclusive) to 90 degrees."""
    return 90 - (90 - angle) % 180


def _shrunk(pixels: Pixels, longer: int) -> Pixels:
    scale = min(1.0, longer / max(pixels.shape))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _direction(pixels: Pixels) -> float | None:
    """Return the angle of most edges in degrees, counter-clockwise from level, 0 to 180; `None` without edges.

    A segment counts by the square of its length: ruled lines and rims tell more than the strokes of letters.
    """
    segments = cv2.createLineSegmentDetector().detect(pixels)[0]
    if segments is None:
        return None
    x0, y0, x1, y1 = np.asarray(segments, np.float64).reshape(-1, 4).T
    return _peak(np.degrees(np.arctan2(y0 - y1, x1 - x0)) % 180, (x1 - x0) ** 2 + (y1 - y0) ** 2)


def _peak(angles: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the middle of the highest hill among angles from 0 to 180, which is a circle."""
    step = 180 / _BINS
    counts = np.bincount((angles / step).astype(int) % _BINS, weights, _BINS)
    ring = np.concatenate((counts[-_NEAR:], counts, counts[:_NEAR]))
    bell = np.exp(-0.5 * (np.arange(-_NEAR, _NEAR + 1) * step) ** 2)
    top = (np.convolve(ring, bell, mode="valid").argmax() + 0.5) * step
    offsets = (angles - top + 90) % 180 - 90
    near = np.abs(offsets) <= _NEAR * step
    return float((top + np.average(offsets[near], weights=weights[near])) % 180)
