"""Writes what a classifier says of a picture on the picture."""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import supervision as sv

from cropflow.block import Block, Port
from cropflow.classification import Classification
from cropflow_blocks.visualization.colors import Look, to_color
from cropflow_blocks.visualization.drawing import Anchor, Drawn, Picture
from cropflow_blocks.visualization.label import BorderRadius, TextColor, TextPadding, TextScale, TextThickness


class ClassificationLabelVisualization(Block):
    """Write the class of a picture, or its classes one below the other, inside of the picture.

    A picture without a class passes through.
    """

    type = "classification_label_visualization@v1"
    aliases = ("roboflow_core/classification_label_visualization@v1",)

    def run(
        self,
        image: Picture,
        predictions: Annotated[Classification, Port("what the classifier says of the picture")],
        look: Look,
        text: Annotated[Literal["Class", "Confidence", "Class and Confidence"], Port("what to write")] = "Class",
        text_position: Annotated[Anchor, Port("where on the picture")] = "TOP_LEFT",
        text_color: TextColor = "WHITE",
        text_scale: TextScale = 1.0,
        text_thickness: TextThickness = 1,
        text_padding: TextPadding = 10,
        border_radius: BorderRadius = 0,
    ) -> Drawn:
        """Write."""
        ids = predictions.reached if predictions.multi_label else predictions.reached[:1]
        if not ids:
            return Drawn(image)
        lines = [_text(predictions, i, text) for i in ids]
        sizes = [cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, text_scale, text_thickness)[0] for line in lines]
        heights = [height + 2 * text_padding for _, height in sizes]
        scene = image.bgr.copy()
        y = _start(text_position, ("TOP", "BOTTOM"), image.height, sum(heights))
        for i, line, (width, _), height in zip(ids, lines, sizes, heights, strict=True):
            x = _start(text_position, ("LEFT", "RIGHT"), image.width, width + 2 * text_padding)
            middle = sv.Point(x + width / 2 + text_padding, y + height / 2)
            sv.draw_text(
                scene,
                line,
                middle,
                to_color(text_color),
                text_scale,
                text_thickness,
                text_padding,
                background_color=look.color(i),
            )
            y += height
        return Drawn(image.with_pixels(scene))


def _text(predictions: Classification, i: int, what: str) -> str:
    confidence = f"{float(predictions.scores[i]):.2f}"
    return {"Class": predictions.names[i], "Confidence": confidence}.get(what, f"{predictions.names[i]} {confidence}")


def _start(position: str, ends: tuple[str, str], length: int, size: int) -> float:
    """Return where something of a size begins along one side of the picture."""
    if ends[0] in position:
        return 0
    return length - size if ends[1] in position else (length - size) / 2
