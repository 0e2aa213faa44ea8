"""What the numbers mean that a network gives: boxes, classes and whatever comes with them, doubles suppressed.

Vectorised over a batch, with the rules of Ultralytics: the best class of each candidate counts, classes are filtered
before doubles are suppressed, and doubles are those of the same class unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.models import DetectSettings

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What was found on one picture, best first.

    Attributes:
        boxes: n×4 corners in pixels of what the network saw.
        confidence: n.
        class_id: n.
        more: n×k further numbers: weights of masks, or key points.
    """

    boxes: Floats
    confidence: Floats
    class_id: NDArray[np.int64]
    more: Floats


def decoded(output: Floats, classes: int, settings: DetectSettings) -> Iterator[Candidates]:
    """Give what was found on every picture.

    Args:
        output: batch × (4 + classes + k) × places: centre, size, a score for each class, and k further numbers.
        classes: how many classes there are.
    """
    scores = output[:, 4 : 4 + classes]
    best = scores.max(axis=1)
    for number, likely in enumerate(best):
        places = np.flatnonzero(likely > settings.confidence)
        class_id = scores[number][:, places].argmax(axis=0)
        if settings.classes is not None:
            wanted = np.isin(class_id, settings.classes)
            places, class_id = places[wanted], class_id[wanted]
        found = output[number][:, places].T
        boxes = np.concatenate([found[:, :2] - found[:, 2:4] / 2, found[:, :2] + found[:, 2:4] / 2], axis=1)
        kept = _unsuppressed(boxes, likely[places], class_id, settings)
        more = found[kept, 4 + classes :]
        yield Candidates(boxes[kept], likely[places][kept], class_id[kept].astype(np.int64), more)


def decoded_rows(output: Floats, settings: DetectSettings, most: int) -> Iterator[Candidates]:
    """Give what was found on every picture by a network that chooses itself.

    Args:
        output: batch × rows × (6 + k): corners, confidence and class, best first, and k further numbers.
        most: the most rows of a picture.
    """
    for rows in output:
        kept = rows[:, 4] > settings.confidence
        if settings.classes is not None:
            kept &= np.isin(rows[:, 5], settings.classes)
        found = rows[kept][:most]
        yield Candidates(found[:, :4], found[:, 4], found[:, 5].astype(np.int64), found[:, 6:])


def _unsuppressed(
    boxes: Floats, confidence: Floats, class_id: NDArray[np.int64], settings: DetectSettings
) -> list[int]:
    """Return the rows that are left when the weaker one of two that overlap is dropped, best first."""
    if not len(boxes):
        return []
    order = np.argsort(-confidence, kind="stable")
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(float)[order]
    ids = (np.zeros_like(class_id) if settings.class_agnostic else class_id).astype(np.int32)[order]
    suppress: Any = cv2.dnn.NMSBoxesBatched  # its hints ask for lists; arrays are faster
    kept: Sequence[int] = ()
    looked_at = 0
    while (
        looked_at < len(order) and len(kept) < settings.max_detections
    ):  # weaker boxes change nothing about better ones
        looked_at = max(4 * looked_at, 4 * settings.max_detections)
        best = slice(looked_at)
        kept = suppress(sides[best], confidence[order[best]], ids[best], 0.0, settings.iou)
    return [int(order[place]) for place in kept[: settings.max_detections]]
