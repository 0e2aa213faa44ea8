"""Blocks that bring results of one level deeper back together: labels onto boxes, elements into lists."""

from cropflow_blocks.fusion.buffer import Buffer
from cropflow_blocks.fusion.cache import CacheGet, CacheSet
from cropflow_blocks.fusion.classes_replacement import DetectionsClassesReplacement
from cropflow_blocks.fusion.combine import DetectionsCombine, DetectionsMerge
from cropflow_blocks.fusion.consensus import DetectionsConsensus
from cropflow_blocks.fusion.difference import DetectionsDifference
from cropflow_blocks.fusion.dimension_collapse import DimensionCollapse
from cropflow_blocks.fusion.frame_delay import FrameDelay
from cropflow_blocks.fusion.image_stack import ImageStack
from cropflow_blocks.fusion.list_rollup import DetectionsListRollup
from cropflow_blocks.fusion.stitch import DetectionsStitch

__all__ = [
    "Buffer",
    "CacheGet",
    "CacheSet",
    "DetectionsClassesReplacement",
    "DetectionsCombine",
    "DetectionsConsensus",
    "DetectionsDifference",
    "DetectionsListRollup",
    "DetectionsMerge",
    "DetectionsStitch",
    "DimensionCollapse",
    "FrameDelay",
    "ImageStack",
]
