"""Tints the pixels of every object, or of every class."""

from __future__ import annotations

from typing import Annotated

import supervision as sv
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Drawn, Picture, draw


class MaskVisualization(Block):
    """Lay a tint over the mask of every detection.

    The input picture stays as it is. Masks found on a crop of the picture are drawn where the crop was cut
    from. A picture without detections passes through.
    """

    type = "mask_visualization@v1"
    aliases = ("roboflow_core/mask_visualization@v1", "MaskVisualization")

    def run(
        self,
        image: Picture,
        predictions: Annotated[
            Detections,
            KINDS["instance_segmentation_prediction"],
            KINDS["rle_instance_segmentation_prediction"],
            KINDS["semantic_segmentation_prediction"],
            Port("what to draw; masks found on a crop of the picture are moved to it"),
        ],
        look: Look,
        opacity: Annotated[ZeroToOne, Port("0 shows the picture alone, 1 the tint alone")] = 0.5,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        return draw(image, predictions, sv.MaskAnnotator(**colors, opacity=opacity).annotate)
