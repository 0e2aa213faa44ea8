"""Kinds: the named types of values that flow between steps.

A kind ties the name that documents use to a Python type and to a JSON form. Some kinds are special cases of
others (`parents`): a segmentation is a detection and fits wherever detections are asked for. Some may be *read*
from the values of others (`reads`): a number may turn out to lie between 0 and 1, which shows only when it runs.
"""

from __future__ import annotations

import datetime
import enum
import re
import types
import typing
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from cropflow.classification import Classification
from cropflow.image import Image

if TYPE_CHECKING:
    from supervision import Detections

__all__ = ["BLACK", "KINDS", "Color", "Fit", "Kind", "ModelId", "Secret", "ZeroToOne", "fit", "holds"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A named type of value; two kinds of one name are the same kind.

    Attributes:
        name: the name that documents use.
        description: one line for documentation.
        parents: kinds that every value of this kind also is.
        reads: kinds whose values may turn out to be of this kind; checked when the workflow runs.
        python: what a value is, as an annotation: a class, or a type pydantic can validate.
        literal: whether a document may write a value of this kind in place.
        has: the attribute or `.data` key that predictions of this kind carry, where they carry one.
    """

    name: str
    description: str = field(compare=False)
    parents: tuple[str, ...] = field(default=(), compare=False)
    reads: tuple[str, ...] = field(default=(), compare=False)
    python: Any = field(default=Any, compare=False)
    literal: bool = field(default=True, compare=False)
    has: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.name


class Fit(enum.IntEnum):
    """How well an output fits a port."""

    NEVER = 0
    MAYBE = 1
    ALWAYS = 2


def _color(value: object) -> object:
    """Read `#rrggbb`, `#rgb`, `(r, g, b)` or a triple as (red, green, blue), each 0 to 255."""
    parts = _color_parts(value.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 3:
        raise ValueError(_COLOR_FORMS)
    if not all(isinstance(part, int | np.integer) and 0 <= part <= 255 for part in parts):
        raise ValueError(_COLOR_FORMS)
    return tuple(int(part) for part in parts)


def _color_parts(text: str) -> Sequence[int]:
    digits = text.removeprefix("#")
    if text.startswith("#") and re.fullmatch(r"[0-9a-fA-F]{3}", digits):
        digits = "".join(2 * digit for digit in digits)
    if re.fullmatch(r"[0-9a-fA-F]{6}", digits):
        return tuple(bytes.fromhex(digits))
    parts = text.removeprefix("(").removesuffix(")").split(",")
    return [int(part) for part in parts] if all(part.strip().isdecimal() for part in parts) else ()


_COLOR_FORMS = "a colour: '#rrggbb', '(red, green, blue)' or [red, green, blue], each from 0 to 255"
_COLOR_SCHEMA = {
    "anyOf": [
        {"type": "string", "examples": ["#ff0000", "(255, 0, 0)"]},
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 255},
            "minItems": 3,
            "maxItems": 3,
        },
    ]
}
_BOXES = "object_detection_prediction"


def _prediction(name: str, description: str, has: str | None = None, parents: tuple[str, ...] = (_BOXES,)) -> Kind:
    return Kind(name, description, parents=parents, python="Detections", literal=False, has=has)


_ALL = (
    Kind("*", "any value"),
    Kind("image", "a picture", python=Image, literal=False),
    _prediction(_BOXES, "boxes with classes", parents=()),
    _prediction("instance_segmentation_prediction", "boxes with a mask each", "mask"),
    _prediction(
        "rle_instance_segmentation_prediction",
        "boxes with a mask each, run-length encoded on the wire",
        "mask",
        ("instance_segmentation_prediction", _BOXES),
    ),
    _prediction("keypoint_detection_prediction", "boxes with key points each", "keypoints_xy"),
    _prediction("rotated_object_detection_prediction", "boxes with four oriented corners each", "xyxyxyxy"),
    _prediction("qr_code_detection", "QR codes with their content"),
    _prediction("bar_code_detection", "bar codes with their content"),
    Kind("semantic_segmentation_prediction", "a class for every pixel", python="Detections", literal=False),
    Kind("classification_prediction", "a class for a whole picture", python=Classification, literal=False),
    Kind("float", "a number", python=float),
    Kind("integer", "a whole number", parents=("float",), reads=("float",), python=int),
    Kind(
        "float_zero_to_one",
        "a number from 0 to 1",
        parents=("float",),
        reads=("float",),
        python=Annotated[float, Field(ge=0, le=1)],
    ),
    Kind("boolean", "true or false", python=bool),
    Kind("string", "text", python=str),
    Kind("top_class", "a class name", parents=("string",), reads=("string",), python=str),
    Kind("model_id", "a model: a path or a name", parents=("string",), reads=("string",), python=str),
    Kind("inference_id", "the id of one model call", parents=("string",), reads=("string",), python=str),
    Kind("parent_id", "the id of the picture something was found on", parents=("string",), python=str),
    Kind("prediction_type", "the name of a task", parents=("string",), python=str),
    Kind(
        "language_model_output",
        "text a language model wrote",
        parents=("string",),
        reads=("string",),
        python=str,
    ),
    Kind("secret", "text that is never shown", parents=("string",), reads=("string",), python=str),
    Kind(
        "roboflow_project",
        "a project of the hosted platform",
        parents=("string",),
        reads=("string",),
        python=str,
    ),
    Kind("roboflow_api_key", "a key of the hosted platform", parents=("string",), reads=("string",), python=str),
    Kind(
        "roboflow_solution",
        "a solution of the hosted platform",
        parents=("string",),
        reads=("string",),
        python=str,
    ),
    Kind("dictionary", "names with values", python=dict[str, Any]),
    Kind("list_of_values", "a list", python=list[Any]),
    Kind(
        "rgb_color",
        "red, green and blue from 0 to 255",
        reads=("string", "list_of_values"),
        python=Annotated[tuple[int, int, int], BeforeValidator(_color), WithJsonSchema(_COLOR_SCHEMA)],
    ),
    Kind(
        "point",
        "x and y in pixels",
        parents=("list_of_values",),
        reads=("list_of_values",),
        python=list[float],
    ),
    Kind(
        "zone",
        "corners of a polygon",
        parents=("list_of_values",),
        reads=("list_of_values",),
        python=list[Any],
    ),
    Kind("contours", "outlines, each an array of points", python=list[np.ndarray], literal=False),
    Kind("numpy_array", "an array of numbers", python=np.ndarray, literal=False),
    Kind("image_keypoints", "salient points of a picture", parents=("list_of_values",), python=list[Any]),
    Kind(
        "embedding",
        "a vector that describes a picture or text",
        reads=("list_of_values",),
        python=list[float],
    ),
    Kind("bytes", "raw bytes", python=bytes, literal=False),
    Kind("timestamp", "a moment in time", python=datetime.datetime),
    Kind("video_metadata", "the frame of a video a picture belongs to", python=dict[str, Any]),
    Kind("image_metadata", "facts about a picture", python=dict[str, Any]),
    Kind("detection", "one detection", python=Any, literal=False),
    Kind("detections_overlaps", "which detections lie over which", python=list[Any]),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL} | {
    "roboflow_model_id": next(kind for kind in _ALL if kind.name == "model_id")
}

ZeroToOne = Annotated[float, KINDS["float_zero_to_one"], Field(ge=0, le=1)]
"""A number from 0 to 1, such as a confidence."""
Color = Annotated[tuple[int, int, int], KINDS["rgb_color"], BeforeValidator(_color), WithJsonSchema(_COLOR_SCHEMA)]
"""Red, green, blue from 0 to 255; documents may also write `#rrggbb` or `(r, g, b)`."""
ModelId = Annotated[str, KINDS["model_id"]]
"""A path to weights, or a name of them."""
Secret = Annotated[str, KINDS["secret"]]
"""Text that is never shown in results, logs or errors."""
BLACK = (0, 0, 0)

_BY_TYPE: dict[Any, str] = {
    Image: "image",
    Classification: "classification_prediction",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    bytes: "bytes",
    datetime.datetime: "timestamp",
    np.ndarray: "numpy_array",
    dict: "dictionary",
    Mapping: "dictionary",
    list: "list_of_values",
    Sequence: "list_of_values",
    tuple: "list_of_values",
    Any: "*",
    object: "*",
}


def in_words(kinds: Iterable[Kind]) -> str:
    """Name kinds for people.

    >>> in_words([KINDS["float_zero_to_one"], KINDS["string"]])
    'a number from 0 to 1 (float_zero_to_one) or text (string)'
    """
    return " or ".join(f"{kind.description} ({kind.name})" if kind.name != "*" else "any value" for kind in kinds)


def is_detections(annotation: object) -> bool:
    """Whether an annotation is `supervision.Detections`, told without importing supervision."""
    return getattr(annotation, "__qualname__", "") == "Detections" and str(
        getattr(annotation, "__module__", "")
    ).startswith("supervision")


def kind_of_type(annotation: Any) -> Kind | None:
    """Return the kind of a plain Python type, such as `float` or `Image`; `None` where it has none."""
    if is_detections(annotation):
        return KINDS[_BOXES]
    if hasattr(annotation, "__pydantic_fields__"):
        return KINDS["dictionary"]
    origin = get_origin(annotation)
    if origin is not None:
        annotation = {"Sequence": list, "Mapping": dict}.get(getattr(origin, "__name__", ""), origin)
    name = _BY_TYPE.get(annotation) if isinstance(annotation, Hashable) else None
    return KINDS[name] if name else None


def kinds_of_values(values: Iterable[object]) -> tuple[Kind, ...]:
    """Return the kinds of written-out values, such as the members of a `Literal`."""
    names = dict.fromkeys(_BY_TYPE[type(value)] for value in values)
    return tuple(KINDS[name] for name in names)


@cache
def _ancestors(kind: Kind) -> frozenset[str]:
    """Names of all kinds a value is of; a parent that is not among `KINDS` counts by its name alone."""
    known = (_ancestors(KINDS[parent]) for parent in kind.parents if parent in KINDS)
    return frozenset((kind.name, *kind.parents)).union(*known)


def _fit(source: Kind, target: Kind) -> Fit:
    ancestors = _ancestors(source)
    if target.name == "*" or target.name in ancestors:
        return Fit.ALWAYS
    if source.name == "*" or ancestors.intersection(target.reads):
        return Fit.MAYBE
    return Fit.NEVER


def fit(sources: Iterable[Kind], targets: Iterable[Kind]) -> Fit:
    """Say whether values of any of the `sources` can go where one of the `targets` is asked for.

    >>> fit([KINDS["instance_segmentation_prediction"]], [KINDS["object_detection_prediction"]]).name
    'ALWAYS'
    """
    targets = tuple(targets)
    best = [max((_fit(source, target) for target in targets), default=Fit.NEVER) for source in sources]
    if not best or min(best) is Fit.ALWAYS:
        return Fit.ALWAYS
    return Fit.NEVER if max(best) is Fit.NEVER else Fit.MAYBE


def holds(kind: Kind, value: object) -> bool:
    """Whether a value of a kind without a literal form (picture, prediction, array) is of that kind."""
    if kind.python == "Detections":
        return is_detections(type(value)) and _carries(kind, value)
    python = get_origin(kind.python) or kind.python
    return python is Any or isinstance(value, python)


def _carries(kind: Kind, detections: Detections | Any) -> bool:
    """An empty prediction fits everywhere; another one must carry what its kind promises."""
    if kind.has is None or len(detections) == 0:
        return True
    return getattr(detections, kind.has, None) is not None or kind.has in detections.data


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation itself as the only one."""
    return get_args(annotation) if get_origin(annotation) in (typing.Union, types.UnionType) else (annotation,)
