"""How a picture leaves the engine: as the bytes of a file, or in the JSON form existing clients read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2

from cropflow.errors import ImageError
from cropflow.image.origin import Origin, Transform

if TYPE_CHECKING:
    from cropflow.image import Image

Frame: TypeAlias = tuple[str | None, int | None, float | None]
"""The stream of a picture, the number of the frame, and the frames in a second, as far as they are known."""
_KEEP_ALPHA = (".png", ".webp")


def encode(image: Image, ext: str, quality: int) -> bytes:
    """Return the bytes of a picture file; see `Image.encode`."""
    keeps_all = image.pixels.ndim == 2 or ext.lower() in _KEEP_ALPHA
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if ext.lower() in (".jpg", ".jpeg") else []
    try:
        done, data = cv2.imencode(ext, image.pixels if keeps_all else image.bgr, options)
    except cv2.error as error:
        raise ImageError(f"image {image.id!r}: cannot be written as {ext!r}: {error}") from error
    if not done:
        raise ImageError(f"image {image.id!r}: {image.width} × {image.height} cannot be written as {ext!r}")
    return data.tobytes()


def to_wire(image: Image) -> dict[str, Any]:
    """Return the JSON form of an image, for a crop with the way back to its parent; see `Image.to_json`."""
    return {
        "type": "base64",
        "value": base64.b64encode(encode(image, ".png" if image.has_alpha else ".jpg", 95)).decode("ascii"),
        "video_metadata": _video_metadata(image),
        **_parents(image.origin),
    }


def frame_of(wire: Mapping[str, Any], stream: str | None, frame: int | None, fps: float | None) -> Frame:
    """Return stream, frame and rate as given, filled up from the `video_metadata` of a wire mapping."""
    metadata = wire.get("video_metadata")
    if not isinstance(metadata, Mapping):
        return stream, frame, fps
    identifier, number = metadata.get("video_identifier"), metadata.get("frame_number")
    rate = metadata.get("fps")
    return (
        identifier if stream is None and isinstance(identifier, str) else stream,
        number if frame is None and isinstance(number, int) else frame,
        rate if fps is None and isinstance(rate, int | float) and rate > 0 else fps,
    )


def _video_metadata(image: Image) -> dict[str, Any]:
    """The keys that existing clients look up; null where nothing is known, so that nothing is made up."""
    return {
        "video_identifier": image.stream,
        "frame_number": image.frame,
        "frame_timestamp": None,
        "fps": image.fps,
        "measured_fps": None,
        "comes_from_video_file": None,
        "total_frames": None,
    }


def _parents(origin: Origin) -> dict[str, Any]:
    """The four keys of a crop; `parent_id` is the crop's own id, as it is on predictions made on the crop."""
    if origin.parent is None:
        return {}
    return {
        "parent_id": origin.id,
        "parent_origin": _place(origin.to_parent, origin.parent),
        "root_parent_id": origin.root.id,
        "root_parent_origin": _place(origin.to_root, origin.root),
    }


def _place(transform: Transform, within: Origin) -> dict[str, int]:
    return {
        "offset_x": round(transform.offset_x),
        "offset_y": round(transform.offset_y),
        "width": within.width,
        "height": within.height,
    }
