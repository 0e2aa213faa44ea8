"""Which boxes lie over which: objects on a table, people in a car."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting
from cropflow.detections import onto, take
from cropflow.kinds import KINDS, ZeroToOne


class Overlap(Block):
    """Keep the boxes that lie over a box of one class; the boxes of that class are left out.

    `Center Overlap` asks whether the centre lies in such a box, `Any Overlap` whether the boxes share any pixel.
    """

    type = "overlap@v1"
    aliases = ("roboflow_core/overlap@v1",)

    class Output(NamedTuple):
        """What lies over them."""

        overlaps: Annotated[
            Detections, KindOf("predictions"), Port("boxes of other classes that overlap one of the class")
        ]

    def run(
        self,
        predictions: Annotated[Detections, Port("all boxes")],
        overlap_class_name: Annotated[Setting[str], Port("the class that others lie over")],
        overlap_type: Annotated[
            Setting[Literal["Center Overlap", "Any Overlap"]], Port("what counts as lying over a box")
        ] = "Center Overlap",
    ) -> Output:
        """Choose."""
        names = np.asarray(predictions.data.get("class_name", [""] * len(predictions)), str)
        under = names == overlap_class_name
        below, boxes = predictions.xyxy[under], predictions.xyxy
        if overlap_type == "Any Overlap":
            over = _shared(boxes, below) > 0
        else:
            centre = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
            over = ((centre >= below[None, :, :2]) & (centre <= below[None, :, 2:])).all(axis=2)
        return self.Output(take(predictions, over.any(axis=1) & ~under))


class OverlapAnalysis(Block):
    """List every pair of a reference box and a candidate that covers some share of it.

    The share is that of the reference box's area. Candidates that were found on another cut of the picture are moved to
    that of the reference. Where both are the same boxes, each covers itself.
    """

    type = "overlap_analysis@v1"
    aliases = ("roboflow_core/overlap_analysis@v1", "OverlapAnalysis")

    class Output(NamedTuple):
        """The pairs."""

        overlaps: Annotated[
            list[Any],
            KINDS["detections_overlaps"],
            Port("for each pair: class, confidence and detection_id of both, and overlap_ratio"),
        ]

    def run(
        self,
        reference_predictions: Annotated[Detections, Port("the boxes that may be covered")],
        candidate_predictions: Annotated[Detections, Port("the boxes that may cover them")],
        min_overlap: Annotated[ZeroToOne, Port("the least share of a reference box that counts")] = 0.1,
    ) -> Output:
        """Compare."""
        origin = reference_predictions.metadata.get("origin")
        candidates = candidate_predictions if origin is None else onto(candidate_predictions, origin)
        box = reference_predictions.xyxy.astype(float)
        areas = np.prod(box[:, 2:] - box[:, :2], axis=1)[:, None]
        shared = _shared(box, candidates.xyxy.astype(float))
        shares = np.divide(shared, areas, out=np.zeros_like(shared), where=areas > 0)
        one, other = _facts(reference_predictions, "reference"), _facts(candidates, "candidate")
        pairs = np.argwhere((shares >= min_overlap) & (shares > 0)).tolist()
        return self.Output([{**one[i], **other[j], "overlap_ratio": float(shares[i, j])} for i, j in pairs])


def _shared(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Return the area in pixels that each of n boxes shares with each of m: n×m."""
    start = np.maximum(one[:, None, :2], other[None, :, :2])
    end = np.minimum(one[:, None, 2:], other[None, :, 2:])
    area: NDArray[np.float64] = (end - start).clip(0).prod(axis=2).astype(float)
    return area


def _facts(found: Detections, role: str) -> list[dict[str, Any]]:
    count = len(found)
    columns = {
        "class": found.data.get("class_name", [None] * count),
        "confidence": found.confidence if found.confidence is not None else [None] * count,
        "detection_id": found.data.get("detection_id", [None] * count),
    }
    plain = {
        key: values.tolist() if isinstance(values, np.ndarray) else list(values) for key, values in columns.items()
    }
    return [{f"{role}_{key}": values[i] for key, values in plain.items()} for i in range(count)]
