"""Blocks that decide which steps an element goes on to."""

from cropflow_blocks.flow.continue_if import ContinueIf
from cropflow_blocks.flow.inner_workflow import InnerWorkflow
from cropflow_blocks.flow.over_time import DeltaFilter, RateLimiter
from cropflow_blocks.flow.switch_case import SwitchCase

__all__ = [
    "ContinueIf",
    "DeltaFilter",
    "InnerWorkflow",
    "RateLimiter",
    "SwitchCase",
]
