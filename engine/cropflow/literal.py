"""Literals: values a document writes in place, validated by pydantic against the annotation of a port.

In a union only the members that have a JSON form count; pictures and predictions come from selectors alone.
"""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from cropflow.block import Mark, Port
from cropflow.errors import nearest
from cropflow.kinds import Fit, Kind, fit, holds, kind_of_type, union_members


class LiteralError(ValueError):
    """A literal that does not fit; `place` says which part of it, as keys and indices."""

    def __init__(self, expected: str, place: tuple[str | int, ...]) -> None:
        super().__init__(expected)
        self.place = place


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
        literal: Any = Union[(*members, None) if self.takes_none else members]  # noqa: UP007
        try:
            return TypeAdapter(literal)
        except PydanticSchemaGenerationError:
            return None

    @cached_property
    def _bare(self) -> tuple[Kind, ...]:
        """Kinds of the members without a JSON form, which are told by their class alone."""
        bare = [kind_of_member(member) for member in _members(self.annotation) if not _has_json_form(member)]
        return tuple(kind for kind in (*bare, *self.kinds) if kind and (kind in bare or not kind.literal))

    @cached_property
    def narrows(self) -> bool:
        """Whether the annotation allows less than its kinds do: a choice of values, bounds, a validator, members."""
        return any(_narrows(member) for member in _members(self.annotation))

    def read(self, value: object) -> Any:
        """Validate a literal of a document strictly: no string becomes a number.

        Raises:
            ValueError: the value does not fit; the message says what was expected. A `LiteralError` where that concerns
                a part of the value.
        """
        if self.adapter is None:
            raise ValueError("a selector such as $steps.NAME.OUTPUT or $inputs.NAME")
        try:
            return self.adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            raise LiteralError(*_plain(error, value)) from error

    def check(self, value: object) -> Any:
        """Validate a value that another step made; numbers of numpy count as numbers.

        Raises:
            ValueError: the value is of none of the kinds of the port.
        """
        if any(holds(kind, value) for kind in self._bare):
            return value
        if any(kind.name == "*" for kind in self.kinds) or (value is None and self.takes_none):
            return value
        plain = value.item() if isinstance(value, np.generic) else value
        why = ""
        if self.adapter is not None:
            try:
                return self._convert(self.adapter, plain)
            except ValidationError as error:
                why = f" ({_plain(error, plain)[0]})" if self._is_near(plain) else ""
        found = "another value" if any(kind.name == "secret" for kind in self.kinds) else describe(value)
        raise ValueError(f"expected {' or '.join(map(str, self.kinds))}{why}, got {found}")

    def _convert(self, adapter: TypeAdapter[Any], value: object) -> Any:
        """Validate strictly, as a Python value or, where that fails, as what JSON can say of it (lists, dates)."""
        try:
            return adapter.validate_python(value, strict=True)
        except ValidationError as error:
            try:
                return adapter.validate_json(json.dumps(value), strict=True)
            except (TypeError, ValueError):  # no JSON, or wrong as JSON too
                raise error from None

    def _is_near(self, value: object) -> bool:
        """Whether a value has a fitting type, so that only a bound can be what it breaks."""
        kind = kind_of_type(type(value))
        return kind is not None and fit((kind,), self.kinds) is not Fit.NEVER

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON Schema of a literal; `None` where no value can be written in place."""
        return None if self.adapter is None else self.adapter.json_schema()


@cache
def literal_of(kinds: tuple[Kind, ...], takes_none: bool = False) -> LiteralType:
    """Return the validator of values of some kinds, for ports that have no annotation."""
    annotation: Any = Union[tuple(Annotated[kind.python, kind] for kind in kinds)] if kinds else Any  # noqa: UP007
    return LiteralType(annotation, kinds, takes_none)


def describe(value: object, limit: int = 60) -> str:
    """Name a value for a message: its type, and what it is where that is short."""
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else repr(value)  # as documents write it
    kind = kind_of_type(type(value))
    name = kind.name if kind else type(value).__name__
    return f"{name} {text}" if len(text) <= limit and not isinstance(value, np.ndarray) else name


def has_json_form(annotation: Any) -> bool:
    """Whether a document can write values of a type in place; in a union one member is enough."""
    return any(_has_json_form(member) for member in _members(annotation))


def kind_of_member(annotation: Any) -> Kind | None:
    """Return the kind of one member of a union: the one named in `Annotated`, else that of its type."""
    if get_origin(annotation) is not Annotated:
        return kind_of_type(annotation)
    named = [mark for mark in annotation.__metadata__ if isinstance(mark, Kind)]
    return named[0] if named else kind_of_type(annotation.__origin__)


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is not Annotated:
        return union_members(annotation)
    members = union_members(annotation.__origin__)
    return (annotation,) if len(members) == 1 else tuple(m for member in members for m in _members(member))


def _narrows(annotation: Any) -> bool:
    marks = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    inner = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    if get_origin(inner) in (list, dict, tuple) and get_args(inner)[-1] is not Any:
        return True
    return get_origin(inner) is Literal or any(not isinstance(mark, Kind | Port | Mark) for mark in marks)


def _has_json_form(annotation: Any) -> bool:
    marks = annotation.__metadata__ if get_origin(annotation) is Annotated else ()
    inner = annotation.__origin__ if marks else annotation
    if get_origin(inner) in (list, dict) and not any(isinstance(mark, Kind) for mark in marks):
        return all(has_json_form(argument) for argument in get_args(inner))
    kind = kind_of_member(annotation)
    return kind is None or kind.literal


_WORDS = (
    (r"^(Value error, |Input should be )", ""),
    (r"^(?=less than|greater than)", "a number "),
    (r"\ba valid (?=[aeio])", "an "),
    (r"\ba valid ", "a "),
    (r"\ban array\b", "a list"),
    (r"\b(an object|a dictionary)\b", "a mapping"),
)
"""How pydantic says things, and how a document's author would."""


def _plain(error: ValidationError, value: object) -> tuple[str, tuple[str | int, ...]]:
    """Say in one line what pydantic expected, and where inside the value."""
    items = error.errors(include_url=False)
    places = {_place(item["loc"], value) for item in items}
    messages = [_words(item) for item in items[:3]]
    return " or ".join(dict.fromkeys(messages)), places.pop() if len(places) == 1 else ()


def _tags(discriminator: str, tag: str, expected_tags: str) -> str:
    """Name the nearest of the values that tell members of a union apart, or all where none is near."""
    known = re.findall(r"'([^']+)'", expected_tags)
    near = nearest(tag, known)
    others = ", or another one of this kind" if near else ""
    return f"{discriminator.strip(chr(39))}: {' or '.join(near or known)}{others}"


def _place(location: tuple[str | int, ...], value: object) -> tuple[str | int, ...]:
    """Leave out of a location what is no key or index: the names that pydantic gives to members of a union."""
    place: list[str | int] = []
    for part in location:
        inside = range(len(value)) if isinstance(value, list) else value
        if isinstance(inside, range | dict) and part in inside:
            place.append(part)
            value = value[part]  # type: ignore[index]
    return tuple(place)


def _words(item: ErrorDetails) -> str:
    message, location = item["msg"], item["loc"]
    match item["type"]:
        case "missing":
            return f"a value for {location[-1]!r}"
        case "extra_forbidden":
            return f"no {location[-1]!r} here"
        case "union_tag_not_found":
            return f"a mapping with {item['ctx']['discriminator']}"
        case "union_tag_invalid":
            return _tags(**item["ctx"])
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    return message
