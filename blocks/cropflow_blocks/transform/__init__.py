"""Blocks that make pictures out of pictures: crops around detections and crops of fixed regions."""

from cropflow_blocks.transform.adjust import BoundingRect, DetectionOffset, PerClassConfidenceFilter
from cropflow_blocks.transform.detections_operations import DetectionsFilter, DetectionsTransformation
from cropflow_blocks.transform.dynamic_crop import DynamicCrop
from cropflow_blocks.transform.geotag import GeotagDetection
from cropflow_blocks.transform.isolate import Isolate
from cropflow_blocks.transform.perspective import PerspectiveCorrection
from cropflow_blocks.transform.slicer import ImageSlicerV1, ImageSlicerV2
from cropflow_blocks.transform.stabilize import StabilizeDetections
from cropflow_blocks.transform.static_crop import AbsoluteStaticCrop, RelativeStaticCrop
from cropflow_blocks.transform.zone import DynamicZone

__all__ = [
    "AbsoluteStaticCrop",
    "BoundingRect",
    "DetectionOffset",
    "DetectionsFilter",
    "DetectionsTransformation",
    "DynamicCrop",
    "DynamicZone",
    "GeotagDetection",
    "ImageSlicerV1",
    "ImageSlicerV2",
    "Isolate",
    "PerClassConfidenceFilter",
    "PerspectiveCorrection",
    "RelativeStaticCrop",
    "StabilizeDetections",
]
