"""Shows where two models agree and where they do not."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.detections import mask_inside, onto
from cropflow.image.rounding import whole_boxes
from cropflow_blocks.visualization.colors import ColorText, to_color
from cropflow_blocks.visualization.drawing import CopyImage, Drawn, Opacity, Picture

Found = Annotated[Detections, Port("what one of the models found")]


class ModelComparisonVisualization(Block):
    """Tint what only one of two models found, and cover what none of them did; where both agree the picture stays.

    Masks count where both predictions have them, otherwise boxes.
    """

    type = "model_comparison_visualization@v1"
    aliases = ("roboflow_core/model_comparison_visualization@v1",)

    def run(
        self,
        image: Picture,
        predictions_a: Found,
        predictions_b: Found,
        copy_image: CopyImage = True,
        color_a: Annotated[ColorText, Port("tint of what only the first model found")] = "GREEN",
        color_b: Annotated[ColorText, Port("tint of what only the second model found")] = "RED",
        background_color: Annotated[ColorText, Port("cover of what neither found")] = "BLACK",
        opacity: Opacity = 0.7,
    ) -> Drawn:
        """Draw."""
        founds = [onto(found, image.origin) for found in (predictions_a, predictions_b)]
        masks = all(found.mask is not None or not len(found) for found in founds)
        one, other = (_area(found, image.width, image.height, masks) for found in founds)
        scene = image.bgr.astype(np.float32)
        for where, color in ((one & ~other, color_a), (other & ~one, color_b), (~one & ~other, background_color)):
            scene[where] = scene[where] * (1 - opacity) + np.array(to_color(color).as_bgr()) * opacity
        return Drawn(image.with_pixels(np.rint(scene).astype(np.uint8)))


def _area(found: Detections, width: int, height: int, masks: bool) -> NDArray[np.bool_]:
    """Return which pixels of a picture lie in any of the boxes or masks."""
    area = np.zeros((height, width), bool)
    boxes, seen = whole_boxes(found.xyxy, width, height)
    for i in np.flatnonzero(seen).tolist():
        left, top, right, bottom = boxes[i].tolist()
        if masks and found.mask is not None:
            area[top:bottom, left:right] |= mask_inside(found.mask, i, left, top, right - left, bottom - top)
        else:
            area[top:bottom, left:right] = True
    return area
