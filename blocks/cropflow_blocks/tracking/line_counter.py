"""Counts who goes over a line, and which way."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import supervision as sv
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import onto, take
from cropflow.kinds import KINDS
from cropflow_blocks.tracking.ports import Frame, Metadata, Tracked, ids_of
from cropflow_blocks.visualization.drawing import Anchor
from cropflow_blocks.visualization.zones import points

Line = Annotated[
    Annotated[list[Any], KINDS["list_of_values"], KINDS["zone"]],
    Port(
        "the two ends of the line, [[x, y], [x, y]] in pixels; who goes from its right side to its left, seen from the "
        "first end to the second, goes in"
    ),
]
CountIn = Annotated[int, Port("how many have gone in so far")]
CountOut = Annotated[int, Port("how many have gone out so far")]

_CORNERS = ("TOP_LEFT", "TOP_RIGHT", "BOTTOM_LEFT", "BOTTOM_RIGHT")


class LineCounterV1(Block):
    """Count the tracked objects that go over a line, each stream by itself.

    An object counts when a point of its box was seen on one side and is seen on the other, between the two ends; it
    counts again when it comes back. A stream keeps the line of its first frame.

    Raises:
        ValueError: the boxes have no tracker ids, or the line has not two ends.
    """

    type = "line_counter@v1"
    aliases = ("roboflow_core/line_counter@v1",)

    class Output(NamedTuple):
        """The counts so far."""

        count_in: CountIn
        count_out: CountOut

    def run(
        self,
        metadata: Metadata,
        detections: Tracked,
        line_segment: Line,
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
    ) -> Output:
        """Count."""
        zone, _, _ = _cross(stream, detections, line_segment, triggering_anchor)
        return self.Output(zone.in_count, zone.out_count)


class LineCounterV2(Block):
    """Count the tracked objects that go over a line, each stream by itself, and give those that do so in this frame.

    An object counts when it was seen on one side and is seen on the other, between the two ends; it counts again when
    it comes back. Without a `triggering_anchor` all four corners of its box have to be on the other side. Boxes found
    on a crop of the frame are moved to it. A stream keeps the line of its first frame.

    Raises:
        ValueError: the boxes have no tracker ids, or the line has not two ends.
    """

    type = "line_counter@v2"
    aliases = ("roboflow_core/line_counter@v2",)

    class Output(NamedTuple):
        """The counts so far, and who crossed the line in this frame."""

        count_in: CountIn
        count_out: CountOut
        detections_in: Annotated[Detections, KindOf("detections"), Port("those that go in, in this frame")]
        detections_out: Annotated[Detections, KindOf("detections"), Port("those that go out, in this frame")]

    def run(
        self,
        image: Frame,
        detections: Tracked,
        line_segment: Line,
        stream: Stream,
        triggering_anchor: Anchor | None = None,
    ) -> Output:
        """Count."""
        found = onto(detections, image.origin)
        zone, goes_in, goes_out = _cross(stream, found, line_segment, triggering_anchor)
        return self.Output(zone.in_count, zone.out_count, take(detections, goes_in), take(detections, goes_out))


def _cross(stream: Stream, detections: Detections, line: list[Any], anchor: str | None) -> tuple[sv.LineZone, Any, Any]:
    ids_of(detections)
    if "zone" not in stream.state:
        start, end = points(line, "line_segment", exactly=2).tolist()
        anchors = [sv.Position[name] for name in ((anchor,) if anchor else _CORNERS)]
        stream.state["zone"] = sv.LineZone(sv.Point(*start), sv.Point(*end), anchors)
    zone: sv.LineZone = stream.state["zone"]
    goes_in, goes_out = zone.trigger(detections)
    return zone, goes_in, goes_out
