"""What all visualisations share: their fields, and drawing on a copy with the boxes where they belong.

A new visualisation is a `run` that lists its fields, builds one annotator of supervision and calls `draw`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from supervision import Detections

from cropflow.block import Port
from cropflow.detections import into, to_root
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow.image.origin import Origin

Picture = Annotated[Image, Port("the picture to draw on", alias="images")]
Boxes = Annotated[Detections, Port("what to draw; boxes found on a crop of the picture are moved to it")]
CopyImage = Annotated[bool, Port("accepted for existing documents; the input is never drawn on")]
Thickness = Annotated[int, Port("width of the lines in pixels")]


class Drawn(NamedTuple):
    """The picture with something drawn on it."""

    image: Annotated[Image, Port("a copy of the picture with the predictions drawn on it")]


def draw(image: Image, predictions: Detections, paint: Callable[[Pixels, Detections], Any]) -> Drawn:
    """Draw on a copy of the picture.

    Args:
        image: left as it is.
        predictions: nothing is copied or drawn where there are none.
        paint: draws on h×w×3 BGR pixels in place; gets the predictions in the pixels of `image`.
    """
    if not len(predictions):
        return Drawn(image)
    scene = image.bgr.copy()
    paint(scene, placed(predictions, image))
    return Drawn(image.with_pixels(scene))


def placed(predictions: Detections, image: Image) -> Detections:
    """Return the predictions in the pixels of the image.

    They are moved where both go back to the same input picture: from a crop to the whole, from the whole
    into a crop, or from one crop to another. Others are taken to be in the pixels of the image already.
    """
    source: Origin | None = predictions.metadata.get("origin")
    target = image.origin
    if source is None or source == target or source.root != target.root:
        return predictions
    on_root = Origin(target.id, target.width, target.height, target.root, target.to_root)
    return into(to_root(predictions), on_root)
