"""Compares what is on a picture with what was there before: gone, still there, new."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port
from cropflow.detections import take
from cropflow.kinds import ZeroToOne

NotNegative = Annotated[float, Field(ge=0)]


class DetectionsDifference(Block):
    """Tell which boxes of a reference are gone, which are still there, and which are new.

    Every pair of a reference box and a candidate has a cost: `spatial_weight` times the distance of their centres, as a
    share of the picture's diagonal, plus the rest of the weight times the difference of their areas, as a share of the
    larger one, plus `class_mismatch_penalty` where their classes differ. The cheapest pairs belong together, as long as
    they cost at most `reject_cost`.
    """

    type = "detections_difference@v1"
    aliases = ("roboflow_core/detections_difference@v1", "DetectionsDifference")

    class Output(NamedTuple):
        """What changed."""

        removed_detections: Annotated[
            Detections, KindOf("reference_predictions"), Port("reference boxes that are gone")
        ]
        persisted_detections: Annotated[
            Detections, KindOf("candidate_predictions"), Port("candidates that were there before")
        ]
        new_detections: Annotated[Detections, KindOf("candidate_predictions"), Port("candidates that were not")]
        removed_count: Annotated[int, Port("how many are gone")]
        new_count: Annotated[int, Port("how many are new")]
        verified: Annotated[bool, Port("whether at least min_removed_to_verify are gone")]

    def run(
        self,
        reference_predictions: Annotated[Detections, Port("what was there before")],
        candidate_predictions: Annotated[Detections, Port("what is there now")],
        spatial_weight: Annotated[ZeroToOne, Port("weight of the distance; the area has the rest")] = 0.4,
        class_mismatch_penalty: Annotated[NotNegative, Port("added where classes differ")] = 0.15,
        reject_cost: Annotated[NotNegative, Port("what a pair may cost at most")] = 0.75,
        class_strict: Annotated[bool, Port("whether boxes of different classes never belong together")] = False,
        min_removed_to_verify: Annotated[Annotated[int, Field(ge=1)], Port("how many must be gone for `verified`")] = 1,
    ) -> Output:
        """Compare."""
        before, now = reference_predictions, candidate_predictions
        costs = _costs(before, now, spatial_weight)
        differ = _classes(before)[:, None] != _classes(now)[None, :]
        costs = costs + np.where(differ, np.inf if class_strict else class_mismatch_penalty, 0)
        stayed, known = _paired(costs, reject_cost)
        removed = take(before, ~stayed)
        new = take(now, ~known)
        verified = len(removed) >= min_removed_to_verify
        return self.Output(removed, take(now, known), new, len(removed), len(new), verified)


def _classes(found: Detections) -> NDArray[np.str_]:
    names = found.data.get("class_name", found.class_id if found.class_id is not None else [0] * len(found))
    return np.asarray(names).astype(str)


def _costs(before: Detections, now: Detections, weight: float) -> NDArray[np.float64]:
    one, other = before.xyxy.astype(float), now.xyxy.astype(float)
    centres = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (one, other)]
    distance = np.linalg.norm(centres[0][:, None] - centres[1][None, :], axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    smaller, larger = np.minimum(*np.meshgrid(*areas, indexing="ij")), np.maximum(*np.meshgrid(*areas, indexing="ij"))
    unlike = 1 - np.divide(smaller, larger, out=np.ones_like(larger), where=larger > 0)
    costs: NDArray[np.float64] = weight * distance / _diagonal(before, now) + (1 - weight) * unlike
    return costs


def _diagonal(before: Detections, now: Detections) -> float:
    """Return the diagonal of the picture, or where it is not known, of what the boxes span."""
    origin = now.metadata.get("origin") or before.metadata.get("origin")
    if origin is not None:
        return float(np.hypot(origin.width, origin.height)) or 1.0
    corners = np.concatenate((before.xyxy, now.xyxy)).reshape(-1, 2)
    return float(np.hypot(*np.ptp(corners, axis=0))) or 1.0 if len(corners) else 1.0


def _paired(costs: NDArray[np.float64], most: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pair rows and columns, the cheapest first; return which of each found another."""
    rows, columns = np.zeros(costs.shape[0], bool), np.zeros(costs.shape[1], bool)
    for place in np.argsort(costs, axis=None, kind="stable"):
        row, column = divmod(int(place), costs.shape[1])
        if costs[row, column] > most:
            break
        if not (rows[row] or columns[column]):
            rows[row] = columns[column] = True
    return rows, columns
