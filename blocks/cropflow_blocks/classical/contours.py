"""Outlines of the bright regions of a black-and-white picture."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.classical.ports import Picture, grey

_MAGENTA = (255, 0, 255)


class ContoursDetection(Block):
    """Find and draw the outer outlines of all regions that are not black.

    Make the picture black and white first (`threshold`): every pixel above 0 counts as part of a region, so an ordinary
    photograph is one region. Holes have no outline of their own. Where all is black, the lists are empty.
    """

    type = "contours_detection@v1"
    aliases = ("roboflow_core/contours_detection@v1",)

    class Output(NamedTuple):
        """What was found."""

        image: Annotated[Image, Port("the picture in grey with the outlines drawn on it in magenta")]
        contours: Annotated[
            list[NDArray[Any]], KINDS["contours"], Port("n×1×2 corners (x, y) in pixels of each outline")
        ]
        hierarchy: Annotated[
            NDArray[Any],
            KINDS["numpy_array"],
            Port("1×n×4: for each outline the next, the previous, child, parent; -1 for none"),
        ]
        number_contours: Annotated[int, Port("how many outlines there are")]

    def run(
        self,
        image: Picture,
        line_thickness: Annotated[
            Annotated[int, Field(ge=-1, le=1000)],
            Port("width of the drawn lines in pixels; 0 draws nothing, -1 fills the regions"),
        ] = 3,
    ) -> Output:
        """Find and draw."""
        pixels = grey(image)
        contours, hierarchy = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found = [np.asarray(contour) for contour in contours]
        tree = np.zeros((1, 0, 4), np.int32) if hierarchy is None else np.asarray(hierarchy)
        drawn = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
        if line_thickness:
            cv2.drawContours(drawn, found, -1, _MAGENTA, line_thickness)
        return self.Output(image.with_pixels(drawn), found, tree, len(found))
