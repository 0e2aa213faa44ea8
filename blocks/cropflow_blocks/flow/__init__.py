"""Blocks that decide which steps an element goes on to."""

from cropflow_blocks.flow.continue_if import ContinueIf

__all__ = [
    "ContinueIf",
]
