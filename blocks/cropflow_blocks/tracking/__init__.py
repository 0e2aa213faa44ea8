"""Blocks that follow objects through a video, and what can be said of things that move."""

from cropflow_blocks.tracking.trackers import (
    ByteTrackerV1,
    ByteTrackerV2,
    ByteTrackerV3,
    TrackersBotSort,
    TrackersByteTrack,
    TrackersOcSort,
    TrackersSort,
)

__all__ = [
    "ByteTrackerV1",
    "ByteTrackerV2",
    "ByteTrackerV3",
    "TrackersBotSort",
    "TrackersByteTrack",
    "TrackersOcSort",
    "TrackersSort",
]
