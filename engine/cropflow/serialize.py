"""The JSON form of any value, both ways: every kind serialises, nothing fails."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from cropflow.classification import Classification
from cropflow.detections import from_json as detections_from_json
from cropflow.detections import to_json as detections_to_json
from cropflow.image import Image
from cropflow.kinds import Kind, holds, is_detections
from cropflow.literal import LiteralType


def to_json(value: Any) -> Any:
    """Return the JSON form of a value: pictures and predictions in the forms existing clients read.

    Bytes become base64, times ISO 8601, arrays lists, numbers that JSON lacks (NaN, infinity) null. What has no
    form of its own is shown as text.

    >>> to_json({"when": datetime.date(2024, 5, 1), "share": float("nan")})
    {'when': '2024-05-01', 'share': None}
    """
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return to_json(value.value)
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case Image() | Classification():
            return value.to_json()
        case np.ndarray() | np.generic():
            return to_json(value.tolist())
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case datetime.date() | datetime.time():
            return value.isoformat()
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case AbstractSet():
            return [to_json(item) for item in sorted(value, key=str)]
    return _object_to_json(value)


def _object_to_json(value: Any) -> Any:
    if is_detections(type(value)):
        return detections_to_json(value)
    if hasattr(value, "model_dump"):
        return to_json(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value.as_posix() if isinstance(value, PurePath) else str(value)


def from_json(kind: Kind, value: Any) -> Any:
    """Read a value of a kind from its JSON form; a value that is of the kind already comes back as it is.

    >>> from cropflow.kinds import KINDS
    >>> from_json(KINDS["bytes"], "aGk=")
    b'hi'

    Raises:
        ValueError, InputError, ImageError: the value is not of the kind.
    """
    if kind.literal:
        return LiteralType(kind.python, (kind,)).check(value)
    if kind.name == "contours":
        return [np.asarray(outline) for outline in value]
    if kind.python is not Any and holds(kind, value):
        return value
    match kind.python:
        case "Detections":
            return detections_from_json(value)
        case type() as python if python is Image:
            return Image.load(value)
        case type() as python if python is Classification:
            return Classification.from_json(value)
        case type() as python if python is np.ndarray:
            return np.asarray(value)
        case type() as python if python is bytes:
            return base64.b64decode(value, validate=True)
    return value
