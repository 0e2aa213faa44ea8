"""The core blocks, found through the entry-point group `cropflow.blocks` like those of any plug-in."""

from cropflow_blocks.fusion.classes_replacement import DetectionsClassesReplacement
from cropflow_blocks.fusion.dimension_collapse import DimensionCollapse
from cropflow_blocks.models.classification import (
    ClassificationModelV1,
    ClassificationModelV2,
    ClassificationModelV3,
)
from cropflow_blocks.models.detection import (
    ObjectDetectionModelV1,
    ObjectDetectionModelV2,
    ObjectDetectionModelV3,
)
from cropflow_blocks.sinks.image_sink import ImageSink
from cropflow_blocks.sinks.jsonl_sink import JsonlSink
from cropflow_blocks.transform.dynamic_crop import DynamicCrop
from cropflow_blocks.transform.static_crop import AbsoluteStaticCrop, RelativeStaticCrop
from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.label import LabelVisualizationV1, LabelVisualizationV2

__all__ = [
    "AbsoluteStaticCrop",
    "BoundingBoxVisualization",
    "ClassificationModelV1",
    "ClassificationModelV2",
    "ClassificationModelV3",
    "DetectionsClassesReplacement",
    "DimensionCollapse",
    "DynamicCrop",
    "ImageSink",
    "JsonlSink",
    "LabelVisualizationV1",
    "LabelVisualizationV2",
    "ObjectDetectionModelV1",
    "ObjectDetectionModelV2",
    "ObjectDetectionModelV3",
    "RelativeStaticCrop",
]
