"""What the engine adds to `supervision.Detections`: identity, lineage, and moving between images.

supervision knows boxes in the pixels of one image. A workflow cuts images out of images, so every prediction
also has to know which image its coordinates belong to (`.metadata["origin"]`), which box it is
(`.data["detection_id"]`) and which image or crop it was found on (`.data["parent_id"]`).
All functions return new objects; what is passed in is never modified, though unchanged arrays are shared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cropflow.image.origin import IDENTITY, Origin, Transform

if TYPE_CHECKING:
    from supervision import Detections
    from supervision.detection.compact_mask import CompactMask

Index = int | slice | Sequence[int] | Sequence[bool] | npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]

_STAMPS = {"detection_id", "parent_id"}
# Entries of `.data` that hold points: n × k × 2 arrays, or one k × 2 array per box.
_POINT_KEYS = ("xyxyxyxy", "keypoints_xy", "polygon", "rect")


def stamp(detections: Detections, origin: Origin, step: str) -> Detections:
    """Return `detections` with ids and the image they belong to.

    Adds `.data["detection_id"]` (`<origin.id>/<step>/<i>`), `.data["parent_id"]` (`origin.id`) and
    `.metadata["origin"]`. Each of them that is already there is kept, so boxes that a step merely
    passes on stay the boxes they were. Empty detections get the keys too, with length 0.

    >>> import numpy as np, supervision as sv
    >>> found = stamp(sv.Detections(np.array([[0, 0, 4, 4]])), Origin("image", 64, 48), "detect")
    >>> found.data["detection_id"].tolist(), found.data["parent_id"].tolist()
    (['image/detect/0'], ['image'])
    """
    if detections.data.keys() >= _STAMPS and "origin" in detections.metadata:
        return detections
    data = dict(detections.data)
    count = len(detections)
    if "detection_id" not in data:
        prefix = f"{origin.id}/{step}/"
        data["detection_id"] = np.array([f"{prefix}{i}" for i in range(count)], dtype=str)
    data.setdefault("parent_id", np.full(count, origin.id))
    return _replaced(detections, data=data, metadata={"origin": origin, **detections.metadata})


def take(detections: Detections, i: Index) -> Detections:
    """Return the boxes that `i` picks, with all that belongs to them, as a copy.

    `i` is what numpy takes for one dimension: an int (one box, still as `Detections`), a slice, a boolean
    mask of one entry per box, or indices in the order wanted.

    Raises:
        IndexError: an index is out of range, or a mask has another length than the detections.

    >>> import numpy as np, supervision as sv
    >>> boxes = sv.Detections(np.array([[0, 0, 4, 4], [5, 5, 9, 9]]))
    >>> take(boxes, 1).xyxy.tolist(), len(take(boxes, np.array([True, True]))), len(take(boxes, []))
    ([[5, 5, 9, 9]], 2, 0)
    """
    if isinstance(i, slice):
        return detections[i]
    # supervision answers any index on no boxes with no boxes, and numpy reads an empty list as floats: one
    # path through plain positions keeps lists, masks, compact masks and empty detections alike.
    return detections[np.arange(len(detections))[_as_index(i)].reshape(-1)]


def moved(detections: Detections, transform: Transform, origin: Origin) -> Detections:
    """Return `detections` in the pixels of another image.

    Moves boxes, masks, `keypoints_xy`, `polygon`, oriented corners (`xyxyxyxy`) and `rect`. Masks come back
    as supervision's `CompactMask` of `origin.height` × `origin.width`, cut to that frame and stored per box,
    so a mask of a crop does not cost a full frame; under a scale they are resized (nearest), and offsets are
    rounded to pixels.

    Args:
        detections: in the pixels of the image they are on now.
        transform: maps those pixels to the pixels of `origin`.
        origin: the image the result belongs to.
    """
    data = dict(detections.data)
    for key in _POINT_KEYS:
        if key in data:
            data[key] = _moved_points(data[key], transform)
    if "rect" in data:
        _scale_lengths(data, math.sqrt(transform.scale_x * transform.scale_y))
    mask = detections.mask
    return _replaced(
        detections,
        xyxy=_mapped(detections.xyxy.reshape(-1, 2, 2), transform).reshape(-1, 4),
        mask=None if mask is None else _moved_mask(mask, transform, origin),
        data=data,
        metadata={**detections.metadata, "origin": origin},
    )


def into(detections: Detections, origin: Origin) -> Detections:
    """Return `detections`, given in the pixels of `origin.parent`, in the pixels of the crop `origin`.

    `parent_id` becomes the id of the crop; `detection_id` stays. An image without a parent is its own frame.

    >>> import numpy as np, supervision as sv
    >>> crop = Origin("image/detect/0", 20, 10, Origin("image", 64, 48), Transform(30, 20))
    >>> into(sv.Detections(np.array([[32, 21, 40, 25]])), crop).xyxy.tolist()
    [[2.0, 1.0, 10.0, 5.0]]
    """
    return _found_on(origin, moved(detections, origin.to_parent.inverse, origin))


def each_into(detections: Detections, origins: Sequence[Origin | None]) -> Iterator[Detections | None]:
    """Give what `into(take(detections, i), origins[i])` gives, for every box; `None` where the crop is.

    Boxes are moved all at once, which costs a tenth of moving one after the other; those with shapes go one by one.
    """
    if detections.mask is not None or any(key in detections.data for key in _POINT_KEYS):
        for i, origin in enumerate(origins):
            yield None if origin is None else into(take(detections, i), origin)
        return
    places = [IDENTITY if origin is None else origin.to_parent.inverse for origin in origins]
    dtype = np.result_type(detections.xyxy.dtype, np.float32)
    scales = np.array([(place.scale_x, place.scale_y) * 2 for place in places], dtype).reshape(-1, 4)
    offsets = np.array([(place.offset_x, place.offset_y) * 2 for place in places], dtype).reshape(-1, 4)
    xyxy = detections.xyxy * scales + offsets
    columns = {name: getattr(detections, name) for name in ("confidence", "class_id", "tracker_id")}
    ids = np.array(["" if origin is None else origin.id for origin in origins], str)
    data = {**detections.data, "parent_id": ids}
    for i, origin in enumerate(origins):
        if origin is None:
            yield None
            continue
        one = slice(i, i + 1)
        yield _replaced(
            detections,
            xyxy=xyxy[one],
            **{name: None if column is None else column[one] for name, column in columns.items()},
            data={key: values[one] for key, values in data.items()},
            metadata={**detections.metadata, "origin": origin},
        )


def onto(detections: Detections, origin: Origin) -> Detections:
    """Return `detections` in the pixels of the image `origin`, wherever on the same input picture they are now.

    They are moved from a crop to the whole, from the whole into a crop, or from one crop to another; `parent_id`
    becomes the id of the image. Those of another input picture, or that do not know their image, are returned as
    they are.

    Raises:
        ValueError: one of the two was rotated, flipped or bent from the other, so boxes cannot be moved.

    >>> import numpy as np, supervision as sv
    >>> frame = Origin("image", 64, 48)
    >>> crop = Origin("image/detect/0", 20, 10, frame, Transform(30, 20))
    >>> onto(stamp(sv.Detections(np.array([[2, 1, 10, 5]])), crop, "find"), frame).xyxy.tolist()
    [[32.0, 21.0, 40.0, 25.0]]
    """
    source: Origin | None = detections.metadata.get("origin")
    if source is None or source == origin:
        return detections
    if source.root != origin.root:
        _refuse_warped(source, origin)
        return detections
    return _found_on(origin, moved(detections, source.to_root.then(origin.to_root.inverse), origin))


def _refuse_warped(found: Origin, wanted: Origin) -> None:
    """Boxes of a warped picture would land in wrong places, silently, since both pictures have one name."""
    if found.source == wanted.source:
        raise ValueError(
            f"the predictions were made on a {found.width}×{found.height} picture and are wanted on one of "
            f"{wanted.width}×{wanted.height}, both made of {wanted.source.id!r}; one of the two was rotated, flipped "
            "or bent on the way, so boxes cannot be moved; give the picture that the predictions were made on"
        )


def _found_on(origin: Origin, detections: Detections) -> Detections:
    """Write the id of the image on detections that were made here."""
    detections.data["parent_id"] = np.full(len(detections), origin.id)
    return detections


def to_root(detections: Detections) -> Detections:
    """Return `detections` in the pixels of the input picture they go back to.

    `parent_id` still names the crop they were found on. Those on an input picture already, or that do
    not know their image, are returned as they are.
    """
    origin: Origin | None = detections.metadata.get("origin")
    if origin is None or origin.parent is None:
        return detections
    return moved(detections, origin.to_root, origin.root)


def _replaced(detections: Detections, **fields: Any) -> Detections:
    """Return a shallow copy with other fields; unchecked, since every function here keeps the lengths."""
    changed: Detections = object.__new__(type(detections))
    changed.__dict__.update(detections.__dict__, **fields)
    return changed


def _as_index(i: int | Sequence[int] | Sequence[bool] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    index = np.asarray(i)
    return index.astype(np.intp) if index.size == 0 and index.dtype != bool else index


def _mapped(points: npt.NDArray[Any], transform: Transform) -> npt.NDArray[Any]:
    """Map an array whose last dimension is (x, y); float32 stays float32, integers become floats."""
    offset_x, offset_y, scale_x, scale_y = transform
    dtype = np.result_type(points.dtype, np.float32)
    mapped: npt.NDArray[Any] = points * np.array((scale_x, scale_y), dtype)
    mapped += np.array((offset_x, offset_y), dtype)
    return mapped


def _moved_points(points: npt.NDArray[Any] | list[Any], transform: Transform) -> npt.NDArray[Any]:
    if len(points) == 0:
        return np.array(points)
    if isinstance(points, np.ndarray) and points.dtype != object:
        return _mapped(points, transform)
    each = (None if p is None else _mapped(np.asarray(p).reshape(-1, 2), transform) for p in points)
    return np.fromiter(each, dtype=object, count=len(points))


def _scale_lengths(data: dict[str, Any], scale: float) -> None:
    """Scale the side lengths of `rect`, which grow but do not move."""
    for key in ("width", "height"):
        if key in data:
            data[key] = np.asarray(data[key]) * scale


def _moved_mask(mask: npt.NDArray[Any] | CompactMask, transform: Transform, origin: Origin) -> CompactMask:
    compact = _compact(mask)
    height, width = compact.image_shape
    scaled = max(1, round(height * transform.scale_y)), max(1, round(width * transform.scale_x))
    return compact.resize(scaled).with_offset(
        round(transform.offset_x), round(transform.offset_y), (origin.height, origin.width)
    )


def _compact(mask: npt.NDArray[Any] | CompactMask) -> CompactMask:
    """Store dense n × height × width masks per box, around their own pixels so that none is lost."""
    import supervision as sv
    from supervision.detection.compact_mask import CompactMask

    if isinstance(mask, CompactMask):
        return mask
    dense = mask.astype(bool, copy=False)
    return CompactMask.from_dense(dense, sv.mask_to_xyxy(dense), dense.shape[1:])
