"""The JSON forms of predictions as data: what existing clients send and read, checked before it is used.

The models only say what a well-formed document looks like; `detections_json` and `classification` turn them
into the engine's own types. Keeping them here keeps both readers to one way of refusing what is malformed.
"""

from __future__ import annotations

import base64
import datetime
import enum
import math
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cropflow.errors import InputError

# Bounds keep a hostile document from asking for absurd arrays; real pictures stay far below them.
Coordinate = Annotated[float, Field(ge=-1e9, le=1e9)]
Length = Annotated[float, Field(ge=0, le=1e9)]
Score = Annotated[float, Field(ge=-1e9, le=1e9)]
Side = Annotated[int, Field(ge=1, le=32768)]
ClassId = Annotated[int, Field(ge=-1, le=1_000_000)]


class _Wire(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class SizeWire(_Wire):
    """Size in pixels of the image predictions were made on; unknown for predictions without an image."""

    width: Side | None = None
    height: Side | None = None


class PointWire(_Wire):
    """A point in pixels."""

    x: Coordinate
    y: Coordinate


class KeypointWire(PointWire):
    """A named point of an object."""

    confidence: Score | None = None
    class_id: ClassId | None = None
    class_name: str | None = Field(default=None, alias="class")


class FrameWire(_Wire):
    """Where a crop lies in a larger image, and the size of that image."""

    offset_x: Coordinate
    offset_y: Coordinate
    width: Side
    height: Side


class RleWire(_Wire):
    """A full-image mask in COCO's run-length encoding: size is [height, width]."""

    size: Annotated[list[Side], Field(min_length=2, max_length=2)]
    counts: str | list[Annotated[int, Field(ge=0)]]


class BoxWire(_Wire):
    """One detection; x and y are the centre of the box in pixels. Unknown keys stay, as data of the box."""

    model_config = ConfigDict(extra="allow")

    x: Coordinate
    y: Coordinate
    width: Length
    height: Length
    confidence: Score | None = None
    class_id: ClassId | None = None
    label: str | None = Field(default=None, alias="class")
    detection_id: str | None = None
    parent_id: str | None = None
    tracker_id: int | None = None
    points: list[PointWire] | None = None
    rle_mask: RleWire | None = None
    keypoints: list[KeypointWire] | None = None
    parent_origin: FrameWire | None = None
    root_parent_id: str | None = None
    root_parent_origin: FrameWire | None = None
    scaling_relative_to_parent: Annotated[float, Field(gt=0)] = 1.0
    scaling_relative_to_root_parent: Annotated[float, Field(gt=0)] = 1.0


class BoxesWire(_Wire):
    """All detections of one image."""

    image: SizeWire = SizeWire()
    predictions: list[BoxWire]


class ScoreWire(_Wire):
    """Score of one class; in the multi-label form the class is the key."""

    class_id: Annotated[int, Field(ge=0, le=1_000_000)]
    confidence: Score


class ClassWire(ScoreWire):
    """Score of one named class."""

    class_name: str = Field(alias="class")


class _AnswerWire(_Wire):
    image: SizeWire = SizeWire()
    inference_id: str | None = None
    parent_id: str | None = None
    root_parent_id: str | None = None


class LabelWire(_AnswerWire):
    """A classification with one label: the classes that reached the threshold."""

    predictions: list[ClassWire]


class LabelsWire(_AnswerWire):
    """A classification with many labels: all classes by name, and which of them reached the threshold."""

    predictions: dict[str, ScoreWire]
    predicted_classes: list[str]


_Model = TypeVar("_Model", bound=BaseModel)


def read(model: type[_Model], value: object, what: str) -> _Model:
    """Check `value` against `model`.

    Raises:
        InputError: naming every entry and field that is wrong, such as `predictions[3].width`.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = "; ".join(_sentence(dict(item)) for item in error.errors(include_url=False))
        raise InputError(f"{what} cannot be read: {wrong}") from error


def _sentence(error: Mapping[str, Any]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    where = "".join(steps).lstrip(".") or "the whole value"
    found = "" if error["type"] == "missing" else f", found {error['input']!r:.80}"
    return f"{where}: {error['msg']}{found}"


def jsonable(value: Any) -> Any:
    """Return `value` in types that JSON knows, whatever it is.

    Numbers that are not finite become `None`, arrays become lists, times ISO 8601, bytes base64; anything
    else that JSON does not know becomes its text.

    >>> jsonable({"speed": np.float32("nan"), "path": np.array([[1, 2]])})
    {'speed': None, 'path': [[1, 2]]}
    """
    match value:
        case enum.Enum():
            return jsonable(value.value)
        case None | bool() | int() | str():
            return value
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
        case np.ndarray():
            return value.tolist() if _is_plain(value) else jsonable(value.tolist())
        case np.generic():
            return jsonable(value.tolist())
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(item) for item in value]
        case datetime.date() | datetime.time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            return str(value)


def _is_plain(array: npt.NDArray[Any]) -> bool:
    """Whether the elements need no look at each of them, which is what nearly all columns are."""
    kind = array.dtype.kind
    return kind in "biuU" or (kind == "f" and array.dtype.itemsize <= 8 and bool(np.isfinite(array).all()))
