"""The JSON form of any value, both ways: writing never fails, reading tells what is wrong."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from cropflow.classification import Classification
from cropflow.detections import from_json as detections_from_json
from cropflow.image import Image
from cropflow.jsonable import to_json
from cropflow.kinds import Kind, holds
from cropflow.literal import LiteralType

__all__ = ["from_json", "to_json"]


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
