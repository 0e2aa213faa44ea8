"""Blocks that keep what a workflow found: pictures, videos, records, tables and data sets in the output folder."""

from cropflow_blocks.sinks.classification_dataset_sink import ClassificationDatasetSink
from cropflow_blocks.sinks.csv_sink import CsvSink
from cropflow_blocks.sinks.detection_dataset_sink import DetectionDatasetSink
from cropflow_blocks.sinks.image_sink import ImageSink
from cropflow_blocks.sinks.jsonl_sink import JsonlSink
from cropflow_blocks.sinks.local_file_sink import LocalFileSink
from cropflow_blocks.sinks.parquet_sink import ParquetSink
from cropflow_blocks.sinks.video_sink import VideoSink
from cropflow_blocks.sinks.webhook_sink import WebhookSink

__all__ = [
    "ClassificationDatasetSink",
    "CsvSink",
    "DetectionDatasetSink",
    "ImageSink",
    "JsonlSink",
    "LocalFileSink",
    "ParquetSink",
    "VideoSink",
    "WebhookSink",
]
