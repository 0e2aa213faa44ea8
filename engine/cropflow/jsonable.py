"""The JSON form of any value: every kind serialises, nothing fails.

Apart from `serialize`, which also reads, because the forms of predictions are built with it.
"""

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
import numpy.typing as npt


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
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
        case np.ndarray():
            return value.tolist() if _is_plain(value) else to_json(value.tolist())
        case np.generic():
            plain = value.item()  # numbers wider than those of Python stay as they are
            return str(value) if isinstance(plain, np.generic) else to_json(plain)
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


def _is_plain(array: npt.NDArray[Any]) -> bool:
    """Whether the elements need no look at each of them, which is what nearly all columns are."""
    kind = array.dtype.kind
    return kind in "biuU" or (kind == "f" and array.dtype.itemsize <= 8 and bool(np.isfinite(array).all()))


def _object_to_json(value: Any) -> Any:
    from cropflow.classification import Classification  # these build their forms with this module
    from cropflow.detections import to_json as detections_to_json
    from cropflow.image import Image
    from cropflow.kinds import is_detections

    if isinstance(value, Image | Classification):
        return value.to_json()
    if is_detections(type(value)):
        return detections_to_json(value)
    if hasattr(value, "model_dump"):
        return to_json(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value.as_posix() if isinstance(value, PurePath) else str(value)
