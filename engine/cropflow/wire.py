"""The JSON forms of predictions as data: what existing clients send and read, checked before it is used.

The models only say what a well-formed document looks like; `detections.reading` and `classification` turn them
into the engine's own types. Keeping them here keeps both readers to one way of refusing what is malformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cropflow.errors import InputError

# Bounds keep a hostile document from asking for absurd arrays, and numbers inside what arrays hold.
Coordinate = Annotated[float, Field(ge=-1e9, le=1e9)]
Length = Annotated[float, Field(ge=0, le=1e9)]
Score = Annotated[float, Field(ge=-1e9, le=1e9)]
Side = Annotated[int, Field(ge=1, le=2**31 - 1)]
Id = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
ClassIndex = Annotated[int, Field(ge=0, le=1_000_000)]


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
    class_id: Id | None = None
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
    class_id: Id | None = None
    label: str | None = Field(default=None, alias="class")
    detection_id: str | None = None
    parent_id: str | None = None
    tracker_id: Id | None = None
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

    class_id: ClassIndex
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
