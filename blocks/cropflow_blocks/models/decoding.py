"""From the numbers of a network to what it found, as Ultralytics does it.

Rows are n×(6 + k): a box, its confidence and class, and k further numbers: weights of masks, or key points. The best
class of each place counts, classes are filtered before doubles are suppressed, and doubles are those of the same class
unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.models import DetectSettings

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found on one picture, best first.

    Attributes:
        boxes: n×4 corners in pixels of what the network saw.
        confidence: n.
        class_id: n.
        more: n×k further numbers.
    """

    boxes: Floats
    confidence: Floats
    class_id: NDArray[np.int64]
    more: Floats


def rows_of_places(output: Floats, classes: int, confidence: float) -> list[Floats]:
    """Return the rows of every picture that are surer than asked for, boxes as centre and size.

    Args:
        output: batch × (4 + classes + k) × places.
        classes: how many classes there are.
    """
    best = output[:, 4 : 4 + classes].max(axis=1)
    rows = []
    for numbers, likely in zip(output, best, strict=True):
        places = np.flatnonzero(likely > confidence)
        some = numbers[:, places]
        class_id = some[4 : 4 + classes].argmax(axis=0).astype(np.float32)
        rows.append(np.concatenate([some[:4], likely[np.newaxis, places], class_id[np.newaxis], some[4 + classes :]]).T)
    return rows


def rows_of_answer(output: Floats, confidence: float) -> list[Floats]:
    """Return the rows of every picture that are surer than asked for, of a network that chooses itself.

    Args:
        output: batch × rows × (6 + k), boxes as corners, best first.
    """
    return [rows[rows[:, 4] > confidence] for rows in output]


def found_among(rows: Floats, settings: DetectSettings) -> Found:
    """Choose among rows of places: drop the weaker one of two that overlap."""
    rows = _of_classes(rows, settings)
    middle, half = rows[:, :2], rows[:, 2:4] / 2
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    class_id = rows[:, 5].astype(np.int64)
    kept = _unsuppressed(boxes, rows[:, 4], class_id, settings)
    return Found(boxes[kept], rows[kept, 4], class_id[kept], rows[kept, 6:])


def found_by_network(rows: Floats, settings: DetectSettings, most: int) -> Found:
    """Take rows of a network that chose itself, at most so many."""
    rows = _of_classes(rows, settings)[:most]
    return Found(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64), rows[:, 6:])


def _of_classes(rows: Floats, settings: DetectSettings) -> Floats:
    return rows if settings.classes is None else rows[np.isin(rows[:, 5], settings.classes)]


def _unsuppressed(
    boxes: Floats, confidence: Floats, class_id: NDArray[np.int64], settings: DetectSettings
) -> list[int]:
    """Return the rows that are left when the weaker one of two that overlap is dropped, best first."""
    if not len(boxes):
        return []
    order = np.argsort(-confidence, kind="stable")
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(float)[order]
    sides[:, :2] -= sides[:, :2].min(axis=0)  # OpenCV moves classes apart, but not those that begin below zero
    ids = (np.zeros_like(class_id) if settings.class_agnostic else class_id).astype(np.int32)[order]
    flat: NDArray[np.bool_] = np.any(sides[:, 2:] <= 0, axis=1)  # they overlap nothing, but for OpenCV each other
    suppress: Any = cv2.dnn.NMSBoxesBatched  # its hints ask for lists; arrays are faster
    kept: Sequence[int] | NDArray[np.intp] = ()
    looked_at = 0
    while (
        looked_at < len(order) and len(kept) < settings.max_detections
    ):  # weaker boxes change nothing about better ones
        looked_at = max(4 * looked_at, 4 * settings.max_detections)
        best = np.flatnonzero(~flat[:looked_at])
        kept = best[[*suppress(sides[best], confidence[order[best]], ids[best], 0.0, settings.iou)]]
        kept = np.sort(np.append(kept, np.flatnonzero(flat[:looked_at])))
    return [int(order[place]) for place in kept[: settings.max_detections]]
