"""Measures how long tracked objects are in a zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import onto, take
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import Frame, Metadata, Remembered, Tracked, fps_of, ids_of, seconds
from cropflow_blocks.visualization.drawing import Anchor
from cropflow_blocks.visualization.zones import points, polygons

Polygon = Annotated[list[Any], KINDS["list_of_values"], KINDS["zone"]]
Zone = Annotated[Polygon, Port("corners of the zone, [[x, y], …] in pixels of the frame")]
Remove = Annotated[bool, Port("whether boxes outside of the zone are left out; otherwise their time is 0")]
Reset = Annotated[
    bool,
    Port("whether time begins anew for an object that comes back; where boxes outside are kept, it always does"),
]


class Timed(NamedTuple):
    """The boxes with their time."""

    timed_detections: Annotated[
        Detections, KindOf("detections"), Port("the boxes, with the seconds since they came in as `time_in_zone`")
    ]


class ZoneTimer(Block):
    """What all versions share; it has no `run`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def time(
        self,
        image: Image,
        detections: Detections,
        stream: Stream,
        zones: Sequence[NDArray[np.int32]],
        anchor: str,
        fps: float | None,
        remove: bool,
        reset: bool,
    ) -> Timed:
        """Return the boxes with the time they have been in one of the zones."""
        ids = ids_of(detections)
        inside = _inside(onto(detections, image.origin), zones, anchor)
        now = seconds(stream, fps, self._clock)
        entered: Remembered[float] = stream.state.setdefault("entered", Remembered())
        times = np.zeros(len(ids))
        for place, track in enumerate(ids):
            if inside[place]:
                since = entered.get(track)
                entered.put(track, now if since is None else since)
                times[place] = 0.0 if since is None else now - since
            elif reset or not remove:
                entered.forget(track)
        kept = inside if remove else np.ones(len(ids), bool)
        timed = take(detections, kept)
        timed.data = {**timed.data, "time_in_zone": times[kept]}
        return Timed(timed)


class TimeInZoneV1(ZoneTimer):
    """Tell how many seconds tracked objects have been in a zone; video metadata tell the stream and its frame rate.

    An object is inside where a point of its box is, and its time runs from its first frame there, also through frames
    in which it is not seen. Time is that of the video; where no frame rate is known it is that of the clock. Boxes
    found on a crop of the frame are moved to it.

    Raises:
        ValueError: the boxes have no tracker ids, or the zone has fewer than three corners.
    """

    type = "time_in_zone@v1"
    aliases = ("roboflow_core/time_in_zone@v1",)

    def run(
        self,
        image: Frame,
        metadata: Metadata,
        detections: Tracked,
        zone: Zone,
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
        remove_out_of_zone_detections: Remove = True,
        reset_out_of_zone_detections: Reset = True,
    ) -> Timed:
        """Measure."""
        zones, fps = [points(zone, "zone", least=3)], fps_of(metadata) or fps_of(image)
        remove, reset = remove_out_of_zone_detections, reset_out_of_zone_detections
        return self.time(image, detections, stream, zones, triggering_anchor, fps, remove, reset)


class TimeInZoneV2(ZoneTimer):
    """Tell how many seconds tracked objects have been in a zone.

    An object is inside where a point of its box is, and its time runs from its first frame there, also through frames
    in which it is not seen. Time is that of the video; where no frame rate is known it is that of the clock. Boxes
    found on a crop of the frame are moved to it.

    Raises:
        ValueError: the boxes have no tracker ids, or the zone has fewer than three corners.
    """

    type = "time_in_zone@v2"
    aliases = ("roboflow_core/time_in_zone@v2",)

    def run(
        self,
        image: Frame,
        detections: Tracked,
        zone: Zone,
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
        remove_out_of_zone_detections: Remove = True,
        reset_out_of_zone_detections: Reset = True,
    ) -> Timed:
        """Measure."""
        zones = [points(zone, "zone", least=3)]
        remove, reset = remove_out_of_zone_detections, reset_out_of_zone_detections
        return self.time(image, detections, stream, zones, triggering_anchor, fps_of(image), remove, reset)


class TimeInZoneV3(ZoneTimer):
    """Tell how many seconds tracked objects have been in a zone, or in any of several.

    An object is inside where a point of its box is, and its time runs from its first frame there, also through frames
    in which it is not seen. Going from one of several zones to another does not end it. Time is that of the video;
    where no frame rate is known it is that of the clock. Boxes found on a crop of the frame are moved to it. Without
    any zone nobody is inside.

    Raises:
        ValueError: the boxes have no tracker ids, or a zone has fewer than three corners.
    """

    type = "time_in_zone@v3"
    aliases = ("roboflow_core/time_in_zone@v3",)

    def run(
        self,
        image: Frame,
        detections: Tracked,
        zone: Annotated[Polygon, Port("corners of the zone, [[x, y], …] in pixels of the frame, or a list of zones")],
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
        remove_out_of_zone_detections: Remove = True,
        reset_out_of_zone_detections: Reset = True,
    ) -> Timed:
        """Measure."""
        zones = polygons(zone, "zone") if zone else []
        remove, reset = remove_out_of_zone_detections, reset_out_of_zone_detections
        return self.time(image, detections, stream, zones, triggering_anchor, fps_of(image), remove, reset)


def _inside(detections: Detections, zones: Sequence[NDArray[np.int32]], anchor: str) -> NDArray[np.bool_]:
    """Return for every box whether it is in one of the zones."""
    inside = np.zeros(len(detections), bool)
    for zone in zones:
        inside |= sv.PolygonZone(zone, [sv.Position[anchor]]).trigger(detections)
    return inside
