"""Growing and shrinking of bright regions; both versions are one function on other pixels."""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.filters import KernelSize
from cropflow_blocks.classical.ports import Filtered, Picture, grey, plain

Operation = Literal["Erosion", "Dilation", "Opening", "Closing", "Gradient", "Top Hat", "Black Hat"]
OperationV2 = Literal[
    "Erosion", "Dilation", "Opening", "Closing", "Opening then Closing", "Gradient", "Top Hat", "Black Hat"
]
Kernel = Annotated[KernelSize, Port("side of the square that slides over the picture, in pixels; 1 changes nothing")]

_OPERATIONS = {
    "Erosion": (cv2.MORPH_ERODE,),
    "Dilation": (cv2.MORPH_DILATE,),
    "Opening": (cv2.MORPH_OPEN,),
    "Closing": (cv2.MORPH_CLOSE,),
    "Opening then Closing": (cv2.MORPH_OPEN, cv2.MORPH_CLOSE),
    "Gradient": (cv2.MORPH_GRADIENT,),
    "Top Hat": (cv2.MORPH_TOPHAT,),
    "Black Hat": (cv2.MORPH_BLACKHAT,),
}


class MorphologicalTransformation(Block):
    """Grow or shrink the bright regions of a picture; the result is always grey.

    `Erosion` shrinks bright regions, `Dilation` grows them. `Opening` removes small bright specks, `Closing` small dark
    ones. `Gradient` leaves outlines, `Top Hat` what opening would remove, `Black Hat` what closing would fill.
    """

    type = "morphological_transformation@v1"
    aliases = ("roboflow_core/morphological_transformation@v1",)

    def run(
        self,
        image: Picture,
        kernel_size: Kernel = 5,
        operation: Annotated[Operation, Port("what to do")] = "Closing",
    ) -> Filtered:
        """Transform."""
        return Filtered(image.with_pixels(_transformed(grey(image), operation, kernel_size)))


class MorphologicalTransformationV2(Block):
    """Grow or shrink the bright regions of a picture, each channel by itself.

    As version 1, but a colour picture stays one, and `Opening then Closing` removes specks of both kinds. Grey pictures
    stay grey; transparency is dropped.
    """

    type = "morphological_transformation@v2"
    aliases = ("roboflow_core/morphological_transformation@v2",)

    def run(
        self,
        image: Picture,
        kernel_size: Kernel = 5,
        operation: Annotated[OperationV2, Port("what to do")] = "Opening then Closing",
    ) -> Filtered:
        """Transform."""
        return Filtered(image.with_pixels(_transformed(plain(image), operation, kernel_size)))


def _transformed(pixels: Pixels, operation: str, size: int) -> Pixels:
    kernel = np.ones((size, size), np.uint8)
    for step in _OPERATIONS[operation]:
        pixels = np.asarray(cv2.morphologyEx(pixels, step, kernel), np.uint8)
    return pixels
