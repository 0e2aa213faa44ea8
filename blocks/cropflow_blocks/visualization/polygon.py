"""Draws the outline of every mask, in the two versions that existing documents use; they draw the same."""

from __future__ import annotations

from typing import Annotated

import supervision as sv
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.kinds import KINDS
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Drawn, Picture, Thickness, draw

Outlined = Annotated[
    Detections,
    KINDS["instance_segmentation_prediction"],
    KINDS["rle_instance_segmentation_prediction"],
    Port("what to draw; masks found on a crop of the picture are moved to it"),
]


class PolygonVisualizationV1(Block):
    """Draw a line around the mask of every detection.

    The input picture stays as it is. Masks found on a crop of the picture are drawn where the crop was cut
    from. A picture without detections passes through.
    """

    type = "polygon_visualization@v1"
    aliases = ("roboflow_core/polygon_visualization@v1", "PolygonVisualization")

    def run(
        self,
        image: Picture,
        predictions: Outlined,
        look: Look,
        thickness: Thickness = 2,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        return draw(image, predictions, sv.PolygonAnnotator(**colors, thickness=thickness).annotate)


class PolygonVisualizationV2(Block):
    """Draw a line around the mask of every detection.

    The input picture stays as it is. Masks found on a crop of the picture are drawn where the crop was cut
    from. A picture without detections passes through.
    """

    type = "polygon_visualization@v2"
    aliases = ("roboflow_core/polygon_visualization@v2",)

    def run(
        self,
        image: Picture,
        predictions: Outlined,
        look: Look,
        thickness: Thickness = 2,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        return draw(image, predictions, sv.PolygonAnnotator(**colors, thickness=thickness).annotate)
