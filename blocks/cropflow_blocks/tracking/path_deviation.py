"""Says how far the way of a tracked object is from the way it should take."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.detections import onto
from cropflow_blocks.tracking.ports import (
    Anchor,
    At,
    Frame,
    Metadata,
    Passed,
    Points,
    Tracked,
    anchors,
    tracks,
    with_data,
)
from cropflow_blocks.visualization.zones import points

Reference = Annotated[Points, Port("the way to take: [[x, y], …] in pixels of the frame")]


class DeviationOutput(NamedTuple):
    """The boxes with their deviations."""

    path_deviation_detections: Annotated[Detections, Passed, Port("the boxes; `path_deviation` in pixels")]


class PathDeviationV1(Block):
    """Measure how far the way that each track has taken so far is from a reference path, in pixels.

    It is the discrete Fréchet distance: the shortest leash on which one can walk the track and another the path, both
    from their beginning to their end and never backwards. So a track that has just begun is far from the path's end.
    Method: Eiter and Mannila, Computing discrete Fréchet distance, 1994; one row of the table for each frame.

    Raises:
        ValueError: the boxes have no tracks, or the path is none.
    """

    type = "path_deviation_analytics@v1"
    aliases = ("roboflow_core/path_deviation_analytics@v1",)

    def run(
        self,
        metadata: Metadata,
        detections: Tracked,
        reference_path: Reference,
        stream: Stream,
        triggering_anchor: At = "CENTER",
    ) -> DeviationOutput:
        """Measure."""
        return DeviationOutput(deviating(detections, reference_path, triggering_anchor, stream))


class PathDeviationV2(Block):
    """Measure how far the way that each track has taken so far is from a reference path; the frame tells the stream.

    Otherwise as `path_deviation_analytics@v1`.
    """

    type = "path_deviation_analytics@v2"
    aliases = ("roboflow_core/path_deviation_analytics@v2",)

    def run(
        self,
        image: Frame,
        detections: Tracked,
        reference_path: Reference,
        stream: Stream,
        triggering_anchor: At = "CENTER",
    ) -> DeviationOutput:
        """Measure."""
        here = onto(detections, image.origin)
        return DeviationOutput(deviating(here, reference_path, triggering_anchor, stream))


def deviating(detections: Detections, reference: list[Any], at: Anchor, stream: Stream) -> Detections:
    """Lengthen the ways of the tracks by this frame, and return the boxes with their deviations."""
    path = points(reference, "reference_path").astype(float)
    rows: dict[int, NDArray[np.float64]] = stream.state.setdefault("rows", {})
    found = []
    for track, place in zip(tracks(detections), anchors(detections, at), strict=True):
        rows[track] = _next_row(rows.get(track), np.linalg.norm(path - place, axis=1))
        found.append(rows[track][-1])
    return with_data(detections, path_deviation=np.array(found, float))


def _next_row(before: NDArray[np.float64] | None, distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least leash to every point of the path, once the track has one more point."""
    if before is None:
        return np.maximum.accumulate(distances)
    row = np.empty_like(distances)
    row[0] = max(before[0], distances[0])
    for j in range(1, len(row)):
        row[j] = max(distances[j], min(before[j], before[j - 1], row[j - 1]))
    return row
