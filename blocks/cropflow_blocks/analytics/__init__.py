"""Blocks that measure and compare what was found: distances, sizes, overlaps, differences."""

from cropflow_blocks.analytics.data_aggregator import DataAggregator
from cropflow_blocks.analytics.distance import DistanceMeasurement
from cropflow_blocks.analytics.identify_changes import IdentifyChanges
from cropflow_blocks.analytics.identify_outliers import IdentifyOutliers
from cropflow_blocks.analytics.mask_area import MaskAreaMeasurement
from cropflow_blocks.analytics.nearest_neighbor import DetectionsNearestNeighbor
from cropflow_blocks.analytics.overlap import Overlap, OverlapAnalysis
from cropflow_blocks.analytics.size import SizeMeasurement
from cropflow_blocks.analytics.track_class_lock import TrackClassLock

__all__ = [
    "DataAggregator",
    "DetectionsNearestNeighbor",
    "DistanceMeasurement",
    "IdentifyChanges",
    "IdentifyOutliers",
    "MaskAreaMeasurement",
    "Overlap",
    "OverlapAnalysis",
    "SizeMeasurement",
    "TrackClassLock",
]
