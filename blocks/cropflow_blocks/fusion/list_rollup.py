"""Brings what was found on crops, gathered in a list, back to the picture that the crops were cut from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import networkx as nx
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port
from cropflow.detections import mask_inside, onto, put_together, take
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.fusion.joining import join, window

Strategy = Literal["max", "mean", "min"]
_REDUCE: Mapping[str, Callable[..., Any]] = {"max": np.max, "mean": np.mean, "min": np.min}


class DetectionsListRollup(Block):
    """Bring a list of predictions, one for each crop, back to the picture, and make one of those that overlap.

    Boxes of one class that overlap by more than `overlap_threshold`, directly or through others, become the box around
    them: with 0 any overlap is enough, with 1 nothing is merged. It keeps the id of the surest of them; masks are
    joined. Of key points, those of the surest box stay.
    """

    type = "detections_list_rollup@v1"
    aliases = ("roboflow_core/detections_list_rollup@v1", "DetectionsListRollUp")

    class Output(NamedTuple):
        """What was found on all crops."""

        rolled_up_detections: Annotated[
            Detections, KindOf("parent_detection"), Port("in the pixels of the picture that was cropped")
        ]
        crop_zones: Annotated[list[Any], Port("the corners of every crop on the picture: [[x, y], …] each")]

    def run(
        self,
        parent_detection: Annotated[Detections, Port("the boxes that were cropped")],
        child_detections: Annotated[
            list[Any], KINDS["list_of_values"], Port("the predictions of the crops, as dimension_collapse gives them")
        ],
        confidence_strategy: Annotated[Strategy, Port("confidence of a merged box")] = "max",
        overlap_threshold: Annotated[
            ZeroToOne, Port("overlap above which boxes become one, as intersection over union")
        ] = 0.0,
        keypoint_merge_threshold: Annotated[
            float, Field(ge=0), Port("accepted for existing documents; key points of the surest box stay")
        ] = 10.0,
    ) -> Output:
        """Roll up."""
        origin = parent_detection.metadata.get("origin")
        parts = [child for child in child_detections if child is not None]
        for part in parts:
            if not isinstance(part, Detections):
                raise ValueError(f"child_detections must be a list of predictions, but holds {type(part).__name__}")
        found = join([part if origin is None else onto(part, origin) for part in parts], origin)
        zones = [_corners(box) for box in parent_detection.xyxy.tolist()]
        return self.Output(_rolled_up(found, confidence_strategy, overlap_threshold), zones)


def _corners(box: list[float]) -> list[list[float]]:
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _rolled_up(found: Detections, strategy: Strategy, threshold: float) -> Detections:
    if len(found) < 2 or threshold >= 1:
        return found
    sure = np.ones(len(found)) if found.confidence is None else np.asarray(found.confidence)
    groups = [sorted(group, key=lambda i: -sure[i]) for group in _groups(found, threshold)]
    rolled = take(found, [group[0] for group in groups])
    rolled.xyxy = np.array([_around(found.xyxy[group]) for group in groups], found.xyxy.dtype)
    if found.confidence is not None:
        rolled.confidence = np.array([_REDUCE[strategy](sure[group]) for group in groups], np.float32)
    if found.mask is not None:
        height, width = found.mask.shape[1:]
        rolled.mask = put_together((_union(found, group, height, width) for group in groups), height, width)
    return rolled


def _groups(found: Detections, threshold: float) -> list[list[int]]:
    """Return boxes that overlap, directly or through others, in the order of the first of each group."""
    overlap = sv.box_iou_batch(found.xyxy, found.xyxy) > threshold
    names = np.asarray(found.data.get("class_name", found.class_id if found.class_id is not None else [0] * len(found)))
    together = nx.from_numpy_array(np.triu(overlap & (names[:, None] == names[None, :]), 1))
    return sorted(sorted(group) for group in nx.connected_components(together))


def _around(boxes: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate((boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)))


def _union(found: Detections, group: list[int], height: int, width: int) -> tuple[NDArray[np.bool_], int, int]:
    assert found.mask is not None
    left, top, *size = window(found.xyxy[group], width, height)
    return np.any([mask_inside(found.mask, i, left, top, *size) for i in group], axis=0), left, top
