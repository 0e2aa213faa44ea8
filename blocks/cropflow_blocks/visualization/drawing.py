"""What all visualisations share: their fields, and drawing on a copy with the boxes where they belong.

A new visualisation is a `run` that lists its fields, builds one annotator of supervision and calls `draw`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field
from supervision import Detections

from cropflow.block import Port
from cropflow.detections import onto, take
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow.image.rounding import whole_boxes
from cropflow.kinds import ZeroToOne
from cropflow_blocks.anchors import AnyAnchor
from cropflow_blocks.visualization.colors import CopyImage

Picture = Annotated[Image, Port("the picture to draw on", alias="images")]
Boxes = Annotated[Detections, Port("what to draw; boxes found on a crop of the picture are moved to it")]
Anchor = Annotated[
    AnyAnchor,
    Port("the point of the box it is drawn at; CENTER_OF_MASS needs masks"),
]
Opacity = Annotated[ZeroToOne, Port("0 shows the picture alone, 1 what is drawn on it alone")]
Thickness = Annotated[int, Field(ge=1, le=1000), Port("width of the lines in pixels")]

__all__ = ["Anchor", "Boxes", "CopyImage", "Drawn", "Opacity", "Picture", "Thickness", "draw", "on_picture"]
_MARGIN = 1_000_000
"""How far beyond the picture a box is drawn, in pixels: seen by nobody, and within what OpenCV counts with."""


class Drawn(NamedTuple):
    """The picture with something drawn on it."""

    image: Annotated[Image, Port("a copy of the picture with the predictions drawn on it")]


def draw(image: Image, predictions: Detections, paint: Callable[[Pixels, Detections], Any]) -> Drawn:
    """Draw on a copy of the picture.

    Args:
        image: left as it is.
        predictions: nothing is copied or drawn where there are none. Boxes found on a crop of the picture, or on what
            it was cut from, are moved to it.
        paint: draws on h×w×3 BGR pixels in place; gets the predictions in the pixels of `image`, without boxes that
            are not finite, and with those that reach absurdly far cut off out of sight.
    """
    found = _drawable(onto(predictions, image.origin), image) if len(predictions) else predictions
    if not len(found):
        return Drawn(image)
    scene = image.bgr.copy()
    paint(scene, found)
    return Drawn(image.with_pixels(scene))


def on_picture(found: Detections, width: int, height: int) -> Detections:
    """Return the parts of boxes that lie on a picture, in whole pixels; boxes without any are left out."""
    boxes, seen = whole_boxes(found.xyxy, width, height)
    kept = take(found, seen)
    kept.xyxy = boxes[seen].astype(np.float32)
    return kept


def _drawable(predictions: Detections, image: Image) -> Detections:
    found = take(predictions, np.isfinite(predictions.xyxy).all(axis=1))
    far = np.array([image.width, image.height, image.width, image.height]) + _MARGIN
    found.xyxy = found.xyxy.clip(-_MARGIN, far)
    return found
