"""Puts predictions of one picture after one another, however different what they carry is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from supervision import Detections

from cropflow.detections import take
from cropflow.image.origin import Origin
from cropflow.image.rounding import whole_boxes

_FIELDS = ("mask", "confidence", "class_id", "tracker_id")


def nothing(origin: Origin | None) -> Detections:
    """Return no boxes, with the keys that boxes have."""
    found = Detections.empty()
    found.data = {"class_name": np.array([], str)}
    found.metadata = {} if origin is None else {"origin": origin}
    return found


def window(boxes: NDArray[Any], width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the whole pixels around n×4 boxes, as far as they lie on a picture.

    At least one pixel, so that a mask of it can be made.
    """
    around = np.concatenate((np.floor(boxes[:, :2].min(axis=0)), np.ceil(boxes[:, 2:].max(axis=0))))
    (left, top, right, bottom), *_ = whole_boxes(around, width, height)[0].tolist()
    return left, top, max(right - left, 1), max(bottom - top, 1)


def join(parts: Sequence[Detections], origin: Origin | None = None) -> Detections:
    """Return the boxes of all parts, in order, in new objects.

    What only some of the parts carry, such as masks or tracker ids, cannot be kept for all and is left out.

    Args:
        parts: in the pixels of one picture.
        origin: that picture, where it is known.
    """
    filled = [part for part in parts if len(part)]
    if not filled:
        return nothing(origin)
    keys = set.intersection(*(set(part.data) for part in filled))
    alike = [take(part, slice(None)) for part in filled]
    for part in alike:
        part.data = {key: part.data[key] for key in filled[0].data if key in keys}
        part.metadata = {}
        for field in _FIELDS:
            if any(getattr(other, field) is None for other in filled):
                setattr(part, field, None)
    joined = sv.Detections.merge(alike)
    joined.metadata = {} if origin is None else {"origin": origin}
    return joined
