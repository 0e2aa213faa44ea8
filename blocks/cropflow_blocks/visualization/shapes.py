"""Small marks at every detection: ellipses, circles, dots, triangles and corners."""

from __future__ import annotations

from typing import Annotated

import supervision as sv
from pydantic import Field

from cropflow.block import Block, Port
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Anchor, Boxes, Drawn, Picture, Thickness, draw

Length = Annotated[int, Field(ge=1, le=10_000)]
Angle = Annotated[int, Field(ge=-360, le=360)]
Outline = Annotated[int, Field(ge=0, le=1000), Port("width of a black outline in pixels; 0 draws none")]


class EllipseVisualization(Block):
    """Draw an ellipse at the foot of every detection, as under players on a field."""

    type = "ellipse_visualization@v1"
    aliases = ("roboflow_core/ellipse_visualization@v1", "EllipseVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        thickness: Thickness = 2,
        start_angle: Annotated[Angle, Port("where the line begins, in degrees")] = -45,
        end_angle: Annotated[Angle, Port("where it ends, in degrees")] = 235,
    ) -> Drawn:
        """Draw."""
        annotator = sv.EllipseAnnotator(
            **look.of(predictions), thickness=thickness, start_angle=start_angle, end_angle=end_angle
        )
        return draw(image, predictions, annotator.annotate)


class CircleVisualization(Block):
    """Draw a circle around every detection."""

    type = "circle_visualization@v1"
    aliases = ("roboflow_core/circle_visualization@v1", "CircleVisualization")

    def run(self, image: Picture, predictions: Boxes, look: Look, thickness: Thickness = 2) -> Drawn:
        """Draw."""
        return draw(image, predictions, sv.CircleAnnotator(**look.of(predictions), thickness=thickness).annotate)


class DotVisualization(Block):
    """Draw a dot at a point of every detection."""

    type = "dot_visualization@v1"
    aliases = ("roboflow_core/dot_visualization@v1", "DotVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        position: Anchor = "CENTER",
        radius: Annotated[Length, Port("radius of the dot in pixels")] = 4,
        outline_thickness: Outline = 0,
    ) -> Drawn:
        """Draw."""
        place, colors = sv.Position[position], look.of(predictions)
        annotator = sv.DotAnnotator(**colors, radius=radius, position=place, outline_thickness=outline_thickness)
        return draw(image, predictions, annotator.annotate)


class TriangleVisualization(Block):
    """Draw a triangle that points at every detection."""

    type = "triangle_visualization@v1"
    aliases = ("roboflow_core/triangle_visualization@v1", "TriangleVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        position: Anchor = "TOP_CENTER",
        base: Annotated[Length, Port("width of the triangle in pixels")] = 10,
        height: Annotated[Length, Port("height of the triangle in pixels")] = 10,
        outline_thickness: Outline = 0,
    ) -> Drawn:
        """Draw."""
        annotator = sv.TriangleAnnotator(
            **look.of(predictions),
            base=base,
            height=height,
            position=sv.Position[position],
            outline_thickness=outline_thickness,
        )
        return draw(image, predictions, annotator.annotate)


class CornerVisualization(Block):
    """Draw the four corners of every box."""

    type = "corner_visualization@v1"
    aliases = ("roboflow_core/corner_visualization@v1", "CornerVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        thickness: Thickness = 4,
        corner_length: Annotated[Length, Port("length of the lines of a corner in pixels")] = 15,
    ) -> Drawn:
        """Draw."""
        annotator = sv.BoxCornerAnnotator(**look.of(predictions), thickness=thickness, corner_length=corner_length)
        return draw(image, predictions, annotator.annotate)
