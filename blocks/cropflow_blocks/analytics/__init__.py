"""Blocks that measure and compare what was found: distances, sizes, overlaps, differences."""

__all__: list[str] = []
