"""SORT, ByteTrack, BoT-SORT and OC-SORT: the trackers that existing documents call `trackers_…`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cropflow.block import Port, Setting, Stream
from cropflow.kinds import ZeroToOne
from cropflow_blocks.tracking.association import Rules
from cropflow_blocks.tracking.ports import Frame, fps_of
from cropflow_blocks.tracking.tracker import (
    MOST_SEEN,
    Activation,
    Boxes,
    Buffer,
    CacheSize,
    Followed,
    High,
    InARow,
    Overlap,
    Tracker,
)

_ANY = -1.0
"""Below every confidence."""


class TrackersSort(Tracker):
    """Follow objects with SORT: one round of matching by overlap, whatever the confidence.

    The quickest tracker, for objects that are seldom hidden. It is ByteTrack of Ultralytics without its second round;
    boxes count however unsure they are. A box that belongs to no track, or to one that was not yet seen in
    `minimum_consecutive_frames` in a row, is left out. All else of a box stays. Ids count from 1 in every stream.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "trackers_sort@v1"
    aliases = ("roboflow_core/trackers_sort@v1",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.3,
        minimum_consecutive_frames: InARow = 3,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.25,
        instances_cache_size: CacheSize = MOST_SEEN,
    ) -> Followed:
        """Follow."""
        rules = Rules(
            method="byte",
            high=_ANY,
            low=None,
            start=track_activation_threshold,
            overlap=minimum_iou_threshold,
            second_overlap=minimum_iou_threshold,
            new_overlap=minimum_iou_threshold,
            buffer=lost_track_buffer,
            in_a_row=minimum_consecutive_frames,
        )
        tracked = self.follow(stream, detections, rules, fps_of(image))
        return self.told_apart(stream, tracked, instances_cache_size)


class TrackersByteTrack(Tracker):
    """Follow objects with ByteTrack: sure boxes are joined to tracks first, then the unsure ones to those left.

    Give it a detector with a low `confidence`: unsure boxes keep tracks alive through a moment in which an object is
    hidden, and the tracker can use only what the detector reports. A box that belongs to no track, or to one that was
    not yet seen in `minimum_consecutive_frames` in a row, is left out. All else of a box stays. Ids count from 1 in
    every stream.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "trackers_bytetrack@v1"
    aliases = ("roboflow_core/trackers_bytetrack@v1",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.1,
        minimum_consecutive_frames: InARow = 2,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.7,
        high_conf_det_threshold: High = 0.6,
        instances_cache_size: CacheSize = MOST_SEEN,
    ) -> Followed:
        """Follow."""
        rules = Rules(
            method="byte",
            high=high_conf_det_threshold,
            low=_ANY,
            start=track_activation_threshold,
            overlap=minimum_iou_threshold,
            second_overlap=minimum_iou_threshold,
            new_overlap=minimum_iou_threshold,
            buffer=lost_track_buffer,
            in_a_row=minimum_consecutive_frames,
        )
        tracked = self.follow(stream, detections, rules, fps_of(image))
        return self.told_apart(stream, tracked, instances_cache_size)


class TrackersBotSort(Tracker):
    """Follow objects with BoT-SORT: ByteTrack with boxes predicted more closely, and a camera that may move.

    With `enable_cmc` the motion of the camera is estimated from frame to frame and undone before the matching; that
    takes a few milliseconds a frame. Objects are matched by overlap alone, not by their looks. Give it a detector with
    a low `confidence`: boxes from 0.1 on keep tracks alive. A box that belongs to no track, or to one that was not yet
    seen in `minimum_consecutive_frames` in a row, is left out. All else of a box stays. Ids count from 1 in every
    stream.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "trackers_botsort@v1"
    aliases = ("roboflow_core/trackers_botsort@v1",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        minimum_iou_threshold_first_assoc: Overlap = 0.2,
        minimum_iou_threshold_second_assoc: Annotated[ZeroToOne, Port("the same for unsure boxes")] = 0.5,
        minimum_iou_threshold_unconfirmed_assoc: Annotated[
            ZeroToOne, Port("the same for objects that were seen once")
        ] = 0.3,
        minimum_consecutive_frames: InARow = 2,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.7,
        high_conf_det_threshold: High = 0.6,
        enable_cmc: Annotated[bool, Port("whether the motion of the camera is found and undone")] = False,
        cmc_method: Annotated[
            Setting[Literal["sparseOptFlow", "orb", "sift", "ecc"]], Port("how the motion of the camera is found")
        ] = "sparseOptFlow",
        cmc_downscale: Annotated[Annotated[int, Field(ge=1)], Port("by how much frames are made smaller for that")] = 2,
        instant_first_frame_activation: Annotated[
            bool, Port("whether objects of the first frame count at once")
        ] = False,
        instances_cache_size: CacheSize = MOST_SEEN,
    ) -> Followed:
        """Follow."""
        rules = Rules(
            method="bot",
            high=high_conf_det_threshold,
            low=0.1,
            start=track_activation_threshold,
            overlap=minimum_iou_threshold_first_assoc,
            second_overlap=minimum_iou_threshold_second_assoc,
            new_overlap=minimum_iou_threshold_unconfirmed_assoc,
            buffer=lost_track_buffer,
            in_a_row=minimum_consecutive_frames,
            at_once=instant_first_frame_activation,
            camera=cmc_method if enable_cmc else None,
            downscale=cmc_downscale,
        )
        tracked = self.follow(stream, detections, rules, fps_of(image), image)
        return self.told_apart(stream, tracked, instances_cache_size)


class TrackersOcSort(Tracker):
    """Follow objects with OC-SORT, which goes by where objects were seen: for motion that is not straight.

    Only boxes from `high_conf_det_threshold` on take part. A box that belongs to no track, or to one that was not yet
    seen in `minimum_consecutive_frames` in a row, is left out; once it counts, a track that was lost counts again at
    once. All else of a box stays. Ids count from 1 in every stream.

    Raises:
        ModelError: the extra `yolo` is not installed, since the tracker is that of Ultralytics.
    """

    type = "trackers_ocsort@v1"
    aliases = ("roboflow_core/trackers_ocsort@v1",)

    def run(
        self,
        image: Frame,
        detections: Boxes,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.3,
        minimum_consecutive_frames: InARow = 3,
        lost_track_buffer: Buffer = 30,
        high_conf_det_threshold: High = 0.6,
        direction_consistency_weight: Annotated[
            ZeroToOne, Port("how much it counts that an object keeps its way")
        ] = 0.2,
        delta_t: Annotated[Annotated[int, Field(ge=1)], Port("frames over which its way is taken")] = 3,
        instances_cache_size: CacheSize = MOST_SEEN,
    ) -> Followed:
        """Follow."""
        rules = Rules(
            method="oc",
            high=high_conf_det_threshold,
            low=None,
            start=high_conf_det_threshold,
            overlap=minimum_iou_threshold,
            second_overlap=minimum_iou_threshold,
            new_overlap=minimum_iou_threshold,
            buffer=lost_track_buffer,
            in_a_row=minimum_consecutive_frames,
            direction=direction_consistency_weight,
            delta_t=delta_t,
        )
        tracked = self.follow(stream, detections, rules, fps_of(image))
        return self.told_apart(stream, tracked, instances_cache_size)
