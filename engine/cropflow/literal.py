"""Literals: values a document writes in place, validated by pydantic against the annotation of a port.

In a union only the members that have a JSON form count; pictures and predictions come from selectors alone.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np
from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from cropflow.kinds import Kind, holds, kind_of_type, union_members


class LiteralType:
    """Validates values for one port.

    Args:
        annotation: type of one element as written in the signature.
        kinds: kinds of the port.
        takes_none: whether `None` is a value.
    """

    def __init__(self, annotation: Any = Any, kinds: tuple[Kind, ...] = (), takes_none: bool = False) -> None:
        self.annotation = annotation
        self.kinds = kinds
        self.takes_none = takes_none

    @cached_property
    def adapter(self) -> TypeAdapter[Any] | None:
        """The pydantic validator; `None` where no value can be written in place."""
        members = tuple(member for member in _members(self.annotation) if _has_json_form(member))
        if not members:
            return None
        literal: Any = Union[(*members, None) if self.takes_none else members]  # noqa: UP007 - built at run time
        try:
            return TypeAdapter(literal)
        except PydanticSchemaGenerationError:
            return None

    def read(self, value: object) -> Any:
        """Validate a literal of a document strictly: no string becomes a number.

        Raises:
            ValueError: the value does not fit; the message says what was expected.
        """
        if self.adapter is None:
            raise ValueError("a selector such as $steps.NAME.OUTPUT or $inputs.NAME")
        try:
            if isinstance(value, list | dict):
                return self.adapter.validate_json(json.dumps(value), strict=True)
            return self.adapter.validate_python(value, strict=True)
        except ValidationError as error:
            raise ValueError(_plain(error)) from error

    def check(self, value: object) -> Any:
        """Validate a value that another step made; numbers of numpy count as numbers.

        Raises:
            ValueError: the value is of none of the kinds of the port.
        """
        if any(not kind.literal and holds(kind, value) for kind in self.kinds):
            return value
        if any(kind.name == "*" for kind in self.kinds) or (value is None and self.takes_none):
            return value
        plain = value.item() if isinstance(value, np.generic) else value
        try:
            if self.adapter is not None:
                return self.adapter.validate_python(plain)
        except ValidationError:
            pass
        raise ValueError(f"expected {' or '.join(map(str, self.kinds))}, got {describe(value)}")

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON Schema of a literal; `None` where no value can be written in place."""
        return None if self.adapter is None else self.adapter.json_schema()


def describe(value: object, limit: int = 60) -> str:
    """Name a value for a message: its type, and what it is where that is short."""
    text = repr(value)
    kind = kind_of_type(type(value))
    name = kind.name if kind else type(value).__name__
    return f"{name} {text}" if len(text) <= limit and not isinstance(value, np.ndarray) else name


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        inner = annotation.__origin__
        members = union_members(inner)
        return (annotation,) if len(members) == 1 else tuple(m for member in members for m in _members(member))
    return union_members(annotation)


def _has_json_form(annotation: Any) -> bool:
    marks = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    named = [mark for mark in marks if isinstance(mark, Kind)]
    inner = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    kind = named[0] if named else kind_of_type(inner)
    if get_origin(inner) in (list, dict) and not named:
        return all(_has_json_form(argument) for argument in get_args(inner))
    return kind is None or kind.literal


def _plain(error: ValidationError) -> str:
    """Say in one line what pydantic expected."""
    parts = []
    for item in error.errors(include_url=False)[:3]:
        place = ".".join(str(part) for part in item["loc"] if isinstance(part, int) or part.isidentifier())
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        parts.append(f"{place}: {message}" if place and len(error.errors()) == 1 else message)
    return " or ".join(dict.fromkeys(parts))
