"""Draws the outline of every box, with square or round corners."""

from __future__ import annotations

from typing import Annotated

import supervision as sv

from cropflow.block import Block, Port
from cropflow.kinds import ZeroToOne
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Boxes, Drawn, Picture, Thickness, draw


class BoundingBoxVisualization(Block):
    """Draw a rectangle around every detection.

    The input picture stays as it is. Boxes found on a crop of the picture are drawn where the crop was cut
    from. A picture without detections passes through.
    """

    type = "bounding_box_visualization@v1"
    aliases = ("roboflow_core/bounding_box_visualization@v1", "BoundingBoxVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        thickness: Thickness = 2,
        roundness: Annotated[ZeroToOne, Port("0 draws square corners, 1 the roundest")] = 0.0,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        annotator = (
            sv.RoundBoxAnnotator(**colors, thickness=thickness, roundness=roundness)
            if roundness > 0
            else sv.BoxAnnotator(**colors, thickness=thickness)
        )
        return draw(image, predictions, annotator.annotate)
