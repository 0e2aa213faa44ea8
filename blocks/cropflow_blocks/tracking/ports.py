"""What the blocks that watch tracks share: their ports, the ids of tracks, and the time of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from supervision import Detections, Position

from cropflow.block import KindOf, Port, Setting, Stream
from cropflow.detections import take
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow.resources import Clock

Frame = Annotated[Image, Port("the frame; tells the stream and, with its rate, the time")]
Metadata = Annotated[dict[str, Any], KINDS["video_metadata"], Port("tells the stream, the frame and the rate")]
Tracked = Annotated[Detections, Port("boxes with the ids of a tracker; those of a crop are moved to the frame")]
Points = Annotated[list[Any], KINDS["list_of_values"], KINDS["zone"]]
Passed = KindOf("detections")
Anchor = Literal[
    "CENTER",
    "CENTER_LEFT",
    "CENTER_RIGHT",
    "TOP_CENTER",
    "TOP_LEFT",
    "TOP_RIGHT",
    "BOTTOM_LEFT",
    "BOTTOM_CENTER",
    "BOTTOM_RIGHT",
    "CENTER_OF_MASS",
]
At = Setting[Annotated[Anchor, Port("the point of a box that counts; CENTER_OF_MASS needs masks")]]


def tracks(detections: Detections) -> list[int]:
    """Return the track of every box.

    Raises:
        ValueError: the boxes have no tracks.
    """
    if detections.tracker_id is None:
        if len(detections):
            raise ValueError("the detections have no tracker ids; put a tracker, such as byte_tracker@v3, before it")
        return []
    ids: list[int] = detections.tracker_id.tolist()
    return ids


def anchors(detections: Detections, at: Anchor) -> NDArray[np.float64]:
    """Return the point of each box that counts, n×2 in pixels.

    Raises:
        ValueError: the centre of mass is asked for, and there are no masks.
    """
    if at == "CENTER_OF_MASS" and detections.mask is None and len(detections):
        raise ValueError("CENTER_OF_MASS needs masks; take another point of the box, or a segmentation")
    points: NDArray[np.float64] = detections.get_anchors_coordinates(Position(at)).astype(float).reshape(-1, 2)
    return points


def moment(stream: Stream, told: Image | Mapping[str, Any], clock: Clock) -> float:
    """Return the time of a frame in seconds: by its number where the rate is known, else by the clock."""
    fps = told.fps if isinstance(told, Image) else told.get("fps")
    return stream.frame / fps if fps else clock.now().timestamp()


def with_data(detections: Detections, **columns: NDArray[Any]) -> Detections:
    """Return the same boxes with further columns."""
    told = take(detections, slice(None))
    told.data = {**told.data, **columns}
    return told
