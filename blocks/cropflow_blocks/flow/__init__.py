"""Blocks that decide which steps an element goes on to."""

from cropflow_blocks.flow.continue_if import ContinueIf
from cropflow_blocks.flow.inner_workflow import InnerWorkflow

__all__ = [
    "ContinueIf",
    "InnerWorkflow",
]
