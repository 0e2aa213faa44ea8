"""Choosing which boxes are worth a crop: of some classes, not too small, not too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.image.rounding import whole_boxes

Count = Annotated[int, Field(ge=1)]


def chosen(
    detections: Detections,
    width: int,
    height: int,
    classes: Sequence[str] | None = None,
    min_size: int = 0,
    most: int | None = None,
) -> NDArray[np.bool_]:
    """Tell of every box whether it is to be cut out; those without an area on the image never are.

    Args:
        detections: boxes in the pixels of an image.
        width: of the image, in pixels; `height` likewise.
        classes: names of the classes to cut out; `None` for all. A name that no box has is no mistake.
        min_size: least width and height of the part of a box that lies on the image, in whole pixels.
        most: how many of those that are left; the surest, of equally sure ones the first. `None` for all.

    >>> import numpy as np
    >>> boxes = Detections(np.array([[0, 0, 9, 9], [0, 0, 3, 9], [0, 0, 5, 5]]), confidence=np.array([0.5, 0.9, 0.7]))
    >>> chosen(boxes, 20, 20, min_size=4, most=1).tolist()
    [False, False, True]
    """
    wanted = np.ones(len(detections), bool)
    if classes is not None:
        names = detections.data.get("class_name", np.full(len(detections), ""))
        wanted &= np.isin(np.asarray(names, str), list(classes))
    whole, _ = whole_boxes(detections.xyxy, width, height)
    wanted &= (whole[:, 2:] - whole[:, :2] >= max(min_size, 1)).all(axis=1)
    return wanted if most is None else _surest(detections, wanted, most)


def _surest(detections: Detections, wanted: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    places = np.flatnonzero(wanted)
    sure = np.zeros(len(detections)) if detections.confidence is None else np.asarray(detections.confidence)
    best = places[np.argsort(-sure[places], kind="stable")[:most]]
    kept = np.zeros(len(detections), bool)
    kept[best] = True
    return kept
