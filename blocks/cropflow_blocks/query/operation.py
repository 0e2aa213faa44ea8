"""What an operation is: a model read from the document, the kinds it goes between, and its work on one value."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator
from supervision import Detections

from cropflow.classification import Classification
from cropflow.errors import nearest
from cropflow.image import Image
from cropflow.kinds import KINDS, Kind
from cropflow.literal import describe
from cropflow_blocks.query.values import Column, Same

log = logging.getLogger("cropflow")
Kinds: TypeAlias = tuple[Kind, ...]
Parameters: TypeAlias = Mapping[str, Any]
"""Values that statements may name beside the one they are about."""
Place: TypeAlias = tuple[str | int, ...]

ANY = ("*",)
TEXT = ("string",)
NUMBER = ("float", "integer", "float_zero_to_one")
TRUTH = ("boolean",)
LIST = ("list_of_values",)
MAPPING = ("dictionary",)
BOXES = ("object_detection_prediction",)


class QueryError(ValueError):
    """A value cannot be worked on; the message says what was expected and found."""


class Node(BaseModel):
    """A part of a query as it is written in a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_keys_of_editors(cls, written: Any) -> Any:
        """Leave out what no field is meant by, with a warning; what may be a misspelt field is refused."""
        if not isinstance(written, Mapping):
            return written
        left = [key for key in written.keys() - cls.model_fields if not nearest(str(key), cls.model_fields)]
        for key in left:
            log.warning("%s has no field %r; it is ignored", cls.__name__, key)
        return {key: value for key, value in written.items() if key not in left}


class Operation(Node):
    """One step of a chain of operations.

    Attributes:
        takes: names of the kinds it works on.
        gives: names of the kinds of its answers.
    """

    type: Any
    takes: ClassVar[tuple[str, ...]] = ANY
    gives: ClassVar[tuple[str, ...]] = ANY

    def infer(self, kinds: Kinds, parameters: Mapping[str, Kinds] | None, place: Place) -> Kinds:
        """Return the kinds of the answers to values of some kinds; SettingError where a part does not fit."""
        return tuple(KINDS[name] for name in self.gives)

    def apply(self, value: Any, parameters: Parameters) -> Any:
        """Return the answer to one value of a kind it takes."""
        raise NotImplementedError

    def column(self, column: Column, parameters: Parameters) -> Column:
        """Return the answers to all values of a column."""
        if isinstance(column, Same):
            return Same(self.answer(column.value, parameters), column.length)
        return [self.answer(value, parameters) for value in column]

    def answer(self, value: Any, parameters: Parameters) -> Any:
        """Return the answer to one value.

        Raises:
            QueryError: it is of no kind the operation takes, or cannot be worked on.
        """
        value = value.item() if isinstance(value, np.generic) else value
        if not is_one_of(self.takes, value):
            raise QueryError(f"{self.type} takes {' or '.join(self.takes)}, but got {describe(value)}")
        return self.apply(value, parameters)


_TYPES: Mapping[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "float": (float, int, np.number),
    "integer": (int, np.integer),
    "float_zero_to_one": (float, int, np.number),
    "boolean": (bool, np.bool_),
    "list_of_values": (list, tuple, np.ndarray),
    "dictionary": (Mapping,),
    "video_metadata": (Mapping,),
    "timestamp": (datetime,),
    "object_detection_prediction": (Detections,),
    "detection": (Detections,),
    "classification_prediction": (Classification,),
    "image": (Image,),
}


def is_one_of(kinds: tuple[str, ...], value: object) -> bool:
    """Whether a value is of one of the kinds; true and false are no numbers."""
    if isinstance(value, bool | np.bool_):
        return "*" in kinds or "boolean" in kinds
    return any(kind == "*" or isinstance(value, _TYPES[kind]) for kind in kinds)
