"""Draws what documents lay down beforehand: zones, counting lines and reference paths."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.kinds import KINDS
from cropflow_blocks.visualization.colors import ColorText, to_color
from cropflow_blocks.visualization.drawing import CopyImage, Drawn, Opacity, Picture, Thickness

GREEN = "#5bb573"
Ink = Annotated[ColorText, Port("colour of what is drawn")]
Points = Annotated[list[Any], KINDS["list_of_values"], KINDS["zone"]]
Count = Annotated[int, Port("what is written beside the line")]


class PolygonZoneVisualization(Block):
    """Fill one or several polygons with a tint."""

    type = "polygon_zone_visualization@v1"
    aliases = ("roboflow_core/polygon_zone_visualization@v1",)

    def run(
        self,
        image: Picture,
        zone: Annotated[Points, Port("corners [[x, y], …] in pixels, or a list of such polygons")],
        copy_image: CopyImage = True,
        color: Ink = GREEN,
        opacity: Opacity = 0.3,
    ) -> Drawn:
        """Draw."""
        scene = image.bgr.copy()
        for polygon in polygons(zone, "zone"):
            sv.draw_filled_polygon(scene, polygon, to_color(color), opacity)
        return Drawn(image.with_pixels(scene))


class LineCounterVisualization(Block):
    """Draw a counting line with the numbers of those that crossed it."""

    type = "line_counter_visualization@v1"
    aliases = ("roboflow_core/line_counter_visualization@v1",)

    def run(
        self,
        image: Picture,
        zone: Annotated[Points, Port("the two ends of the line: [[x, y], [x, y]]")],
        copy_image: CopyImage = True,
        color: Ink = GREEN,
        thickness: Thickness = 2,
        text_thickness: Annotated[int, Field(ge=1, le=1000), Port("width of the strokes of letters in pixels")] = 1,
        text_scale: Annotated[
            float, Field(gt=0, le=100), Port("size of the letters; 1.0 is about 22 pixels high")
        ] = 1.0,
        count_in: Annotated[int, Port("how many went in")] = 0,
        count_out: Annotated[int, Port("how many went out")] = 0,
        opacity: Opacity = 0.3,
    ) -> Drawn:
        """Draw."""
        start, end = points(zone, "zone", exactly=2).tolist()
        ink = to_color(color)
        scene = image.bgr.copy()
        cv2.line(scene, tuple(start), tuple(end), ink.as_bgr(), thickness, cv2.LINE_AA)
        text = f"in: {count_in}, out: {count_out}"
        middle = sv.Point((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        sv.draw_text(scene, text, middle, sv.Color.WHITE, text_scale, text_thickness, 10, background_color=ink)
        blended = cv2.addWeighted(scene, opacity, image.bgr, 1 - opacity, 0)
        return Drawn(image.with_pixels(blended))


class ReferencePathVisualization(Block):
    """Draw a path that others are measured against."""

    type = "reference_path_visualization@v1"
    aliases = ("roboflow_core/reference_path_visualization@v1",)

    def run(
        self,
        image: Picture,
        reference_path: Annotated[Points, Port("points [[x, y], …] in pixels, joined by lines")],
        copy_image: CopyImage = True,
        color: Ink = GREEN,
        thickness: Thickness = 2,
    ) -> Drawn:
        """Draw."""
        scene = image.bgr.copy()
        path = points(reference_path, "reference_path")
        cv2.polylines(scene, [path], False, to_color(color).as_bgr(), thickness, cv2.LINE_AA)
        return Drawn(image.with_pixels(scene))


def polygons(zone: list[Any], field: str) -> list[NDArray[np.int32]]:
    """Return the polygons of a field that holds one or several of them, as points reads them."""
    several = bool(zone) and np.ndim(zone[0]) == 2
    return [points(polygon, field, least=3) for polygon in (zone if several else [zone])]


def points(written: list[Any], field: str, least: int = 2, exactly: int | None = None) -> NDArray[np.int32]:
    """Return n×2 whole pixels.

    Raises:
        ValueError: it is no list of [x, y], or there are too few of them.
    """
    try:
        found = np.array(written, float).reshape(len(written), 2)
    except (TypeError, ValueError):
        raise ValueError(f"{field} must be a list of points [x, y] in pixels, but is {written!r:.60}") from None
    if len(found) < least or (exactly is not None and len(found) != exactly) or not np.isfinite(found).all():
        raise ValueError(f"{field} needs {exactly or f'at least {least}'} points [x, y], but has {len(found)}")
    whole: NDArray[np.int32] = np.rint(found).astype(np.int32)
    return whole
