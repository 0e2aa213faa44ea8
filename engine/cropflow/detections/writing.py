"""Writing detections as JSON, with the field names that existing clients read.

Boxes are columns in memory and one mapping per box on the wire; this file turns the former into the latter,
and `detections.reading` goes the other way. Both are apart from `detections.boxes` because the form is a contract
with others, while that file is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cropflow.image.origin import Origin, Transform
from cropflow.jsonable import to_json as jsonable

if TYPE_CHECKING:
    from supervision import Detections
    from supervision.detection.compact_mask import CompactMask

# Entries of `.data` that the form gives under another name, or as part of another key.
_RENAMED = ("class_name", "detection_id", "parent_id", "polygon", "points")
_KEYPOINTS = "keypoints_"


def to_json(detections: Detections) -> dict[str, Any]:
    """Return the wire form: `{"image": {"width", "height"}, "predictions": [...]}`, one entry per box.

    x and y are box centres in pixels of the image the boxes are on. What is not known (a confidence, a class,
    …) is left out. Boxes on a crop also say where the crop lies in its parent and in the input picture.
    Segmentations carry `points`, the outline of the largest part of the mask. Further `.data` follows under
    its own name, unless that is already taken.

    >>> import numpy as np, supervision as sv
    >>> to_json(sv.Detections(np.array([[0, 0, 4, 2]])))["predictions"]
    [{'width': 4.0, 'height': 2.0, 'x': 2.0, 'y': 1.0}]
    """
    origin: Origin | None = detections.metadata.get("origin")
    size = {"width": origin.width, "height": origin.height} if origin else {"width": None, "height": None}
    columns = _columns(detections, origin)
    rows = zip(*columns.values(), strict=True)
    predictions = [{**dict(zip(columns, row, strict=True)), **_frames(origin)} for row in rows]
    return {"image": size, "predictions": predictions}


def _columns(detections: Detections, origin: Origin | None) -> dict[str, list[Any]]:
    """Return what the entries hold, by key, in the order of the keys."""
    box = detections.xyxy.astype(np.float64)
    sizes, centres = box[:, 2:] - box[:, :2], (box[:, 2:] + box[:, :2]) / 2
    data = detections.data
    columns = {
        "width": sizes[:, 0],
        "height": sizes[:, 1],
        "x": centres[:, 0],
        "y": centres[:, 1],
        "confidence": detections.confidence,
        "class_id": detections.class_id,
        "class": data.get("class_name"),
        "detection_id": data.get("detection_id"),
        "parent_id": data.get("parent_id", [origin.id] * len(box) if origin else None),
        "tracker_id": detections.tracker_id,
        "keypoints": _keypoints(data) if "keypoints_xy" in data else None,
    }
    for key, values in data.items():
        if key not in _RENAMED and not key.startswith(_KEYPOINTS):
            columns.setdefault(key, values)
    plain = {key: jsonable(values) for key, values in columns.items() if values is not None}
    outlines = _outlines(detections)
    return plain if outlines is None else {**plain, "points": outlines}


def _frames(origin: Origin | None) -> dict[str, Any]:
    if origin is None or origin.parent is None:
        return {}
    to_parent, to_root = origin.to_parent, origin.to_root
    frames: dict[str, Any] = {
        "parent_origin": _frame(to_parent, origin.parent),
        "root_parent_id": origin.root.id,
        "root_parent_origin": _frame(to_root, origin.root),
    }
    if (to_root.scale_x, to_root.scale_y) != (1, 1):
        frames["scaling_relative_to_parent"] = 1 / math.sqrt(to_parent.scale_x * to_parent.scale_y)
        frames["scaling_relative_to_root_parent"] = 1 / math.sqrt(to_root.scale_x * to_root.scale_y)
    return frames


def _frame(transform: Transform, outer: Origin) -> dict[str, Any]:
    offset = {"offset_x": jsonable(transform.offset_x), "offset_y": jsonable(transform.offset_y)}
    return {**offset, "width": outer.width, "height": outer.height}


def _points(xy: Any) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in jsonable(np.asarray(xy, dtype=np.float64).reshape(-1, 2))]


def _outlines(detections: Detections) -> list[list[dict[str, float]]] | None:
    polygons = detections.data.get("polygon")
    if polygons is None:
        if detections.mask is None:
            return None
        polygons = [_outline(detections.mask, i) for i in range(len(detections))]
    return [_points([] if polygon is None else polygon) for polygon in polygons]


def _outline(mask: npt.NDArray[Any] | CompactMask, i: int) -> npt.NDArray[np.int32]:
    """Return the outline of the largest part of mask i in image pixels; empty where no part has an area."""
    import cv2
    import supervision as sv

    crop, offset = (mask[i], 0) if isinstance(mask, np.ndarray) else (mask.crop(i), mask.offsets[i])
    parts = sv.mask_to_polygons(crop)
    return max(parts, key=cv2.contourArea) + offset if parts else np.empty((0, 2), np.int32)


def _keypoints(data: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the key points of every box, without those that only fill up the array (coordinates NaN)."""
    names = {"class_id": "class_id", "class_name": "class", "confidence": "confidence", "xy": "xy"}
    columns = {wire: data[_KEYPOINTS + key] for key, wire in names.items() if _KEYPOINTS + key in data}
    return [
        [_keypoint(dict(zip(columns, point, strict=True))) for point in zip(*box, strict=True) if _is_known(point[-1])]
        for box in zip(*columns.values(), strict=True)
    ]


def _is_known(xy: Sequence[float]) -> bool:
    return math.isfinite(xy[0]) and math.isfinite(xy[1])


def _keypoint(point: dict[str, Any]) -> dict[str, Any]:
    x, y = point.pop("xy")
    return {**point, "x": float(x), "y": float(y)}
