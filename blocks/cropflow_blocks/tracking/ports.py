"""What the blocks of this family share: their ports, and what a step has to know of tracks and time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from supervision import Detections

from cropflow.block import Port, Stream
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow.resources import Clock

T = TypeVar("T")

Frame = Annotated[Image, Port("the frame of the video; tells the stream and how many frames make a second")]
Metadata = Annotated[
    dict[str, Any],
    KINDS["video_metadata"],
    Port("the frame of the video; tells the stream and, as `fps`, how many frames make a second"),
]
Tracked = Annotated[Detections, Port("detections with the ids of a tracker")]

MOST_TRACKS = 16384
"""How many tracks a step remembers of a stream; those it has not seen for the longest time are forgotten."""


class Remembered(Generic[T]):
    """What is known of each track of a stream; the one that was not seen for the longest time is forgotten first."""

    def __init__(self, most: int = MOST_TRACKS) -> None:
        self._most = most
        self._known: OrderedDict[int, T] = OrderedDict()

    def get(self, track: int) -> T | None:
        """Return what is known of a track."""
        return self._known.get(track)

    def put(self, track: int, value: T) -> None:
        """Remember a value, and that the track was seen."""
        self._known[track] = value
        self._known.move_to_end(track)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def forget(self, track: int) -> None:
        """Forget a track, if it is known."""
        self._known.pop(track, None)


def ids_of(detections: Detections) -> list[int]:
    """Return the tracker id of every box; negative where a tracker gave none.

    Raises:
        ValueError: there are boxes and no tracker has seen them.
    """
    if detections.tracker_id is None:
        if len(detections):
            raise ValueError(
                "the detections have no tracker ids; put a tracker, such as byte_tracker, before this step"
            )
        return []
    ids: list[int] = detections.tracker_id.tolist()
    return ids


def fps_of(source: Image | Mapping[str, Any]) -> float | None:
    """Return the frames in a second, `None` where a picture or video metadata do not tell them."""
    rate = source.fps if isinstance(source, Image) else source.get("fps")
    return float(rate) if rate else None


def seconds(stream: Stream, fps: float | None, clock: Clock) -> float:
    """Return the time of a frame: that of the video, or of the clock where nobody knows the frames in a second."""
    return stream.frame / fps if fps else clock.now().timestamp()
