"""The trackers of existing documents; all go through `Tracker`, one for each stream."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting, Stream
from cropflow.detections import take
from cropflow.image import Image
from cropflow.kinds import KINDS, ZeroToOne
from cropflow.models.store import ModelStore
from cropflow_blocks.tracking.associate import Rules, Tracker

log = logging.getLogger("cropflow")
_USUAL_FPS = 30
_ONE_ROUND = 0.0
"""A confidence from which every box is matched first, so that there is no second round."""

Frame = Annotated[Image, Port("the frame; tells the stream")]
Metadata = Annotated[dict[str, Any], KINDS["video_metadata"], Port("tells the stream, the frame and the rate")]
Found = Annotated[Detections, Port("what was found in the frame, unsure boxes included")]
Activation = Annotated[ZeroToOne, Port("confidence from which a box begins a track")]
High = Annotated[ZeroToOne, Port("confidence from which a box is matched first; less sure ones get a second round")]
Buffer = Annotated[int, Field(ge=0), Port("frames, at 30 a second, for which a lost track may come back")]
Matching = Annotated[ZeroToOne, Port("the most that box and track may differ, in overlap weighted by confidence")]
Overlap = Annotated[ZeroToOne, Port("least overlap of box and track, as intersection over union")]
Steady = Annotated[int, Field(ge=1), Port("frames in a row in which a track must be found before it counts")]
CacheSize = Setting[Annotated[int, Field(ge=1), Port("how many ids are remembered to tell new from seen")]]

Tracked = Annotated[Detections, KindOf("detections"), Port("boxes that belong to a track, with `tracker_id`")]


class FollowedOutput(NamedTuple):
    """The boxes of tracks, and which of the tracks are new."""

    tracked_detections: Tracked
    new_instances: Annotated[Detections, KindOf("detections"), Port("those whose track appears for the first time")]
    already_seen_instances: Annotated[Detections, KindOf("detections"), Port("those of tracks seen before")]


class Following(Block):
    """What all trackers share; it has no `run`."""

    def __init__(self, models: ModelStore) -> None:
        self._cache_dir = models.cache_dir

    def follow(self, detections: Detections, rules: Rules, stream: Stream, image: Image | None = None) -> Detections:
        """Follow with the tracker of the stream; the rules are those of its first frame."""
        if "tracker" not in stream.state:
            stream.state["tracker"] = Tracker(rules, self._cache_dir)
        followed: Detections = stream.state["tracker"].follow(detections, None if image is None else image.bgr)
        return followed

    def told_apart(self, followed: Detections, stream: Stream, size: int) -> FollowedOutput:
        """Tell tracks that appear for the first time from those seen before."""
        seen: OrderedDict[int, None] = stream.state.setdefault("seen", OrderedDict())
        ids = [] if followed.tracker_id is None else followed.tracker_id.tolist()
        new = np.array([track not in seen for track in ids], bool)
        for track in ids:
            seen[track] = None
            seen.move_to_end(track)
        while len(seen) > size:
            seen.popitem(last=False)
        return FollowedOutput(followed, take(followed, new), take(followed, ~new))


def frames(buffer: int, fps: float | None) -> int:
    """Return how many frames a buffer, counted at 30 a second, means at another rate."""
    return int(buffer * (fps or _USUAL_FPS) / _USUAL_FPS)


def byte_rules(activation: float, buffer: int, matching: float, steady: int, fps: float | None) -> Rules:
    """Rules of `byte_tracker`: a box begins a track if it is surer by 0.1 than one that is matched first."""
    return Rules(
        "bytetrack", activation, min(activation + 0.1, 1.0), matching, frames(buffer, fps), steady, by_score=True
    )


class ByteTrackerV1(Following):
    """Give objects ids that stay from frame to frame (ByteTrack).

    Boxes are matched with tracks by overlap, the sure ones first, then those down to a confidence of 0.1: an object
    that is half hidden keeps its id. So let the model before it find unsure boxes too: its `confidence` at 0.1. Boxes
    that belong to no track are left out; the others stay as they are and get a `tracker_id`, counted from 1 in each
    stream. A new track counts from its second frame on, in the first frame of a stream at once.
    Method: Zhang et al., ByteTrack, 2022, as it comes with Ultralytics (extra `yolo`).
    """

    type = "byte_tracker@v1"
    aliases = ("roboflow_core/byte_tracker@v1",)

    class Output(NamedTuple):
        """The boxes of tracks."""

        tracked_detections: Tracked

    def run(
        self,
        metadata: Metadata,
        detections: Found,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: Steady = 1,
    ) -> Output:
        """Follow."""
        fps = metadata.get("fps")
        rules = byte_rules(
            track_activation_threshold, lost_track_buffer, minimum_matching_threshold, minimum_consecutive_frames, fps
        )
        return self.Output(self.follow(detections, rules, stream))


class ByteTrackerV2(Following):
    """Give objects ids that stay from frame to frame (ByteTrack); the frame tells the stream.

    Otherwise as `byte_tracker@v1`.
    """

    type = "byte_tracker@v2"
    aliases = ("roboflow_core/byte_tracker@v2",)

    class Output(NamedTuple):
        """The boxes of tracks."""

        tracked_detections: Tracked

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: Steady = 1,
    ) -> Output:
        """Follow."""
        rules = byte_rules(
            track_activation_threshold,
            lost_track_buffer,
            minimum_matching_threshold,
            minimum_consecutive_frames,
            image.fps,
        )
        return self.Output(self.follow(detections, rules, stream))


class ByteTrackerV3(Following):
    """Give objects ids that stay from frame to frame (ByteTrack), and tell new ones from those seen before.

    Otherwise as `byte_tracker@v1`.
    """

    type = "byte_tracker@v3"
    aliases = ("roboflow_core/byte_tracker@v3",)
    Output = FollowedOutput

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        track_activation_threshold: Activation = 0.25,
        lost_track_buffer: Buffer = 30,
        minimum_matching_threshold: Matching = 0.8,
        minimum_consecutive_frames: Steady = 1,
        instances_cache_size: CacheSize = 16384,
    ) -> FollowedOutput:
        """Follow."""
        rules = byte_rules(
            track_activation_threshold,
            lost_track_buffer,
            minimum_matching_threshold,
            minimum_consecutive_frames,
            image.fps,
        )
        return self.told_apart(self.follow(detections, rules, stream), stream, instances_cache_size)


class TrackersByteTrack(Following):
    """Give objects ids that stay from frame to frame (ByteTrack), matched by plain overlap.

    Unsure boxes, down to a confidence of 0.1, keep a track going; see `byte_tracker@v1`. Method: Zhang et al., 2022.
    """

    type = "trackers_bytetrack@v1"
    aliases = ("roboflow_core/trackers_bytetrack@v1",)

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.1,
        minimum_consecutive_frames: Steady = 2,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.7,
        high_conf_det_threshold: High = 0.6,
        instances_cache_size: CacheSize = 16384,
    ) -> FollowedOutput:
        """Follow."""
        rules = Rules(
            "bytetrack",
            high_conf_det_threshold,
            track_activation_threshold,
            1 - minimum_iou_threshold,
            frames(lost_track_buffer, image.fps),
            minimum_consecutive_frames,
        )
        return self.told_apart(self.follow(detections, rules, stream), stream, instances_cache_size)


class TrackersSort(Following):
    """Give objects ids that stay from frame to frame (SORT): overlap with where a track is expected, one round.

    Unsure boxes are not used. Method: Bewley et al., SORT, 2016; here ByteTrack without its second round.
    """

    type = "trackers_sort@v1"
    aliases = ("roboflow_core/trackers_sort@v1",)

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.3,
        minimum_consecutive_frames: Steady = 3,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.25,
        instances_cache_size: CacheSize = 16384,
    ) -> FollowedOutput:
        """Follow."""
        rules = Rules(
            "bytetrack",
            _ONE_ROUND,
            track_activation_threshold,
            1 - minimum_iou_threshold,
            frames(lost_track_buffer, image.fps),
            minimum_consecutive_frames,
            low=_ONE_ROUND,
        )
        return self.told_apart(self.follow(detections, rules, stream), stream, instances_cache_size)


class TrackersOcSort(Following):
    """Give objects ids that stay from frame to frame (OC-SORT), also where they turn or are hidden for a while.

    Method: Cao et al., Observation-Centric SORT, 2023.
    """

    type = "trackers_ocsort@v1"
    aliases = ("roboflow_core/trackers_ocsort@v1",)

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        minimum_iou_threshold: Overlap = 0.3,
        minimum_consecutive_frames: Steady = 3,
        lost_track_buffer: Buffer = 30,
        high_conf_det_threshold: High = 0.6,
        direction_consistency_weight: Annotated[
            ZeroToOne, Port("how much it counts that a track keeps its direction")
        ] = 0.2,
        delta_t: Annotated[int, Field(ge=1), Port("frames over which a direction is measured")] = 3,
        instances_cache_size: CacheSize = 16384,
    ) -> FollowedOutput:
        """Follow."""
        rules = Rules(
            "ocsort",
            high_conf_det_threshold,
            high_conf_det_threshold,
            1 - minimum_iou_threshold,
            frames(lost_track_buffer, image.fps),
            minimum_consecutive_frames,
            more={"delta_t": delta_t, "inertia": direction_consistency_weight, "use_byte": False},
        )
        return self.told_apart(self.follow(detections, rules, stream), stream, instances_cache_size)


class TrackersBotSort(Following):
    """Give objects ids that stay from frame to frame (BoT-SORT); with `enable_cmc` also while the camera moves.

    In the second round and for tracks that are one frame old, the least overlaps are 0.5 and 0.3, whatever the
    fields say; another value is told once. Appearance is not looked at. Method: Aharon et al., BoT-SORT, 2022.
    """

    type = "trackers_botsort@v1"
    aliases = ("roboflow_core/trackers_botsort@v1",)

    def run(
        self,
        image: Frame,
        detections: Found,
        stream: Stream,
        minimum_iou_threshold_first_assoc: Overlap = 0.2,
        minimum_iou_threshold_second_assoc: Overlap = 0.5,
        minimum_iou_threshold_unconfirmed_assoc: Overlap = 0.3,
        minimum_consecutive_frames: Steady = 2,
        lost_track_buffer: Buffer = 30,
        track_activation_threshold: Activation = 0.7,
        high_conf_det_threshold: High = 0.6,
        enable_cmc: Annotated[bool, Port("whether the movement of the camera is taken out")] = False,
        cmc_method: Setting[
            Annotated[Literal["orb", "sift", "ecc", "sparseOptFlow"], Port("how it is measured")]
        ] = "sparseOptFlow",
        cmc_downscale: Annotated[int, Field(ge=1), Port("how much smaller the frames are for that")] = 2,
        instant_first_frame_activation: Annotated[
            bool, Port("whether the objects of the first frame count at once")
        ] = False,
        instances_cache_size: CacheSize = 16384,
    ) -> FollowedOutput:
        """Follow."""
        fixed = (minimum_iou_threshold_second_assoc, minimum_iou_threshold_unconfirmed_assoc)
        if fixed != (0.5, 0.3) and "tracker" not in stream.state:
            log.warning("step %r: the overlaps of the second round and of new tracks are 0.5 and 0.3 here", self.step)
        rules = Rules(
            "botsort",
            high_conf_det_threshold,
            track_activation_threshold,
            1 - minimum_iou_threshold_first_assoc,
            frames(lost_track_buffer, image.fps),
            minimum_consecutive_frames,
            at_once=instant_first_frame_activation,
            more={
                "gmc_method": cmc_method if enable_cmc else "none",
                "downscale": cmc_downscale,
                "with_reid": False,
                "proximity_thresh": 1.0,
                "appearance_thresh": 1.0,
            },
        )
        return self.told_apart(self.follow(detections, rules, stream, image), stream, instances_cache_size)
