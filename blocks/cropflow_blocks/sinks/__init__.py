"""Blocks that keep what a workflow found: pictures and records in the output folder."""

from cropflow_blocks.sinks.image_sink import ImageSink
from cropflow_blocks.sinks.jsonl_sink import JsonlSink

__all__ = [
    "ImageSink",
    "JsonlSink",
]
