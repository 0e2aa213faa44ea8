"""Blocks that decide which steps an element goes on to."""

__all__: list[str] = []
