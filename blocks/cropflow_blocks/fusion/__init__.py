"""Blocks that bring results of one level deeper back together: labels onto boxes, elements into lists."""

from cropflow_blocks.fusion.classes_replacement import DetectionsClassesReplacement
from cropflow_blocks.fusion.dimension_collapse import DimensionCollapse

__all__ = [
    "DetectionsClassesReplacement",
    "DimensionCollapse",
]
