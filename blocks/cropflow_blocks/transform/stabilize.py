"""Boxes that tremble from frame to frame, and objects that a model misses for a frame or two."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import moved, onto, take
from cropflow.image import Image
from cropflow.image.origin import IDENTITY, Origin, Transform
from cropflow.kinds import ZeroToOne
from cropflow_blocks.fusion.joining import join

Box = NDArray[np.float64]


@dataclass(slots=True)
class Track:
    """What is remembered of one object.

    Attributes:
        box: where it was found in the last frame, or is thought to have been.
        steps: how its box moved from frame to frame; one fewer with every frame in which it is not found.
        seen: the object as it was found last.
    """

    box: Box
    steps: deque[Box]
    seen: Detections

    def find(self, box: Box, seen: Detections, share: float) -> Box:
        """Take what a frame shows; return the steady box."""
        before, self.box, self.seen = self.box, box, seen
        self.steps.append(box - before)
        return mixed(box, before, share)

    def miss(self, share: float) -> Box:
        """Go on as before; return the steady box."""
        self.box = mixed(self.box + np.mean(self.steps, axis=0), self.box, share)
        self.steps.popleft()
        return self.box


def mixed(now: Box, before: Box, share: float) -> Box:
    """Return a box between two."""
    return share * now + (1 - share) * before


class StabilizeDetections(Block):
    """Steady the boxes of tracked objects, and keep objects that are missing for a short time.

    A box is mixed of where the object is found and where it was in the frame before. An object that is not found moves
    on as it did on average and comes after those that are found, with its tracker id, class and confidence and an id of
    its own. After `smoothing_window_size` frames, or as many as it was seen moving before, it is forgotten. Frames are
    those that come here, of each stream by itself. Masks and points of found objects stay; those of missing ones move
    with the box. Boxes without a tracker id (-1) pass as they are.

    Raises:
        ValueError: the detections have no tracker ids.
    """

    type = "stabilize_detections@v1"
    aliases = ("roboflow_core/stabilize_detections@v1",)

    class Output(NamedTuple):
        """The steady detections."""

        tracked_detections: Annotated[
            Detections, KindOf("detections"), Port("the detections with steady boxes, and then those that are missing")
        ]

    def run(
        self,
        image: Annotated[Image, Port("the frame; tells the stream")],
        detections: Annotated[Detections, Port("detections with the ids of a tracker")],
        stream: Stream,
        smoothing_window_size: Annotated[
            Annotated[int, Field(ge=0)], Port("how many of its last moves tell how an object moves on; 0 keeps none")
        ] = 3,
        bbox_smoothing_coefficient: Annotated[
            ZeroToOne, Port("share of the box that is found; the rest is that of the frame before")
        ] = 0.2,
    ) -> Output:
        """Steady."""
        if len(detections) and detections.tracker_id is None:
            raise ValueError("the detections have no tracker ids; put a tracker, such as byte_tracker, before it")
        tracks: dict[int, Track] = stream.state.setdefault("tracks", {})
        found = onto(detections, image.origin)
        missing = [id for id in tracks if id not in _ids(found)]
        steady = _steadied(found, tracks, smoothing_window_size, bbox_smoothing_coefficient)
        lost = []
        for id in missing:
            if tracks[id].steps:
                box = tracks[id].miss(bbox_smoothing_coefficient)
                lost.append(_carried_on(tracks[id].seen, box, image.origin, f"{image.id}/{self.step}/{id}"))
            else:
                del tracks[id]
        return self.Output(join([_compact(steady), *lost], image.origin) if lost else steady)


def _steadied(found: Detections, tracks: dict[int, Track], window: int, share: float) -> Detections:
    """Return what was found with steady boxes, and remember it."""
    steady = take(found, slice(None))
    steady.xyxy = found.xyxy.astype(np.result_type(found.xyxy.dtype, np.float32))
    for id, place in _ids(found).items():
        box, seen = found.xyxy[place].astype(float), _compact(take(found, place))
        if id in tracks:
            steady.xyxy[place] = tracks[id].find(box, seen, share)
        else:
            tracks[id] = Track(box, deque(maxlen=window), seen)
    return steady


def _ids(found: Detections) -> dict[int, int]:
    """Return the tracker ids and the places of their boxes."""
    ids: list[int] = [] if found.tracker_id is None else found.tracker_id.tolist()
    return {id: place for place, id in enumerate(ids) if id >= 0}


def _compact(found: Detections) -> Detections:
    """Store dense masks per box, so that what is remembered does not cost a frame for each object."""
    if not isinstance(found.mask, np.ndarray):
        return found
    height, width = found.mask.shape[1:]
    return moved(found, IDENTITY, found.metadata.get("origin") or Origin("image", width, height))


def _carried_on(seen: Detections, box: Box, origin: Origin, id: str) -> Detections:
    """Return an object as it was seen last at another place of another frame."""
    x, y = ((box[:2] + box[2:]) - (seen.xyxy[0, :2] + seen.xyxy[0, 2:])) / 2
    carried = moved(seen, Transform(float(x), float(y)), origin)
    carried.xyxy = box[np.newaxis].astype(carried.xyxy.dtype)
    names: dict[str, Any] = {"detection_id": id, "parent_id": origin.id}
    for key, name in names.items():
        if key in carried.data:
            carried.data[key] = np.array([name])
    return carried
