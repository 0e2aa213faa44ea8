"""ByteTrack as existing documents know it: three versions with other ports and outputs."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from supervision import Detections

from cropflow.block import KindOf, Port, Stream
from cropflow.kinds import ZeroToOne
from cropflow_blocks.tracking.association import Rules
from cropflow_blocks.tracking.ports import Frame, Metadata, fps_of
from cropflow_blocks.tracking.tracker import (
    MOST_SEEN,
    Boxes,
    Buffer,
    CacheSize,
    Followed,
    InARow,
    Tracker,
)

Activation = Annotated[
    ZeroToOne,
    Port("confidence from which a box is sure; 0.1 more begins a track, and from 0.1 on a box may keep one alive"),
]
Matching = Annotated[
    ZeroToOne, Port("how far a box may be from its track: 1 less its overlap times its confidence, at most this")
]

_UNSURE = 0.1
"""Confidence below which a box is no help, and by how much one that begins a track must be surer than sure."""


class Tracked(NamedTuple):
    """The boxes that belong to a track."""

    tracked_detections: Annotated[
        Detections, KindOf("detections"), Port("the boxes that belong to a track, with its id as `tracker_id`")
    ]


class ByteTrackerV1(Tracker):
    """Follow objects from frame to frame with ByteTrack: every box gets the id of its object.

    Sure boxes are joined to tracks first, then the unsure ones to the tracks that are left: give it a detector with a
    `confidence` of about 0.1, since the tracker can use only what the detector reports. Boxes without a track are left
    out. All else of a box stays: `detection_id`, mask, class. Ids count from 1 in every stream. An object that is new
    counts from its second frame on, in the first frame at once. The matching takes no notice of classes. A stream keeps
    the settings of its first frame; without a known frame rate 30 frames make a second.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "byte_tracker@v1"
    aliases = ("roboflow_core/byte_tracker@v1",)
    Output = Tracked

    def run(
        self,
        metadata: Metadata,
        detections: Boxes,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: InARow = 1,
    ) -> Tracked:
        """Follow."""
        rules = _rules(
            track_activation_threshold, lost_track_buffer, minimum_matching_threshold, minimum_consecutive_frames
        )
        return Tracked(self.follow(stream, detections, rules, fps_of(metadata)))


class ByteTrackerV2(Tracker):
    """Follow objects from frame to frame with ByteTrack, in the stream that the frame belongs to.

    Sure boxes are joined to tracks first, then the unsure ones to the tracks that are left: give it a detector with a
    `confidence` of about 0.1, since the tracker can use only what the detector reports. Boxes without a track are left
    out. All else of a box stays: `detection_id`, mask, class. Ids count from 1 in every stream. An object that is new
    counts from its second frame on, in the first frame at once. The matching takes no notice of classes. A stream keeps
    the settings of its first frame; without a known frame rate 30 frames make a second.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "byte_tracker@v2"
    aliases = ("roboflow_core/byte_tracker@v2",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: InARow = 1,
    ) -> Tracked:
        """Follow."""
        rules = _rules(
            track_activation_threshold, lost_track_buffer, minimum_matching_threshold, minimum_consecutive_frames
        )
        return Tracked(self.follow(stream, detections, rules, fps_of(image)))


class ByteTrackerV3(Tracker):
    """Follow objects from frame to frame with ByteTrack, and tell new objects from known ones.

    Sure boxes are joined to tracks first, then the unsure ones to the tracks that are left: give it a detector with a
    `confidence` of about 0.1, since the tracker can use only what the detector reports. Boxes without a track are left
    out. All else of a box stays: `detection_id`, mask, class. Ids count from 1 in every stream. An object that is new
    counts from its second frame on, in the first frame at once. The matching takes no notice of classes. A stream keeps
    the settings of its first frame; without a known frame rate 30 frames make a second.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "byte_tracker@v3"
    aliases = ("roboflow_core/byte_tracker@v3",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: InARow = 1,
        instances_cache_size: CacheSize = MOST_SEEN,
    ) -> Followed:
        """Follow."""
        rules = _rules(
            track_activation_threshold, lost_track_buffer, minimum_matching_threshold, minimum_consecutive_frames
        )
        tracked = self.follow(stream, detections, rules, fps_of(image))
        return self.told_apart(stream, tracked, instances_cache_size)


def _rules(activation: float, buffer: int, farthest: float, in_a_row: int) -> Rules:
    return Rules(
        method="byte",
        high=activation,
        low=_UNSURE,
        start=activation + _UNSURE,
        overlap=1 - farthest,
        second_overlap=0.5,
        new_overlap=0.3,
        weighted=True,
        buffer=buffer,
        in_a_row=in_a_row,
    )
