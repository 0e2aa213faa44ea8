"""Measures how far tracked objects are from the way they should take."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import onto, take
from cropflow.kinds import KINDS
from cropflow_blocks.tracking.ports import Frame, Metadata, Remembered, Tracked, ids_of
from cropflow_blocks.visualization.drawing import Anchor
from cropflow_blocks.visualization.zones import points

Path = Annotated[
    Annotated[list[Any], KINDS["list_of_values"]],
    Port("the way objects should take, [[x, y], …] in pixels; write points close together, for only they count"),
]


class Deviated(NamedTuple):
    """The boxes with their deviations."""

    path_deviation_detections: Annotated[
        Detections, KindOf("detections"), Port("the boxes, with how far they are from the path as `path_deviation`")
    ]


class PathDeviationV1(Block):
    """Tell how far the ways of tracked objects are from a reference path; video metadata tell the stream.

    `path_deviation` is the discrete Fréchet distance in pixels between all points where an object was seen so far and
    the points of the path: both are walked along from beginning to end without turning back, and the longest distance
    between the two walkers, kept as short as possible, counts. So an object at the beginning of its way is as far away
    as the end of the path is.

    Raises:
        ValueError: the boxes have no tracker ids, or the path is no list of points.
    """

    type = "path_deviation_analytics@v1"
    aliases = ("roboflow_core/path_deviation_analytics@v1",)

    def run(
        self,
        metadata: Metadata,
        detections: Tracked,
        reference_path: Path,
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
    ) -> Deviated:
        """Measure."""
        return _deviated(detections, detections, reference_path, stream, triggering_anchor)


class PathDeviationV2(Block):
    """Tell how far the ways of tracked objects are from a reference path.

    `path_deviation` is the discrete Fréchet distance in pixels between all points where an object was seen so far and
    the points of the path: both are walked along from beginning to end without turning back, and the longest distance
    between the two walkers, kept as short as possible, counts. So an object at the beginning of its way is as far away
    as the end of the path is. Boxes found on a crop of the frame are moved to it.

    Raises:
        ValueError: the boxes have no tracker ids, or the path is no list of points.
    """

    type = "path_deviation_analytics@v2"
    aliases = ("roboflow_core/path_deviation_analytics@v2",)

    def run(
        self,
        image: Frame,
        detections: Tracked,
        reference_path: Path,
        stream: Stream,
        triggering_anchor: Anchor = "CENTER",
    ) -> Deviated:
        """Measure."""
        placed = onto(detections, image.origin)
        return _deviated(detections, placed, reference_path, stream, triggering_anchor)


def _deviated(detections: Detections, placed: Detections, written: list[Any], stream: Stream, anchor: str) -> Deviated:
    path = points(written, "reference_path", least=1).astype(float)
    ids = ids_of(detections)
    places = placed.get_anchors_coordinates(sv.Position[anchor])
    known: Remembered[NDArray[np.float64]] = stream.state.setdefault("distances", Remembered())
    deviations = np.zeros(len(ids))
    for index, track in enumerate(ids):
        distances = longer(known.get(track), np.linalg.norm(path - places[index], axis=1))
        known.put(track, distances)
        deviations[index] = distances[-1]
    found = take(detections, slice(None))
    found.data = {**found.data, "path_deviation": deviations}
    return Deviated(found)


def longer(before: NDArray[np.float64] | None, apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the discrete Fréchet distances of a way, with one more point, to the first 1, 2, … points of a path.

    Args:
        before: the distances of the way so far; `None` where this is its first point.
        apart: how far the new point is from each point of the path.

    >>> longer(longer(None, np.array([0.0, 5.0])), np.array([5.0, 1.0])).tolist()
    [5.0, 1.0]
    """
    if before is None:
        return np.maximum.accumulate(apart)
    stepped = np.minimum(before, np.concatenate([[np.inf], before[:-1]]))
    distances = np.empty_like(apart)
    last = np.inf
    for index, reached in enumerate(np.minimum(stepped, np.inf).tolist()):
        last = distances[index] = max(min(reached, last), apart[index])
    return distances
