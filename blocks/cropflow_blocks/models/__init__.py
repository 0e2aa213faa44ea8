"""Blocks that run models, and the adapter that loads weights with Ultralytics."""

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
from cropflow_blocks.models.embedding import ActivationMap, ImageEmbedding
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
from cropflow_blocks.models.yolo import YoloModel

__all__ = [
    "ActivationMap",
    "ClassificationModelV1",
    "ClassificationModelV2",
    "ClassificationModelV3",
    "ImageEmbedding",
    "InstanceSegmentationModelV1",
    "InstanceSegmentationModelV2",
    "InstanceSegmentationModelV3",
    "InstanceSegmentationModelV4",
    "KeypointDetectionModelV1",
    "KeypointDetectionModelV2",
    "KeypointDetectionModelV3",
    "ObjectDetectionModelV1",
    "ObjectDetectionModelV2",
    "ObjectDetectionModelV3",
    "OrientedObjectDetectionModel",
    "SemanticSegmentationModelV1",
    "SemanticSegmentationModelV2",
    "YoloModel",
]
