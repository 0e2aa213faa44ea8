"""Hides what nobody should recognise: faces, number plates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow_blocks.visualization.drawing import Boxes, CopyImage, Drawn, Picture, draw, on_picture

Size = Annotated[int, Field(ge=1, le=10_000)]


class BlurVisualization(Block):
    """Blur the inside of every box. A box smaller than the kernel becomes an even colour."""

    type = "blur_visualization@v1"
    aliases = ("roboflow_core/blur_visualization@v1", "BlurVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        copy_image: CopyImage = True,
        kernel_size: Annotated[Size, Port("side of the square that is averaged, in pixels; larger blurs more")] = 15,
        padding: Annotated[int, Field(ge=0, le=10_000), Port("pixels around a box that are blurred too")] = 0,
    ) -> Drawn:
        """Blur."""
        return _changed(image, predictions, lambda part: cv2.blur(part, (kernel_size, kernel_size)), padding)


class PixelateVisualization(Block):
    """Show the inside of every box in large squares."""

    type = "pixelate_visualization@v1"
    aliases = ("roboflow_core/pixelate_visualization@v1", "PixelateVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        copy_image: CopyImage = True,
        pixel_size: Annotated[Size, Port("side of a square in pixels")] = 20,
    ) -> Drawn:
        """Pixelate."""

        def coarse(part: Pixels) -> NDArray[Any]:
            height, width = part.shape[:2]
            few = max(1, round(width / pixel_size)), max(1, round(height / pixel_size))
            small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
            return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)

        return _changed(image, predictions, coarse)


def _changed(image: Picture, predictions: Boxes, change: Callable[[Pixels], NDArray[Any]], padding: int = 0) -> Drawn:
    """Change the pixels of the part of every box that lies on the picture."""

    def paint(scene: Pixels, found: Boxes) -> None:
        found.xyxy = found.xyxy + np.array([-padding, -padding, padding, padding])
        height, width = scene.shape[:2]
        for left, top, right, bottom in on_picture(found, width, height).xyxy.astype(int).tolist():
            scene[top:bottom, left:right] = change(scene[top:bottom, left:right])

    return draw(image, predictions, paint)
