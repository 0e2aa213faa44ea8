"""What all trackers share: one follower for each stream, and boxes that come back with the id of their track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting, Stream
from cropflow.detections import take
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow_blocks.tracking.association import Follower, Rules
from cropflow_blocks.tracking.ports import MOST_TRACKS, Remembered

Boxes = Annotated[Detections, Port("what was found on the frame, unsure boxes included")]
Activation = Annotated[ZeroToOne, Port("confidence from which a box begins a track")]
High = Annotated[ZeroToOne, Port("confidence from which a box is sure: these are joined to tracks first")]
Overlap = Annotated[
    ZeroToOne, Port("least overlap of a box with where its track is expected, as intersection over union")
]
InARow = Annotated[Annotated[int, Field(ge=1)], Port("frames in a row in which an object is seen before it counts")]
Buffer = Annotated[
    Annotated[int, Field(ge=0)],
    Port("frames for which a lost object may come back under its id, at 30 frames a second; scaled for other rates"),
]
CacheSize = Annotated[Setting[Annotated[int, Field(ge=1)]], Port("how many ids are remembered as seen")]
MOST_SEEN = MOST_TRACKS

_USUAL_RATE = 30.0


class Followed(NamedTuple):
    """The boxes that belong to a track, new ones and known ones."""

    tracked_detections: Annotated[
        Detections, KindOf("detections"), Port("the boxes that belong to a track, with its id as `tracker_id`")
    ]
    new_instances: Annotated[Detections, KindOf("detections"), Port("those whose track is seen for the first time")]
    already_seen_instances: Annotated[Detections, KindOf("detections"), Port("those whose track was seen before")]


class Tracker(Block):
    """The base of all trackers; it has no `run`."""

    def follow(
        self, stream: Stream, detections: Detections, rules: Rules, fps: float | None, image: Image | None = None
    ) -> Detections:
        """Return the boxes that belong to a track, as they are, with the ids of the tracks.

        A stream keeps the rules of its first frame. A video that begins again is a new one.

        Raises:
            ValueError: a frame comes twice, as the crops of one frame would.
            ModelError: Ultralytics, where the trackers are, is not installed.
        """
        last = stream.state.get("frame")
        if last == stream.frame:
            raise ValueError(
                f"frame {last} of the stream {stream.id!r} comes a second time, and a tracker takes all boxes of a "
                "frame at once; put boxes of several crops together first, as with detections_stitch, and give every "
                "frame a number of its own"
            )
        if last is None or stream.frame < last:
            stream.state.clear()
            buffer = int(rules.buffer * (fps or _USUAL_RATE) / _USUAL_RATE)
            stream.state["follower"] = Follower(rules.lasting(buffer))
        stream.state["frame"] = stream.frame
        follower: Follower = stream.state["follower"]
        frame = image.bgr if image is not None and rules.camera is not None else None
        places, ids = follower.follow(detections, frame)
        tracked = take(detections, places)
        tracked.tracker_id = np.array(ids, int)
        return tracked

    def told_apart(self, stream: Stream, tracked: Detections, cache_size: int) -> Followed:
        """Return the boxes together with those of new and of known tracks."""
        seen: Remembered[bool] = stream.state.setdefault("seen", Remembered(cache_size))
        ids: Sequence[int] = [] if tracked.tracker_id is None else tracked.tracker_id.tolist()
        known = np.zeros(len(ids), bool)
        for place, track in enumerate(ids):
            known[place] = seen.get(track) is not None
            seen.put(track, True)
        return Followed(tracked, take(tracked, ~known), take(tracked, known))
