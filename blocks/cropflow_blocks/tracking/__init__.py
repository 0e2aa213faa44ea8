"""Blocks that follow objects through a video, and what can be told of objects that are followed."""

from cropflow_blocks.tracking.byte_tracker import ByteTrackerV1, ByteTrackerV2, ByteTrackerV3
from cropflow_blocks.tracking.trackers import TrackersBotSort, TrackersByteTrack, TrackersOcSort, TrackersSort

__all__ = [
    "ByteTrackerV1",
    "ByteTrackerV2",
    "ByteTrackerV3",
    "TrackersBotSort",
    "TrackersByteTrack",
    "TrackersOcSort",
    "TrackersSort",
]
