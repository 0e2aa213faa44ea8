"""Gives a tracked object one class: votes over many frames in place of what a single frame shows."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import take
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow_blocks.analytics.class_votes import UNKNOWN, Label, Rules, Track, Tracks

Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]


class TrackClassLock(Block):
    """Hold the class of every tracked object steady.

    Each frame in which the model is sure enough is a vote for a class. With enough votes, and enough more than any
    other class, the object is locked: from then on it has that class and the mean confidence of those votes, whatever
    single frames show. It changes its class only after a run of sure frames that all show the same other class; a
    frame that shows the locked class, or is unsure, ends the run. A new tracker id that appears where a locked object
    was lost takes the lock over. Frames are those that come here. Boxes without a tracker id (-1) pass as they are.

    Raises:
        ValueError: the detections have no tracker ids, or lost objects would be forgotten before they may come back.
    """

    type = "track_class_lock@v1"
    aliases = ("roboflow_core/track_class_lock@v1",)

    class Output(NamedTuple):
        """The detections with their steady classes."""

        tracked_detections: Annotated[
            Detections, KindOf("detections"), Port("the detections; `class_locked` tells which classes are locked")
        ]

    def run(
        self,
        image: Annotated[Image, Port("the frame; tells the stream")],
        detections: Annotated[Detections, Port("detections with the ids of a tracker")],
        stream: Stream,
        min_votes: Annotated[AtLeastOne, Port("votes that lock a class")] = 10,
        vote_confidence: Annotated[ZeroToOne, Port("confidence from which a frame is a vote")] = 0.8,
        lead_margin: Annotated[Count, Port("votes that a class must be ahead of the next")] = 3,
        switch_after: Annotated[AtLeastOne, Port("votes in a row for another class that change the lock")] = 15,
        state_ttl: Annotated[Count, Port("frames for which an object that is not seen is remembered")] = 300,
        reattach_window: Annotated[
            Count, Port("frames for which a lost object may come back under a new id; not more than state_ttl")
        ] = 30,
        reattach_iou: Annotated[
            ZeroToOne, Port("overlap of the new box with the last one, as intersection over union")
        ] = 0.3,
    ) -> Output:
        """Vote."""
        if reattach_window > state_ttl:
            raise ValueError(
                f"reattach_window is {reattach_window} and state_ttl {state_ttl}: an object cannot come back once "
                "it is forgotten; give a reattach_window of at most state_ttl"
            )
        rules = Rules(min_votes, vote_confidence, lead_margin, switch_after, state_ttl, reattach_window, reattach_iou)
        tracks: Tracks = stream.state.setdefault("tracks", Tracks())
        tracked = _tracked(detections)
        ids = [] if detections.tracker_id is None else detections.tracker_id[tracked].tolist()
        seen = dict(zip(tracked.tolist(), tracks.see(ids, detections.xyxy[tracked], rules), strict=True))
        for place, track in seen.items():
            track.vote(_label(detections, place), _confidence(detections, place), rules)
        return self.Output(_locked(detections, {i: track for i, track in seen.items() if track.locked}))


def _tracked(detections: Detections) -> NDArray[np.intp]:
    """Return the places of the boxes that have a tracker id."""
    if detections.tracker_id is None:
        if len(detections):
            raise ValueError("the detections have no tracker ids; put a tracker, such as byte_tracker, before it")
        return np.empty(0, np.intp)
    return np.flatnonzero(detections.tracker_id >= 0)


def _label(detections: Detections, place: int) -> Label:
    names = detections.data.get("class_name")
    return Label(
        UNKNOWN.class_id if detections.class_id is None else int(detections.class_id[place]),
        UNKNOWN.name if names is None else str(names[place]),
    )


def _confidence(detections: Detections, place: int) -> float:
    """Boxes without a confidence, as drawn by hand, are sure."""
    return 1.0 if detections.confidence is None else float(detections.confidence[place])


def _locked(detections: Detections, tracks: dict[int, Track]) -> Detections:
    """Return the detections with the classes and confidences of the locked tracks, which are given by place."""
    steady, places = take(detections, slice(None)), list(tracks)
    labels = [track.locked or UNKNOWN for track in tracks.values()]
    if steady.class_id is not None:
        steady.class_id = _with(steady.class_id, places, [label.class_id for label in labels])
    if steady.confidence is not None:
        steady.confidence = _with(steady.confidence, places, [track.confidence for track in tracks.values()])
    locked = _with(np.zeros(len(steady), bool), places, [True] * len(places))
    steady.data = {**steady.data, "class_locked": locked}
    if "class_name" in steady.data:
        names = np.array(steady.data["class_name"], object)  # text arrays would cut longer names
        steady.data["class_name"] = _with(names, places, [label.name for label in labels]).astype(str)
    return steady


def _with(values: NDArray[Any], places: list[int], others: list[Any]) -> NDArray[Any]:
    changed = values.copy()
    changed[places] = others
    return changed
