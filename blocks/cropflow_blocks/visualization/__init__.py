"""Blocks that draw predictions into a copy of a picture, with supervision's annotators."""

from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.keypoint import KeypointVisualization
from cropflow_blocks.visualization.label import LabelVisualizationV1, LabelVisualizationV2
from cropflow_blocks.visualization.mask import MaskVisualization
from cropflow_blocks.visualization.polygon import PolygonVisualizationV1, PolygonVisualizationV2

__all__ = [
    "BoundingBoxVisualization",
    "KeypointVisualization",
    "LabelVisualizationV1",
    "LabelVisualizationV2",
    "MaskVisualization",
    "PolygonVisualizationV1",
    "PolygonVisualizationV2",
]
