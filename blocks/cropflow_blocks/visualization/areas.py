"""Tints, glows and covers: visualisations of whole areas, inside of boxes and masks or around them."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
import supervision as sv
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow.kinds import KINDS
from cropflow_blocks.visualization.colors import ColorText, Look, to_color
from cropflow_blocks.visualization.drawing import Boxes, CopyImage, Drawn, Opacity, Picture, draw

Masked = Annotated[
    Detections,
    KINDS["instance_segmentation_prediction"],
    KINDS["rle_instance_segmentation_prediction"],
    Port("what to draw; masks found on a crop of the picture are moved to it"),
]


class ColorVisualization(Block):
    """Lay a tint over the box of every detection."""

    type = "color_visualization@v1"
    aliases = ("roboflow_core/color_visualization@v1", "ColorVisualization")

    def run(self, image: Picture, predictions: Boxes, look: Look, opacity: Opacity = 0.5) -> Drawn:
        """Draw."""
        return draw(image, predictions, sv.ColorAnnotator(**look.of(predictions), opacity=opacity).annotate)


class Halo(Block):
    """What both versions share; it has no `run`."""

    def glow(self, image: Picture, predictions: Detections, look: Look, opacity: float, kernel_size: int) -> Drawn:
        """Draw a glow around the masks.

        It is not supervision's, whose colours fade to black instead of to the picture.
        """
        tint = sv.MaskAnnotator(**look.of(predictions), opacity=1)
        shape = sv.MaskAnnotator(sv.Color.WHITE, opacity=1)
        size = (kernel_size, kernel_size)

        def paint(scene: Pixels, found: Detections) -> None:
            black = np.zeros_like(scene)
            inside = shape.annotate(black.copy(), found)[:, :, :1] > 0
            near = cv2.blur(inside.astype(np.float32), size)[:, :, None]
            color = cv2.blur(tint.annotate(black, found).astype(np.float32), size) / np.maximum(near, 1e-6)
            glow = np.where(inside, 0, near)
            alpha = opacity * glow / max(float(glow.max()), 1e-6)
            scene[:] = np.rint(scene * (1 - alpha) + color.clip(0, 255) * alpha)

        return draw(image, predictions, paint)


Kernel = Annotated[int, Field(ge=1, le=1000), Port("how far the glow reaches, in pixels")]


class HaloVisualizationV1(Halo):
    """Draw a glow around the mask of every detection."""

    type = "halo_visualization@v1"
    aliases = ("roboflow_core/halo_visualization@v1", "HaloVisualization")

    def run(
        self, image: Picture, predictions: Masked, look: Look, opacity: Opacity = 0.8, kernel_size: Kernel = 40
    ) -> Drawn:
        """Draw."""
        return self.glow(image, predictions, look, opacity, kernel_size)


class HaloVisualizationV2(Halo):
    """Draw a glow around the mask of every detection; draws as version 1."""

    type = "halo_visualization@v2"
    aliases = ("roboflow_core/halo_visualization@v2",)

    def run(
        self, image: Picture, predictions: Masked, look: Look, opacity: Opacity = 0.8, kernel_size: Kernel = 40
    ) -> Drawn:
        """Draw."""
        return self.glow(image, predictions, look, opacity, kernel_size)


class BackgroundColorVisualization(Block):
    """Cover everything that is no detection: what lies outside of all masks, or of all boxes where there are none.

    A picture without detections is not covered.
    """

    type = "background_color_visualization@v1"
    aliases = ("roboflow_core/background_color_visualization@v1", "BackgroundColorVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        copy_image: CopyImage = True,
        color: Annotated[ColorText, Port("colour of the cover")] = "BLACK",
        opacity: Opacity = 0.5,
    ) -> Drawn:
        """Draw."""
        annotator = sv.BackgroundOverlayAnnotator(color=to_color(color), opacity=opacity)
        return draw(image, predictions, annotator.annotate)
