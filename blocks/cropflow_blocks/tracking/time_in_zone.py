"""Says how long tracked objects have been inside of a zone."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.detections import onto, take
from cropflow.image import Image
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import (
    Anchor,
    At,
    Frame,
    Metadata,
    Passed,
    Points,
    Tracked,
    anchors,
    moment,
    tracks,
    with_data,
)
from cropflow_blocks.visualization.zones import polygons

Zone = Annotated[Points, Port("corners [[x, y], …] in pixels of the frame, or a list of such polygons")]
Remove = Annotated[bool, Port("whether boxes outside are left out; otherwise their time is 0")]
Reset = Annotated[bool, Port("whether time begins anew when an object comes back; otherwise it goes on")]


class TimedOutput(NamedTuple):
    """The boxes with their times."""

    timed_detections: Annotated[Detections, Passed, Port("the boxes; `time_in_zone` in seconds")]


class _Timed(Block):
    """What all versions share; it has no `run`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def timed(
        self, detections: Detections, zone: list[Any], at: Anchor, now: float, remove: bool, reset: bool, stream: Stream
    ) -> TimedOutput:
        """Note who is inside, and tell since when."""
        ids, inside = tracks(detections), _inside(anchors(detections, at), zone)
        entered: dict[int, float] = stream.state.setdefault("entered", {})
        for track, is_inside in zip(ids, inside.tolist(), strict=True):
            if is_inside:
                entered.setdefault(track, now)
            elif reset:
                entered.pop(track, None)
        times = np.array([now - entered[t] if here else 0.0 for t, here in zip(ids, inside, strict=True)], float)
        timed = with_data(detections, time_in_zone=times)
        return TimedOutput(take(timed, inside) if remove else timed)


class TimeInZoneV1(_Timed):
    """Tell how long each tracked object has been inside of a polygon, in seconds.

    A frame's time is its number divided by the frames in a second; where they are not known, it is that of the clock.
    A box is inside where its point is inside of one of the polygons, or on its edge.

    Raises:
        ValueError: the boxes have no tracks, or the zone is none.
    """

    type = "time_in_zone@v1"
    aliases = ("roboflow_core/time_in_zone@v1",)

    def run(
        self,
        image: Annotated[Image, Port("the frame")],
        metadata: Metadata,
        detections: Tracked,
        zone: Zone,
        stream: Stream,
        triggering_anchor: At = "CENTER",
        remove_out_of_zone_detections: Remove = True,
        reset_out_of_zone_detections: Reset = True,
    ) -> TimedOutput:
        """Time."""
        now = moment(stream, metadata, self._clock)
        here = onto(detections, image.origin)
        remove, reset = remove_out_of_zone_detections, reset_out_of_zone_detections
        return self.timed(here, zone, triggering_anchor, now, remove, reset, stream)


class TimeInZoneV2(_Timed):
    """Tell how long each tracked object has been inside of a polygon, in seconds; the frame tells the time.

    Otherwise as `time_in_zone@v1`. Version 3 is the same.
    """

    type = "time_in_zone@v2"
    aliases = ("roboflow_core/time_in_zone@v2", "time_in_zone@v3", "roboflow_core/time_in_zone@v3")

    def run(
        self,
        image: Frame,
        detections: Tracked,
        zone: Zone,
        stream: Stream,
        triggering_anchor: At = "CENTER",
        remove_out_of_zone_detections: Remove = True,
        reset_out_of_zone_detections: Reset = True,
    ) -> TimedOutput:
        """Time."""
        now = moment(stream, image, self._clock)
        here = onto(detections, image.origin)
        remove, reset = remove_out_of_zone_detections, reset_out_of_zone_detections
        return self.timed(here, zone, triggering_anchor, now, remove, reset, stream)


def _inside(places: NDArray[np.float64], zone: list[Any]) -> NDArray[np.bool_]:
    outlines = polygons(zone, "zone")
    found = [any(cv2.pointPolygonTest(outline, tuple(place), False) >= 0 for outline in outlines) for place in places]
    return np.array(found, bool)
