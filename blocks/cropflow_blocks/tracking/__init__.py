"""Blocks that follow objects through a video, and what can be told of objects that are followed."""

from cropflow_blocks.tracking.byte_tracker import ByteTrackerV1, ByteTrackerV2, ByteTrackerV3
from cropflow_blocks.tracking.event_log import DetectionEventLog
from cropflow_blocks.tracking.line_counter import LineCounterV1, LineCounterV2
from cropflow_blocks.tracking.path_deviation import PathDeviationV1, PathDeviationV2
from cropflow_blocks.tracking.reclassify import Reclassify
from cropflow_blocks.tracking.time_in_zone import TimeInZoneV1, TimeInZoneV2, TimeInZoneV3
from cropflow_blocks.tracking.trackers import TrackersBotSort, TrackersByteTrack, TrackersOcSort, TrackersSort
from cropflow_blocks.tracking.velocity import Velocity

__all__ = [
    "ByteTrackerV1",
    "ByteTrackerV2",
    "ByteTrackerV3",
    "DetectionEventLog",
    "LineCounterV1",
    "LineCounterV2",
    "PathDeviationV1",
    "PathDeviationV2",
    "Reclassify",
    "TimeInZoneV1",
    "TimeInZoneV2",
    "TimeInZoneV3",
    "TrackersBotSort",
    "TrackersByteTrack",
    "TrackersOcSort",
    "TrackersSort",
    "Velocity",
]
