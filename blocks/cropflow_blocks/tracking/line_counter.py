"""Counts what crosses a line."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import supervision as sv
from supervision import Detections, Position

from cropflow.block import Block, Port, Setting, Stream
from cropflow.detections import onto, take
from cropflow_blocks.tracking.ports import Anchor, At, Frame, Metadata, Passed, Points, Tracked, tracks, with_data
from cropflow_blocks.visualization.zones import points

Line = Annotated[Points, Port("the two ends: [[x, y], [x, y]] in pixels of the frame")]
CountIn = Annotated[int, Port("how many went in so far")]
CountOut = Annotated[int, Port("how many went out so far")]


class LineCounterV1(Block):
    """Count tracked objects that cross a line, each way.

    For a line drawn from top to bottom, moving to the right counts as in, moving to the left as out; for one drawn from
    left to right, moving up is in. A track is counted when its point has changed sides; in `line_counter@v2` without a
    point, when the whole box has. Method: supervision's LineZone.

    Raises:
        ValueError: the boxes have no tracks, or the line is none.
    """

    type = "line_counter@v1"
    aliases = ("roboflow_core/line_counter@v1",)

    class Output(NamedTuple):
        """The counts of the stream."""

        count_in: CountIn
        count_out: CountOut

    def run(
        self,
        metadata: Metadata,
        detections: Tracked,
        line_segment: Line,
        stream: Stream,
        triggering_anchor: At = "CENTER",
    ) -> Output:
        """Count."""
        zone, _, _ = crossed(detections, line_segment, triggering_anchor, stream)
        return self.Output(zone.in_count, zone.out_count)


class LineCounterV2(Block):
    """Count tracked objects that cross a line, each way, and give those that cross it in this frame.

    Otherwise as `line_counter@v1`.
    """

    type = "line_counter@v2"
    aliases = ("roboflow_core/line_counter@v2",)

    class Output(NamedTuple):
        """The counts of the stream, and who crossed in this frame."""

        count_in: CountIn
        count_out: CountOut
        detections_in: Annotated[Detections, Passed, Port("those that go in; `in_out` is `in`")]
        detections_out: Annotated[Detections, Passed, Port("those that go out; `in_out` is `out`")]

    def run(
        self,
        image: Frame,
        detections: Tracked,
        line_segment: Line,
        stream: Stream,
        triggering_anchor: Setting[
            Annotated[Anchor | None, Port("the point of a box that counts; without one the whole box")]
        ] = None,
    ) -> Output:
        """Count."""
        here = onto(detections, image.origin)
        zone, went_in, went_out = crossed(here, line_segment, triggering_anchor, stream)
        return self.Output(zone.in_count, zone.out_count, _marked(here, went_in, "in"), _marked(here, went_out, "out"))


def crossed(detections: Detections, line: list[Any], at: Anchor | None, stream: Stream) -> tuple[sv.LineZone, Any, Any]:
    """Count the boxes of a frame; return the line and, for each box, whether it went in and whether it went out."""
    tracks(detections)
    if "line" not in stream.state:
        start, end = points(line, "line_segment", exactly=2).tolist()
        if start == end:
            raise ValueError(f"line_segment begins and ends at {start}; give two different points")
        where = {} if at is None else {"triggering_anchors": (Position(at),)}
        stream.state["line"] = sv.LineZone(sv.Point(*start), sv.Point(*end), **where)
    zone: sv.LineZone = stream.state["line"]
    if not len(detections):
        nobody = np.zeros(0, bool)
        return zone, nobody, nobody
    went_in, went_out = zone.trigger(detections)
    return zone, went_in, went_out


def _marked(detections: Detections, chosen: Any, way: str) -> Detections:
    some = take(detections, chosen)
    return with_data(some, in_out=np.full(len(some), way))
