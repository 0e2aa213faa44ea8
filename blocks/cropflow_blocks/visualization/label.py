"""Writes a label beside every box: its class, its confidence, or another fact the predictions carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import supervision as sv
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow_blocks.anchors import AnyAnchor
from cropflow_blocks.visualization.colors import ColorText, Look, to_color
from cropflow_blocks.visualization.drawing import Boxes, Drawn, Picture, draw
from cropflow_blocks.visualization.label_text import LabelText, label_texts

TextPosition = Annotated[
    AnyAnchor,
    Port("the point of the box the label is put at; CENTER_OF_MASS needs masks"),
]
TextColor = Annotated[ColorText, Port("colour of the letters, such as WHITE or '#ffffff'")]
TextScale = Annotated[float, Field(gt=0, le=100), Port("size of the letters; 1.0 is about 22 pixels high")]
TextThickness = Annotated[int, Field(ge=1, le=1000), Port("width of the strokes in pixels")]
TextPadding = Annotated[int, Field(ge=0, le=10_000), Port("pixels between the letters and the edge of the label")]
BorderRadius = Annotated[int, Field(ge=0, le=10_000), Port("radius of the corners of the label in pixels")]
TextSizeMode = Annotated[
    Literal["Manual", "Automatic"],
    Port("Automatic fits size and strokes to the picture in place of text_scale and text_thickness"),
]


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How labels look, apart from the colour behind the text."""

    position: str
    color: str
    scale: float
    thickness: int
    padding: int
    radius: int

    def fitted(self, image: Image) -> LabelStyle:
        """Return the style with letters sized to the picture."""
        size = image.width, image.height
        return replace(
            self,
            scale=sv.calculate_optimal_text_scale(size),
            thickness=sv.calculate_optimal_line_thickness(size),
        )

    def annotator(self, colors: dict[str, Any]) -> sv.LabelAnnotator:
        """Return supervision's annotator for this style."""
        return sv.LabelAnnotator(
            **colors,
            text_position=sv.Position[self.position],
            text_color=to_color(self.color),
            text_scale=self.scale,
            text_thickness=self.thickness,
            text_padding=self.padding,
            border_radius=self.radius,
        )


def draw_labels(image: Image, predictions: Detections, text: str, colors: dict[str, Any], style: LabelStyle) -> Drawn:
    """Write the labels on a copy of the picture."""
    annotator = style.annotator(colors)

    def paint(scene: Pixels, found: Detections) -> None:
        annotator.annotate(scene, found, labels=label_texts(text, found))

    return draw(image, predictions, paint)


class LabelVisualizationV1(Block):
    """Write a label beside every detection.

    The input picture stays as it is. Labels of boxes found on a crop of the picture are written where the
    crop was cut from. A picture without detections passes through.
    """

    type = "label_visualization@v1"
    aliases = ("roboflow_core/label_visualization@v1", "LabelVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        text: LabelText = "Class",
        text_position: TextPosition = "TOP_LEFT",
        text_color: TextColor = "WHITE",
        text_scale: TextScale = 1.0,
        text_thickness: TextThickness = 1,
        text_padding: TextPadding = 10,
        border_radius: BorderRadius = 0,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        style = LabelStyle(text_position, text_color, text_scale, text_thickness, text_padding, border_radius)
        return draw_labels(image, predictions, text, colors, style)


class LabelVisualizationV2(Block):
    """Write a label beside every detection, in letters of a fixed size or sized to the picture.

    The input picture stays as it is. Labels of boxes found on a crop of the picture are written where the
    crop was cut from. A picture without detections passes through.
    """

    type = "label_visualization@v2"
    aliases = ("roboflow_core/label_visualization@v2",)

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        text: LabelText = "Class",
        text_position: TextPosition = "TOP_LEFT",
        text_color: TextColor = "WHITE",
        text_size_mode: TextSizeMode = "Manual",
        text_scale: TextScale = 1.0,
        text_thickness: TextThickness = 1,
        text_padding: TextPadding = 10,
        border_radius: BorderRadius = 0,
    ) -> Drawn:
        """Draw."""
        colors = look.of(predictions)
        style = LabelStyle(text_position, text_color, text_scale, text_thickness, text_padding, border_radius)
        fitted = style.fitted(image) if text_size_mode == "Automatic" else style
        return draw_labels(image, predictions, text, colors, fitted)
