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
from cropflow_blocks.models.keypoints import (
    KeypointDetectionModelV1,
    KeypointDetectionModelV2,
    KeypointDetectionModelV3,
)
from cropflow_blocks.models.oriented import OrientedObjectDetectionModel
from cropflow_blocks.models.segmentation import (
    InstanceSegmentationModelV1,
    InstanceSegmentationModelV2,
    InstanceSegmentationModelV3,
    InstanceSegmentationModelV4,
)
from cropflow_blocks.models.semantic import SemanticSegmentationModelV1, SemanticSegmentationModelV2
from cropflow_blocks.sinks.image_sink import ImageSink
from cropflow_blocks.sinks.jsonl_sink import JsonlSink
from cropflow_blocks.transform.dynamic_crop import DynamicCrop
from cropflow_blocks.transform.static_crop import AbsoluteStaticCrop, RelativeStaticCrop
from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.keypoint import KeypointVisualization
from cropflow_blocks.visualization.label import LabelVisualizationV1, LabelVisualizationV2
from cropflow_blocks.visualization.mask import MaskVisualization
from cropflow_blocks.visualization.polygon import PolygonVisualizationV1, PolygonVisualizationV2

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
    "InstanceSegmentationModelV1",
    "InstanceSegmentationModelV2",
    "InstanceSegmentationModelV3",
    "InstanceSegmentationModelV4",
    "JsonlSink",
    "KeypointDetectionModelV1",
    "KeypointDetectionModelV2",
    "KeypointDetectionModelV3",
    "KeypointVisualization",
    "LabelVisualizationV1",
    "LabelVisualizationV2",
    "MaskVisualization",
    "ObjectDetectionModelV1",
    "ObjectDetectionModelV2",
    "ObjectDetectionModelV3",
    "OrientedObjectDetectionModel",
    "PolygonVisualizationV1",
    "PolygonVisualizationV2",
    "RelativeStaticCrop",
    "SemanticSegmentationModelV1",
    "SemanticSegmentationModelV2",
]
