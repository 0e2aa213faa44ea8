"""Blocks that measure and compare what was found: distances, sizes, overlaps, differences."""

from cropflow_blocks.analytics.data_aggregator import DataAggregator
from cropflow_blocks.analytics.mask_area import MaskAreaMeasurement
from cropflow_blocks.analytics.overlap import Overlap, OverlapAnalysis

__all__ = [
    "DataAggregator",
    "MaskAreaMeasurement",
    "Overlap",
    "OverlapAnalysis",
]
