"""Reading detections from JSON: the inverse of `detections.writing`, strict, as the text comes from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cropflow.errors import InputError
from cropflow.image.origin import IDENTITY, Origin, Transform
from cropflow.wire import BoxesWire, BoxWire, FrameWire, KeypointWire, PointWire, RleWire, SizeWire, read

if TYPE_CHECKING:
    from supervision import Detections
    from supervision.detection.compact_mask import CompactMask

_WHAT = "the detections"
_LARGEST_MASK = 2**30
"""Pictures with more pixels have no masks here, so that a few numbers cannot ask for all the memory."""


def from_json(value: object) -> Detections:
    """Read the wire form; the inverse of `to_json`.

    `points` become `.data["polygon"]` and, as `rle_mask` does, a compact mask; `keypoints` become
    `.data["keypoints_xy"]` and its companions, filled up with NaN to the longest; unknown keys become `.data`
    of their name. Boxes are float32. Boxes on a crop get an origin whose parent is the input picture.

    Raises:
        InputError: naming the entry and field that is wrong. A field must be in every entry or in none.

    >>> from_json({"predictions": [{"x": 2, "y": 1, "width": 4, "height": 2, "class": "dog"}]}).xyxy.tolist()
    [[0.0, 0.0, 4.0, 2.0]]
    """
    import supervision as sv

    wire = read(BoxesWire, value, _WHAT)
    boxes = wire.predictions
    xywh = np.array([(box.x, box.y, box.width, box.height) for box in boxes], dtype=np.float64).reshape(-1, 4)
    half = xywh[:, 2:] / 2
    xyxy = np.hstack((xywh[:, :2] - half, xywh[:, :2] + half)).astype(np.float32)
    origin = _origin(wire)
    return sv.Detections(
        xyxy,
        mask=_mask(boxes, wire.image),
        confidence=_array(_column(boxes, lambda box: box.confidence, "confidence"), np.float32),
        class_id=_array(_column(boxes, lambda box: box.class_id, "class_id"), int),
        tracker_id=_array(_column(boxes, lambda box: box.tracker_id, "tracker_id"), int),
        data=_data(boxes),
        metadata={"origin": origin} if origin else {},
    )


def _origin(wire: BoxesWire) -> Origin | None:
    if wire.image.width is None or wire.image.height is None:
        return None
    if not wire.predictions:
        return Origin("image", wire.image.width, wire.image.height)
    box = wire.predictions[0]
    parent, to_parent = _parent(box, box.root_parent_origin or box.parent_origin)
    return Origin(box.parent_id or "image", wire.image.width, wire.image.height, parent, to_parent)


def _parent(box: BoxWire, frame: FrameWire | None) -> tuple[Origin | None, Transform]:
    if frame is None:
        return None, IDENTITY
    scale = 1 / box.scaling_relative_to_root_parent
    root = Origin(box.root_parent_id or "image", frame.width, frame.height)
    return root, Transform(frame.offset_x, frame.offset_y, scale, scale)


def _column(boxes: Sequence[BoxWire], get: Callable[[BoxWire], Any], key: str) -> list[Any] | None:
    """Return one value per box, or `None` where no box has it."""
    values = [get(box) for box in boxes]
    missing = [i for i, value in enumerate(values) if value is None]
    if len(missing) == len(values):
        return None
    if missing:
        raise InputError(
            f"{_WHAT} cannot be read: predictions[{missing[0]}] has no {key!r} while other entries have it; "
            "give it in every entry or in none"
        )
    return values


def _array(values: list[Any] | None, dtype: type) -> npt.NDArray[Any] | None:
    return None if values is None else np.array(values, dtype=dtype)


def _data(boxes: Sequence[BoxWire]) -> dict[str, Any]:
    texts = {
        "class_name": _column(boxes, lambda box: box.label, "class"),
        "detection_id": _column(boxes, lambda box: box.detection_id, "detection_id"),
        "parent_id": _column(boxes, lambda box: box.parent_id, "parent_id"),
    }
    outlines = _column(boxes, lambda box: box.points, "points")
    polygons = {} if outlines is None else {"polygon": _objects([_xy(points) for points in outlines])}
    known = {key: np.array(values, dtype=str) for key, values in texts.items() if values is not None}
    return {**_extras(boxes), **known, **polygons, **_keypoints(boxes)}


def _extras(boxes: Sequence[BoxWire]) -> dict[str, npt.NDArray[Any]]:
    extras: list[Mapping[str, Any]] = [box.model_extra or {} for box in boxes]
    keys = dict.fromkeys(key for extra in extras for key in extra)
    return {key: _plain_or_objects([extra.get(key) for extra in extras]) for key in keys}


def _plain_or_objects(values: list[Any]) -> npt.NDArray[Any]:
    """Return numbers, texts, and lists of numbers of one shape as a plain array, all else as objects."""
    types = {type(value) for value in values}
    if types in ({str}, {bool}, {int}, {float}, {int, float}):
        return np.array(values)
    try:
        nested = np.array(values) if types == {list} else None
    except ValueError:  # lists of unequal lengths
        nested = None
    return nested if nested is not None and nested.dtype.kind in "iuf" else _objects(values)


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))


def _xy(points: Sequence[PointWire]) -> npt.NDArray[np.float32]:
    return np.array([(point.x, point.y) for point in points], dtype=np.float32).reshape(-1, 2)


def _keypoints(boxes: Sequence[BoxWire]) -> dict[str, npt.NDArray[Any]]:
    points: list[list[KeypointWire]] | None = _column(boxes, lambda box: box.keypoints, "keypoints")
    if points is None:
        return {}
    longest = max(map(len, points))
    filler = KeypointWire.model_construct(x=np.nan, y=np.nan)
    rows = [row + [filler] * (longest - len(row)) for row in points]
    shape = len(rows), longest
    flat = [point for row in rows for point in row]
    return {
        "keypoints_xy": _xy(flat).reshape(*shape, 2),
        "keypoints_confidence": np.array([p.confidence or 0 for p in flat], np.float32).reshape(shape),
        "keypoints_class_id": np.array([-1 if p.class_id is None else p.class_id for p in flat], int).reshape(shape),
        "keypoints_class_name": np.array([p.class_name or "" for p in flat], dtype=str).reshape(shape),
    }


def _mask(boxes: Sequence[BoxWire], image: SizeWire) -> CompactMask | None:
    outlines = _column(boxes, lambda box: box.points, "points")
    codes = _column(boxes, lambda box: box.rle_mask, "rle_mask")
    if outlines is None and codes is None:
        return None
    if image.width is None or image.height is None:
        raise InputError(f"{_WHAT} cannot be read: masks need image.width and image.height; give both in pixels")
    shape = image.height, image.width
    if image.height * image.width > _LARGEST_MASK:
        raise InputError(
            f"{_WHAT} cannot be read: masks of {image.width} × {image.height} pixels are too large, expected at most "
            f"{_LARGEST_MASK:,} pixels"
        )
    return _decoded(codes, shape) if codes is not None else _drawn([_xy(points) for points in outlines or ()], shape)


def _decoded(codes: Sequence[RleWire], shape: tuple[int, int]) -> CompactMask:
    from supervision.detection.compact_mask import CompactMask

    frame = np.tile(np.array([0, 0, shape[1] - 1, shape[0] - 1], np.float32), (len(codes), 1))
    try:
        return CompactMask.from_coco_rle([code.model_dump() for code in codes], frame, shape).repack()
    except ValueError as error:
        raise InputError(f"{_WHAT} cannot be read: rle_mask: {error}") from error


def _drawn(polygons: Sequence[npt.NDArray[np.float32]], shape: tuple[int, int]) -> CompactMask:
    from supervision.detection.compact_mask import CompactMask

    return CompactMask.merge([_drawn_one(polygon, shape) for polygon in polygons])


def _drawn_one(polygon: npt.NDArray[np.float32], shape: tuple[int, int]) -> CompactMask:
    """Fill one polygon on a canvas of its own bounds, so that a frame is never allocated per box."""
    import supervision as sv
    from supervision.detection.compact_mask import CompactMask

    limit = np.array(shape[::-1]) - 1
    corners = np.trunc(polygon if len(polygon) else np.zeros((1, 2)))
    low = np.clip(corners.min(axis=0), 0, limit).astype(int)
    high = np.clip(corners.max(axis=0), 0, limit).astype(int)
    width, height = (high - low + 1).tolist()
    canvas = sv.polygon_to_mask(np.trunc(polygon) - low, (width, height)).astype(bool)
    part = CompactMask.from_dense(canvas[np.newaxis], np.array([[0, 0, width - 1, height - 1]]), (height, width))
    return part.with_offset(int(low[0]), int(low[1]), shape)
