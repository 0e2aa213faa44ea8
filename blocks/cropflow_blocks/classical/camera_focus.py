"""How sharp a picture is, as one number; version 2 also shows it on the picture."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Setting
from cropflow.detections import onto
from cropflow.image import Image
from cropflow.image.rounding import whole_boxes
from cropflow_blocks.classical.focus_overlay import Overlay, paint
from cropflow_blocks.classical.ports import Picture, grey

Percent = Annotated[float, Field(ge=0, le=100)]
Grid = Literal["None", "2x2", "3x3", "4x4", "5x5"]


class CameraFocus(Block):
    """Measure how sharp a picture is (Brenner), and show its edges.

    The measure is the mean square of the rise in brightness over two pixels, to the right or downwards, whichever is
    larger. It depends on what is seen, so compare pictures of one scene: the sharpest has the highest value.
    """

    type = "camera_focus@v1"
    aliases = ("roboflow_core/camera_focus@v1",)

    class Output(NamedTuple):
        """How sharp it is."""

        image: Annotated[Image, Port("the edges in grey, brighter where sharper, with the value written on them")]
        focus_measure: Annotated[float, Port("the measure; higher is sharper, 0 is a plain picture")]

    def run(self, image: Picture) -> Output:
        """Measure."""
        rises = _rises(grey(image))
        measure = float(np.square(rises, dtype=np.int32).mean())
        return self.Output(image.with_pixels(_edges(rises, measure)), measure)


def _rises(pixels: NDArray[Any]) -> NDArray[np.int16]:
    """Return by how much each pixel is darker than the one two to the right or below, at least 0."""
    levels = pixels.astype(np.int16)
    rises = np.zeros(pixels.shape, np.int16)
    rises[:, :-2] = levels[:, 2:] - levels[:, :-2]
    rises[:-2] = np.maximum(rises[:-2], levels[2:] - levels[:-2])
    return np.maximum(rises, 0)


def _edges(rises: NDArray[np.int16], measure: float) -> NDArray[np.uint8]:
    edges = rises.astype(np.uint8)
    size = max(0.3, min(rises.shape) / 640)
    cv2.putText(edges, f"Focus value: {measure:.2f}", (8, 8 + round(24 * size)), cv2.FONT_HERSHEY_SIMPLEX, size, 255)
    return edges


class CameraFocusV2(Block):
    """Measure how sharp a picture is (Tenengrad), also inside of boxes, and show what helps to set up a camera.

    The measure is the mean square of the gradient of brightness (Sobel). It depends on what is seen, so compare
    pictures of one scene: the sharpest has the highest value. On the copy of the picture: stripes where it is too dark
    (blue) or too bright (red), green on sharp edges, lines of a grid, a cross in the middle, and a panel with the
    measure and the distribution of red, green, blue and brightness. A picture too small for the panel has none.
    """

    type = "camera_focus@v2"
    aliases = ("roboflow_core/camera_focus@v2",)

    class Output(NamedTuple):
        """How sharp it is."""

        image: Annotated[Image, Port("a copy of the picture with what was asked for drawn on it")]
        focus_measure: Annotated[float, Port("the measure of the whole; higher is sharper, 0 is a plain picture")]
        bbox_focus_measures: Annotated[
            list[Any], Port("the measure inside of each box, in order; 0 where a box has no area on the picture")
        ]

    def run(
        self,
        image: Picture,
        underexposed_threshold_percent: Annotated[
            Setting[Percent], Port("brightness in percent up to which a pixel is too dark")
        ] = 3.0,
        overexposed_threshold_percent: Annotated[
            Setting[Percent], Port("brightness in percent from which a pixel is too bright")
        ] = 97.0,
        show_zebra_warnings: Annotated[Setting[bool], Port("stripes where it is too dark or too bright")] = True,
        grid_overlay: Annotated[Setting[Grid], Port("lines that divide the picture")] = "3x3",
        show_hud: Annotated[Setting[bool], Port("a panel with the measure and the distribution of brightness")] = True,
        show_focus_peaking: Annotated[Setting[bool], Port("green on sharp edges")] = True,
        show_center_marker: Annotated[Setting[bool], Port("a cross in the middle")] = True,
        detections: Annotated[
            Detections | None, Port("boxes to measure one by one; those found on a crop are moved to the picture")
        ] = None,
    ) -> Output:
        """Measure."""
        pixels = grey(image)
        power = _gradient(pixels)
        measure = float(power.mean(dtype=np.float64))
        overlay = Overlay(
            dark=underexposed_threshold_percent if show_zebra_warnings else None,
            bright=overexposed_threshold_percent if show_zebra_warnings else None,
            edges=power if show_focus_peaking else None,
            cells=0 if grid_overlay == "None" else int(grid_overlay[0]),
            cross=show_center_marker,
            measure=measure if show_hud else None,
        )
        drawn = image.with_pixels(paint(image.bgr, pixels, overlay))
        return self.Output(drawn, measure, _inside(power, image, detections))


def _gradient(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return the square of the gradient at every pixel, a whole number that 32 bits hold exactly."""
    across, down = cv2.Sobel(pixels, cv2.CV_32F, 1, 0), cv2.Sobel(pixels, cv2.CV_32F, 0, 1)
    return np.asarray(across * across + down * down, np.float32)


def _inside(power: NDArray[np.float32], image: Image, detections: Detections | None) -> list[float]:
    if detections is None or not len(detections):
        return []
    boxes, seen = whole_boxes(onto(detections, image.origin).xyxy, image.width, image.height)
    places = zip(boxes.tolist(), seen.tolist(), strict=True)
    return [float(power[y0:y1, x0:x1].mean(dtype=np.float64)) if known else 0.0 for (x0, y0, x1, y1), known in places]
