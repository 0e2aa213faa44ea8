"""Shows every detection enlarged beside its box."""

from __future__ import annotations

from typing import Annotated

import supervision as sv
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Anchor, Boxes, Drawn, Picture, draw, on_picture


class CropVisualization(Block):
    """Draw the inside of every box once more, enlarged and framed, at a point of the box."""

    type = "crop_visualization@v1"
    aliases = ("roboflow_core/crop_visualization@v1", "CropVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        position: Anchor = "TOP_CENTER",
        scale_factor: Annotated[float, Field(gt=0, le=100), Port("how much larger it is drawn")] = 2.0,
        border_thickness: Annotated[int, Field(ge=0, le=1000), Port("width of the frame in pixels")] = 2,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        annotator = sv.CropAnnotator(
            position=sv.Position[position],
            scale_factor=scale_factor,
            border_color=colors["color"],
            border_thickness=border_thickness,
            border_color_lookup=colors["color_lookup"],
        )

        def paint(scene: Pixels, found: Detections) -> None:
            height, width = scene.shape[:2]
            annotator.annotate(scene, on_picture(found, width, height))

        return draw(image, predictions, paint)
