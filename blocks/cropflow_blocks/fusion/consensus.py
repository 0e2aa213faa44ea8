"""Several models look at one picture: what enough of them agree on counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting
from cropflow.detections import mask_inside, onto, put_together, take
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.fusion.joining import nothing, window

Numbers = Literal["average", "max", "min"]
Votes = Annotated[int, Field(ge=1)]
Required = Annotated[int | dict[str, int] | None, KINDS["integer"], KINDS["dictionary"]]
_NUMBERS: Mapping[str, Callable[..., Any]] = {"average": np.mean, "max": np.max, "min": np.min}


class _Box(NamedTuple):
    """One box of one source."""

    source: int
    place: int


class _Ways(NamedTuple):
    """How boxes that agree become one."""

    confidence: str
    coordinates: str
    mask: str


class DetectionsConsensus(Block):
    """Keep what enough of several predictions about one picture agree on, merged into one box each.

    A box of one source and the box of another that overlaps it most vote for the same object, if their overlap
    reaches `iou_threshold` and, unless `class_aware` is false, they have the same class. Where an object gets
    `required_votes`, the boxes become one new box; its class is that of most of them.

    `max` and `min` of coordinates take the largest or smallest of the boxes, of masks likewise. `object_present` tells
    whether there are as many objects as `required_objects` asks for: in all, or of each class; without it, whether
    there is any. `presence_confidence` gives the confidence for each class, or for `any_object` where classes do not
    matter; it is empty where the objects are not present.
    """

    type = "detections_consensus@v1"
    aliases = ("roboflow_core/detections_consensus@v1", "DetectionsConsensus")

    class Output(NamedTuple):
        """What they agree on."""

        predictions: Annotated[Detections, KindOf("predictions_batches"), Port("one box for each object")]
        object_present: Annotated[bool, Port("whether the required objects are there")]
        presence_confidence: Annotated[dict[str, float], Port("confidence by class, or of `any_object`")]

    def run(
        self,
        predictions_batches: Annotated[
            list[Detections], Port("the predictions, one of each model", alias="predictions")
        ],
        required_votes: Annotated[Votes, Port("how many of them must agree")],
        class_aware: Annotated[bool, Port("whether boxes must have the same class to agree")] = True,
        iou_threshold: Annotated[ZeroToOne, Port("overlap from which boxes agree, as intersection over union")] = 0.3,
        confidence: Annotated[ZeroToOne, Port("merged boxes with less are left out")] = 0.0,
        classes_to_consider: Annotated[list[str] | None, Port("classes that count; all where it is left out")] = None,
        required_objects: Annotated[
            Required, Port("how many objects there must be, in all or by class, to be present")
        ] = None,
        presence_confidence_aggregation: Annotated[
            Setting[Numbers], Port("confidence of several objects of a class")
        ] = "max",
        detections_merge_confidence_aggregation: Annotated[
            Setting[Numbers], Port("confidence of a merged box")
        ] = "average",
        detections_merge_coordinates_aggregation: Annotated[
            Setting[Numbers], Port("sides of a merged box: their means, or those of the largest or smallest box")
        ] = "average",
        detections_merge_mask_aggregation: Annotated[
            Setting[Literal["union", "intersection", "max", "min"]],
            Port("mask of a merged box: all pixels, shared ones, or those of the largest or smallest mask"),
        ] = "union",
    ) -> Output:
        """Vote."""
        origin = next((found.metadata["origin"] for found in predictions_batches if "origin" in found.metadata), None)
        sources = [
            _considered(found if origin is None else onto(found, origin), classes_to_consider)
            for found in predictions_batches
        ]
        ways = _Ways(
            detections_merge_confidence_aggregation,
            detections_merge_coordinates_aggregation,
            detections_merge_mask_aggregation,
        )
        agreed = list(_agreed(sources, required_votes, class_aware, iou_threshold))
        merged = _merged(sources, agreed, ways) if agreed else nothing(origin)
        if len(merged):
            merged.metadata = {} if origin is None else {"origin": origin}
            merged = take(merged, np.asarray(merged.confidence) >= confidence)
        present = _present(merged, required_objects)
        sure = _confidences(merged, class_aware, presence_confidence_aggregation) if present else {}
        return self.Output(merged, present, sure)


def _considered(found: Detections, classes: Sequence[str] | None) -> Detections:
    return found if classes is None else take(found, np.isin(_names(found), list(classes)))


def _names(found: Detections) -> NDArray[np.str_]:
    return np.asarray(found.data.get("class_name", [""] * len(found)), str)


def _agreed(sources: Sequence[Detections], required: int, class_aware: bool, threshold: float) -> Iterator[list[_Box]]:
    """Give groups of boxes, one of a source at most, that agree and are enough; no box is in two."""
    used: set[_Box] = set()
    for source, found in enumerate(sources):
        for place in range(len(found)):
            box = _Box(source, place)
            if box in used:
                continue
            group = [box, *_agreeing(sources, box, used, class_aware, threshold)]
            if len(group) >= required:
                used.update(group)
                yield group


def _agreeing(
    sources: Sequence[Detections], box: _Box, used: set[_Box], class_aware: bool, threshold: float
) -> Iterator[_Box]:
    """Give the unused box of every other source that overlaps a box most, where that is enough."""
    mine = sources[box.source]
    for source, found in enumerate(sources):
        if source == box.source or not len(found):
            continue
        overlap = sv.box_iou_batch(mine.xyxy[[box.place]], found.xyxy)[0]
        free = np.array([_Box(source, place) not in used for place in range(len(found))])
        if class_aware:
            free &= _names(found) == _names(mine)[box.place]
        overlap = np.where(free, overlap, -1)
        best = int(overlap.argmax())
        if overlap[best] >= threshold and free[best]:
            yield _Box(source, best)


def _merged(sources: Sequence[Detections], groups: Sequence[Sequence[_Box]], ways: _Ways) -> Detections:
    members = [[take(sources[box.source], box.place) for box in group] for group in groups]
    winners = [Counter(_names(one)[0] for one in group).most_common(1)[0][0] for group in members]
    first = [next(one for one in group if _names(one)[0] == name) for group, name in zip(members, winners, strict=True)]
    ids = [0 if one.class_id is None else int(one.class_id[0]) for one in first]
    boxes = np.array([_sides(group, ways.coordinates) for group in members], np.float32)
    sure = [_NUMBERS[ways.confidence]([_sureness(one) for one in group]) for group in members]
    merged = Detections(
        boxes,
        confidence=np.array(sure, np.float32),
        class_id=np.array(ids, int),
        data={"class_name": np.array(winners)},
    )
    if all(one.mask is not None for group in members for one in group):
        shape = members[0][0].mask.shape[1:]
        merged.mask = put_together((_mask(group, ways.mask, *shape) for group in members), *shape)
    return merged


def _sureness(one: Detections) -> float:
    return 1.0 if one.confidence is None else float(one.confidence[0])


def _sides(group: Sequence[Detections], way: str) -> Any:
    boxes = np.concatenate([one.xyxy for one in group])
    if way == "average":
        return boxes.mean(axis=0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return boxes[areas.argmax() if way == "max" else areas.argmin()]


def _mask(group: Sequence[Detections], way: str, height: int, width: int) -> tuple[NDArray[np.bool_], int, int]:
    """Return the mask of a group inside of the box around all of its boxes, and where that begins."""
    left, top, *size = window(np.concatenate([one.xyxy for one in group]), width, height)
    masks = np.array([mask_inside(one.mask, 0, left, top, *size) for one in group if one.mask is not None])
    areas = masks.sum(axis=(1, 2))
    match way:
        case "union":
            return np.logical_or.reduce(masks), left, top
        case "intersection":
            return np.logical_and.reduce(masks), left, top
    return masks[areas.argmax() if way == "max" else areas.argmin()], left, top


def _present(merged: Detections, required: int | Mapping[str, int] | None) -> bool:
    if isinstance(required, Mapping):
        counts = Counter(_names(merged).tolist())
        return all(counts[name] >= count for name, count in required.items())
    return len(merged) >= (1 if required is None else required)


def _confidences(merged: Detections, class_aware: bool, way: str) -> dict[str, float]:
    names = _names(merged).tolist() if class_aware else ["any_object"] * len(merged)
    sure = np.asarray(merged.confidence if merged.confidence is not None else [])
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return {name: float(_NUMBERS[way](sure[of])) for name, of in places.items()}
