"""Blocks that draw predictions into a copy of a picture, with supervision's annotators."""

from cropflow_blocks.visualization.areas import (
    BackgroundColorVisualization,
    ColorVisualization,
    HaloVisualizationV1,
    HaloVisualizationV2,
)
from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.class_label import ClassificationLabelVisualization
from cropflow_blocks.visualization.comparison import ModelComparisonVisualization
from cropflow_blocks.visualization.crop_view import CropVisualization
from cropflow_blocks.visualization.hiding import BlurVisualization, PixelateVisualization
from cropflow_blocks.visualization.keypoint import KeypointVisualization
from cropflow_blocks.visualization.label import LabelVisualizationV1, LabelVisualizationV2
from cropflow_blocks.visualization.mask import MaskVisualization
from cropflow_blocks.visualization.over_time import HeatmapVisualization, TraceVisualization
from cropflow_blocks.visualization.polygon import PolygonVisualizationV1, PolygonVisualizationV2
from cropflow_blocks.visualization.shapes import (
    CircleVisualization,
    CornerVisualization,
    DotVisualization,
    EllipseVisualization,
    TriangleVisualization,
)
from cropflow_blocks.visualization.text_display import TextDisplay
from cropflow_blocks.visualization.zones import (
    LineCounterVisualization,
    PolygonZoneVisualization,
    ReferencePathVisualization,
)

__all__ = [
    "BackgroundColorVisualization",
    "BlurVisualization",
    "BoundingBoxVisualization",
    "CircleVisualization",
    "ClassificationLabelVisualization",
    "ColorVisualization",
    "CornerVisualization",
    "CropVisualization",
    "DotVisualization",
    "EllipseVisualization",
    "HaloVisualizationV1",
    "HaloVisualizationV2",
    "HeatmapVisualization",
    "KeypointVisualization",
    "LabelVisualizationV1",
    "LabelVisualizationV2",
    "LineCounterVisualization",
    "MaskVisualization",
    "ModelComparisonVisualization",
    "PixelateVisualization",
    "PolygonVisualizationV1",
    "PolygonVisualizationV2",
    "PolygonZoneVisualization",
    "ReferencePathVisualization",
    "TextDisplay",
    "TraceVisualization",
    "TriangleVisualization",
]
