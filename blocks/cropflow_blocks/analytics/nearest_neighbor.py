"""Pairs boxes of two predictions by distance: each worker with the nearest machine, each plate with its car."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections, Position

from cropflow.block import Block, KindOf, Port
from cropflow.detections import onto, take
from cropflow_blocks.anchors import BoxAnchor

Place: TypeAlias = Literal[BoxAnchor, "KEYPOINT"]
Points: TypeAlias = NDArray[np.float64]


class DetectionsNearestNeighbor(Block):
    """Find for every detection the nearest one of another prediction about the same picture.

    Distances are in pixels of the picture that the queries are on, from a point of the one box to a point of the
    other; with `KEYPOINT` from the key point of that name, and boxes without it have no neighbour. A detection is no
    neighbour of itself, so that one prediction may be given twice. Of several targets at the same distance each is
    given, which repeats the query in the matched outputs. Boxes and their ids stay as they are.

    Raises:
        ValueError: a key point is asked for without a name, or where there are none.
    """

    type = "detections_nearest_neighbor@v1"
    aliases = ("roboflow_core/detections_nearest_neighbor@v1",)

    class Output(NamedTuple):
        """All queries, and the pairs."""

        query_predictions: Annotated[
            Detections,
            KindOf("query_predictions"),
            Port("all queries, with `nearest_target_distance`; null where no target is near enough"),
        ]
        matched_query_detections: Annotated[
            Detections, KindOf("query_predictions"), Port("the query of each pair, with the distance")
        ]
        matched_target_detections: Annotated[
            Detections, KindOf("target_predictions"), Port("the target of each pair, in the same order")
        ]

    def run(
        self,
        query_predictions: Annotated[Detections, Port("the detections to find a neighbour for")],
        target_predictions: Annotated[Detections, Port("the detections that may be neighbours")],
        query_point: Annotated[Place, Port("where on a query distances begin")] = "CENTER",
        target_point: Annotated[Place, Port("where on a target distances end")] = "CENTER",
        query_keypoint_name: Annotated[str | None, Port("the key point of queries, for KEYPOINT")] = None,
        target_keypoint_name: Annotated[str | None, Port("the key point of targets, for KEYPOINT")] = None,
        max_distance: Annotated[
            Annotated[int, Field(ge=0)] | None, Port("pixels up to which a target is near; any where left out")
        ] = None,
    ) -> Output:
        """Measure and pair."""
        origin = query_predictions.metadata.get("origin")
        targets = target_predictions if origin is None else onto(target_predictions, origin)
        apart = _distances(
            _points(query_predictions, query_point, query_keypoint_name, "query"),
            _points(targets, target_point, target_keypoint_name, "target"),
        )
        apart[_same(query_predictions, targets)] = np.inf
        if max_distance is not None:
            apart[apart > max_distance] = np.inf
        nearest = apart.min(axis=1, initial=np.inf)
        pairs = np.argwhere((apart == nearest[:, np.newaxis]) & np.isfinite(apart))
        queries = take(query_predictions, slice(None))
        found = np.where(np.isfinite(nearest), nearest, np.nan)
        queries.data = {**queries.data, "nearest_target_distance": found}
        return self.Output(queries, take(queries, pairs[:, 0]), take(target_predictions, pairs[:, 1]))


def _distances(one: Points, other: Points) -> Points:
    """Return the distance of every point to every other; infinite where a point is not known."""
    apart = np.linalg.norm(one[:, np.newaxis] - other[np.newaxis], axis=2)
    return np.where(np.isnan(apart), np.inf, apart)


def _same(one: Detections, other: Detections) -> NDArray[np.bool_]:
    ids = [found.data.get("detection_id") for found in (one, other)]
    if ids[0] is None or ids[1] is None:
        return np.zeros((len(one), len(other)), bool)
    same: NDArray[np.bool_] = np.asarray(ids[0])[:, np.newaxis] == np.asarray(ids[1])[np.newaxis]
    return same.reshape(len(one), len(other))


def _points(found: Detections, place: Place, name: str | None, which: str) -> Points:
    """Return a point per box, NaN where a key point is not known."""
    if place != "KEYPOINT":
        points: Points = found.get_anchors_coordinates(Position(place)).astype(np.float64)
        return points.reshape(-1, 2)
    if name is None:
        raise ValueError(f"{which}_point is KEYPOINT, which needs {which}_keypoint_name; give the name of a key point")
    if not len(found):
        return np.empty((0, 2))
    if not {"keypoints_xy", "keypoints_class_name"} <= set(found.data):
        raise ValueError(
            f"{which}_point is KEYPOINT, but these detections have no key points with names; give predictions of a "
            "key point model, or choose another point"
        )
    boxes = zip(found.data["keypoints_class_name"], found.data["keypoints_xy"], strict=True)
    return np.array([_point(list(names), points, name) for names, points in boxes], np.float64)


def _point(names: list[str], points: NDArray[np.floating], name: str) -> tuple[float, float]:
    if name not in names:
        return np.nan, np.nan
    x, y = points[names.index(name)]
    return float(x), float(y)
