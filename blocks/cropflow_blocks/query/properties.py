"""Properties of boxes, by the names documents use, each as one column over all boxes of a prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow_blocks.query.values import Column, Same

Corners: TypeAlias = NDArray[np.floating[Any]]

Property = Literal[
    "confidence",
    "class_name",
    "x_min",
    "x_max",
    "y_min",
    "y_max",
    "size",
    "class_id",
    "center",
    "top_left",
    "top_right",
    "bottom_left",
    "bottom_right",
    "in_out",
    "path_deviation",
    "polygon",
    "time_in_zone",
    "tracker_id",
    "velocity",
    "speed",
    "smoothed_velocity",
    "smoothed_speed",
    "image_dimensions",
    "prediction_type",
    "keypoints_xy",
    "rect",
    "width",
    "height",
    "angle",
    "area_px",
    "area_converted",
]

_OF_BOX: Mapping[str, Callable[[Corners], NDArray[Any]]] = {
    "x_min": lambda box: box[:, 0],
    "y_min": lambda box: box[:, 1],
    "x_max": lambda box: box[:, 2],
    "y_max": lambda box: box[:, 3],
    "width": lambda box: box[:, 2] - box[:, 0],
    "height": lambda box: box[:, 3] - box[:, 1],
    "size": lambda box: (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]),
    "center": lambda box: _pixels((box[:, :2] + box[:, 2:]) / 2),
    "top_left": lambda box: _pixels(box[:, [0, 1]]),
    "top_right": lambda box: _pixels(box[:, [2, 1]]),
    "bottom_left": lambda box: _pixels(box[:, [0, 3]]),
    "bottom_right": lambda box: _pixels(box[:, [2, 3]]),
}
_ATTRIBUTES = ("confidence", "class_id", "tracker_id")
KINDS_OF: Mapping[str, str] = {
    "confidence": "float_zero_to_one",
    "class_name": "string",
    "class_id": "integer",
    "tracker_id": "integer",
    "center": "point",
    "top_left": "point",
    "top_right": "point",
    "bottom_left": "point",
    "bottom_right": "point",
    "prediction_type": "string",
    "image_dimensions": "list_of_values",
    **dict.fromkeys(("x_min", "x_max", "y_min", "y_max", "size", "width", "height"), "float"),
}
"""Kinds of those properties that are always of one; the others may be anything."""
MEANINGS: Mapping[str, str] = {
    "confidence": "how sure the model is",
    "class_name": "name of the class",
    "class_id": "number of the class",
    "x_min": "left edge",
    "x_max": "right edge",
    "y_min": "upper edge",
    "y_max": "lower edge",
    "width": "width; where a step has measured a turned rectangle, that of this one",
    "height": "height, likewise",
    "size": "width of the box times its height",
    "center": "middle, `[x, y]`",
    "top_left": "corner, `[x, y]`",
    "top_right": "corner, `[x, y]`",
    "bottom_left": "corner, `[x, y]`",
    "bottom_right": "corner, `[x, y]`",
    "image_dimensions": "`[height, width]` of the picture",
    "tracker_id": "number of the track, after a tracker",
    "keypoints_xy": "key points, after `keypoint_detection_model`",
    "rect": "corners of the turned rectangle, after `bounding_rect` or `oriented_object_detection_model`",
    "angle": "degrees that this rectangle is turned by",
    "polygon": "corners of the zone, after `dynamic_zone`",
    "area_px": "area in pixels, after `mask_area_measurement`",
    "area_converted": "area in the unit of that step",
    "time_in_zone": "seconds in the zone, after `time_in_zone`",
    "velocity": "way in a second, `[x, y]`, after `velocity`, in the unit of that step",
    "speed": "length of it",
    "smoothed_velocity": "the same, smoothed",
    "smoothed_speed": "length of that",
    "path_deviation": "pixels off the path, after `path_deviation_analytics`",
    "prediction_type": "the task, such as `object-detection`: as the block told it, else by masks and key points",
    "in_out": "accepted for existing documents; no block here makes it",
}
"""What each property is, in the order of the page that lists them; all lengths are pixels of the picture."""


def property_of(detections: Detections, name: str) -> Column | None:
    """Return one value per box, in the pixels of the picture the boxes are on; `None` where they have none.

    Side lengths are those of the turned rectangle where a step before has measured one, else of the box.
    """
    if name in detections.data:
        return _column(detections.data[name])
    if name in _ATTRIBUTES:
        return _column(getattr(detections, name))
    if name in _OF_BOX:
        return _column(_OF_BOX[name](detections.xyxy))
    if name == "prediction_type":
        return Same(_task(detections), len(detections))
    origin = detections.metadata.get("origin")
    if name == "image_dimensions" and origin is not None:
        return Same([origin.height, origin.width], len(detections))
    return None


def _pixels(points: NDArray[Any]) -> NDArray[Any]:
    """Points are told in whole pixels."""
    whole: NDArray[Any] = np.rint(points).astype(int)
    return whole


def _task(detections: Detections) -> str:
    """Name the task of boxes that nobody named it for, by what was found."""
    if "keypoints_xy" in detections.data:
        return "keypoint-detection"
    return "object-detection" if detections.mask is None else "instance-segmentation"


def _column(values: Any) -> Column | None:
    """Keep flat arrays of numbers and texts; make plain lists of all others."""
    if values is None:
        return None
    array = np.asarray(values) if not isinstance(values, list) else values
    if isinstance(array, np.ndarray):
        return array if array.ndim == 1 and array.dtype.kind in "iufU" else array.tolist()
    return array
