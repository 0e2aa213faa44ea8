"""The end of detect → crop → classify: what was read on each crop becomes the class of its box.

Crops and boxes are joined by id. Boxes may have been filtered or reordered since they were cropped, and crops
may have failed; position would then put names on the wrong boxes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from supervision import Detections

from cropflow.block import Block, Group, KindOf, Maybe, Port
from cropflow.classification import Classification
from cropflow.detections import take
from cropflow.image.origin import Origin

Answer: TypeAlias = Classification | str | list[Any]
"""What a crop may be named by; the first entry of a list counts."""


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    class_id: int
    confidence: float


class DetectionsClassesReplacement(Block):
    """Give every detection the class that was found on its crop.

    A classification belongs to the detection whose `detection_id` is the id of the classified crop, or of the
    nearest picture that crop was cut from. Plain texts, which know no crop, belong to the detection at their
    position; their class id is 0 and their confidence 1. Detections without a class (the crop is missing, no
    class reached the threshold, the text is empty) get the fallback class with confidence 0; without a
    fallback they are removed. All else of a detection stays: box, mask, ids, tracker.

    Raises:
        ValueError: texts and detections differ in number.
    """

    type = "detections_classes_replacement@v1"
    aliases = ("roboflow_core/detections_classes_replacement@v1", "DetectionsClassesReplacement")

    class Output(NamedTuple):
        """The renamed detections of one image."""

        predictions: Annotated[
            Detections, KindOf("object_detection_predictions"), Port("the detections with their new classes")
        ]

    def run(
        self,
        object_detection_predictions: Annotated[Detections, Port("the detections that were cropped")],
        classification_predictions: Annotated[
            Group[Maybe[Answer]], Port("what was found on each crop: a classification or a text")
        ],
        fallback_class_name: Annotated[
            str | None, Port("class of detections without one; they are removed where it is left out")
        ] = None,
        fallback_class_id: Annotated[
            int | None, Port(f"id of the fallback class; {sys.maxsize} where left out or negative")
        ] = None,
    ) -> Output:
        """Rename."""
        labels = _join(object_detection_predictions, classification_predictions)
        if fallback_class_name is not None:
            fallback = _fallback(fallback_class_name, fallback_class_id)
            labels = [label or fallback for label in labels]
        return self.Output(_renamed(object_detection_predictions, labels))


def _fallback(name: str, class_id: int | None) -> _Label:
    return _Label(name, sys.maxsize if class_id is None or class_id < 0 else class_id, 0.0)


def _join(detections: Detections, answers: Sequence[Answer | None]) -> list[_Label | None]:
    """Return the label of each detection."""
    labels = [_label(answer) for answer in answers]
    origins = [_origin(answer) for answer in answers]
    known = all(origin or label is None for origin, label in zip(origins, labels, strict=True))
    if known and "detection_id" in detections.data:
        return _by_id(list(detections.data["detection_id"]), labels, origins)
    if len(labels) != len(detections):
        raise ValueError(
            f"{len(labels)} texts cannot be matched by position with {len(detections)} detections; give the "
            "same detections that were cropped, or classifications, which know their crop"
        )
    return labels


def _label(answer: Answer | None) -> _Label | None:
    if isinstance(answer, list):
        return _label(answer[0]) if answer else None
    if isinstance(answer, Classification):
        i = answer.class_id
        return None if i is None else _Label(answer.names[i], i, float(answer.scores[i]))
    return _Label(answer, 0, 1.0) if answer else None


def _origin(answer: Answer | None) -> Origin | None:
    """Return the picture an answer is about; a text knows none."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    return first.origin if isinstance(first, Classification) else None


def _by_id(
    ids: Sequence[str], labels: Sequence[_Label | None], origins: Sequence[Origin | None]
) -> list[_Label | None]:
    """Give each id the label found on its crop; of several, as from parts of one crop, the surest."""
    known = frozenset(ids)
    found: dict[str | None, _Label] = {}
    for label, origin in zip(labels, origins, strict=True):
        id = _nearest(origin, known)
        if label is not None and (id not in found or found[id].confidence < label.confidence):
            found[id] = label
    return [found.get(id) for id in ids]


def _nearest(origin: Origin | None, ids: Set[str]) -> str | None:
    """Return the id of the picture, or of the nearest one it was cut from, that is among the ids."""
    while origin is not None and origin.id not in ids:
        origin = origin.parent
    return None if origin is None else origin.id


def _renamed(detections: Detections, labels: Sequence[_Label | None]) -> Detections:
    kept = [(i, label) for i, label in enumerate(labels) if label is not None]
    renamed = take(detections, [i for i, _ in kept])
    renamed.class_id = np.array([label.class_id for _, label in kept], np.int64)
    renamed.confidence = np.array([label.confidence for _, label in kept], np.float32)
    renamed.data = {**renamed.data, "class_name": np.array([label.name for _, label in kept], str)}
    return renamed
