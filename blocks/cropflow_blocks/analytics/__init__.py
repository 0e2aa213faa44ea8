"""Blocks that measure and compare what was found: distances, sizes, overlaps, differences."""

from cropflow_blocks.analytics.data_aggregator import DataAggregator

__all__ = [
    "DataAggregator",
]
