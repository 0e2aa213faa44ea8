"""Draws the key points of every object: as a skeleton, as dots, or as labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import supervision as sv
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow.kinds import KINDS
from cropflow_blocks.visualization.colors import ColorText, to_color
from cropflow_blocks.visualization.drawing import CopyImage, Drawn, Picture, Thickness, draw
from cropflow_blocks.visualization.label import TextPadding, TextThickness

Paint = Callable[[Pixels, sv.KeyPoints], Any]
Edge = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]


class KeypointVisualization(Block):
    """Draw the key points of every detection: lines between them, a dot on each, or a label on each.

    The input picture stays as it is. Points found on a crop of the picture are drawn where the crop was cut
    from; points that were left out for their confidence are not drawn. A picture without detections passes
    through.
    """

    type = "keypoint_visualization@v1"
    aliases = ("roboflow_core/keypoint_visualization@v1", "KeypointVisualization")

    def run(
        self,
        image: Picture,
        predictions: Annotated[
            Detections,
            KINDS["keypoint_detection_prediction"],
            Port("what to draw; points found on a crop of the picture are moved to it"),
        ],
        copy_image: CopyImage = True,
        annotator_type: Annotated[
            Literal["edge", "vertex", "vertex_label"], Port("lines between points, dots, or the names of the points")
        ] = "edge",
        color: Annotated[ColorText, Port("colour of lines, dots, or what is behind labels")] = "#A351FB",
        text_color: Annotated[ColorText, Port("colour of the letters, such as black or '#ffffff'")] = "black",
        text_scale: Annotated[float, Port("size of the letters; 1.0 is about 22 pixels high")] = 0.5,
        text_thickness: TextThickness = 1,
        text_padding: TextPadding = 10,
        thickness: Thickness = 2,
        radius: Annotated[int, Port("radius of the dots in pixels")] = 10,
        edges: Annotated[
            list[Edge] | None,
            KINDS["list_of_values"],
            Port(
                "pairs of points to join, counted from 1; left out: the skeleton usual for the number of points, if any"
            ),
        ] = None,
    ) -> Drawn:
        """Draw."""
        ink, letters = to_color(color), to_color(text_color)
        annotators: dict[str, Paint] = {
            "edge": sv.EdgeAnnotator(ink, thickness, edges).annotate,
            "vertex": sv.VertexAnnotator(ink, radius).annotate,
            "vertex_label": _labels(
                sv.VertexLabelAnnotator(ink, letters, text_scale, text_thickness, text_padding).annotate
            ),
        }
        paint = annotators[annotator_type]
        return draw(image, predictions, lambda scene, found: paint(scene, _key_points(found)))


def _key_points(found: Detections) -> sv.KeyPoints:
    """Return the points as supervision's annotators take them; those at NaN are not drawn."""
    names = found.data.get("keypoints_class_name")
    data = {} if names is None else {"names": np.asarray(names)}
    return sv.KeyPoints(np.asarray(found.data["keypoints_xy"], np.float32), data=data)


def _labels(annotate: Callable[..., Any]) -> Paint:
    """Label one object at a time, as objects of different classes have other names for their points."""

    def paint(scene: Pixels, points: sv.KeyPoints) -> None:
        for i in range(len(points)):
            names = points.data.get("names")
            annotate(scene, points[i : i + 1], labels=None if names is None else names[i].tolist())

    return paint
