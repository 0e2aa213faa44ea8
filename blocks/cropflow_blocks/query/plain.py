"""Operations on text, numbers, truth values, moments and mappings."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from cropflow.errors import nearest
from cropflow.literal import describe
from cropflow.serialize import to_json
from cropflow_blocks.query.operation import (
    MAPPING,
    NUMBER,
    TEXT,
    TRUTH,
    Operation,
    Parameters,
    QueryError,
)
from cropflow_blocks.query.patterns import check, is_found


class StringToLowerCase(Operation):
    """Write text in lower case."""

    type: Literal["StringToLowerCase"]
    takes, gives = TEXT, TEXT

    def apply(self, value: str, parameters: Parameters) -> str:
        """Return the text in lower case."""
        return value.lower()


class StringToUpperCase(Operation):
    """Write text in upper case."""

    type: Literal["StringToUpperCase"]
    takes, gives = TEXT, TEXT

    def apply(self, value: str, parameters: Parameters) -> str:
        """Return the text in upper case."""
        return value.upper()


class StringSubSequence(Operation):
    """Cut a part out of a text; places count from 0, negative ones from the end, and `end` is left out."""

    type: Literal["StringSubSequence"]
    start: int = 0
    end: int = -1
    takes, gives = TEXT, TEXT

    def apply(self, value: str, parameters: Parameters) -> str:
        """Return the part."""
        return value[self.start : self.end]


class StringMatches(Operation):
    """Tell whether a regular expression fits somewhere in a text."""

    type: Literal["StringMatches"]
    regex: str
    takes, gives = TEXT, TRUTH

    @field_validator("regex")
    @classmethod
    def _compiles(cls, regex: str) -> str:
        check(regex)
        return regex

    def apply(self, value: str, parameters: Parameters) -> bool:
        """Search."""
        return is_found(self.regex, value)


class ToString(Operation):
    """Write a value as text."""

    type: Literal["ToString"]
    gives = TEXT

    def apply(self, value: Any, parameters: Parameters) -> str:
        """Return the text."""
        return str(value)


class ToNumber(Operation):
    """Read a number from text or a truth value; towards zero where a whole number is asked for."""

    type: Literal["ToNumber"]
    cast_to: Literal["int", "float"]
    takes: ClassVar[tuple[str, ...]] = (*TEXT, *TRUTH, *NUMBER)
    gives = NUMBER

    def apply(self, value: Any, parameters: Parameters) -> int | float:
        """Return the number."""
        try:
            number = float(value)
            return int(value if isinstance(value, int) else number) if self.cast_to == "int" else number
        except (ValueError, OverflowError):
            raise QueryError(f"ToNumber reads a number, but got {describe(value)}") from None


class NumberRound(Operation):
    """Round a number."""

    type: Literal["NumberRound"]
    decimal_digits: int
    takes, gives = NUMBER, NUMBER

    def apply(self, value: float, parameters: Parameters) -> float:
        """Return the rounded number."""
        return round(value, self.decimal_digits)


class Multiply(Operation):
    """Multiply a number."""

    type: Literal["Multiply"]
    other: int | float
    takes, gives = NUMBER, NUMBER

    def apply(self, value: float, parameters: Parameters) -> float:
        """Return the product."""
        return value * self.other


class Divide(Operation):
    """Divide a number."""

    type: Literal["Divide"]
    other: int | float
    takes, gives = NUMBER, NUMBER

    @field_validator("other")
    @classmethod
    def _is_not_zero(cls, other: float) -> float:
        if other == 0:
            raise ValueError("a number other than 0, which nothing can be divided by")
        return other

    def apply(self, value: float, parameters: Parameters) -> float:
        """Return the quotient."""
        return value / self.other


class ToBoolean(Operation):
    """Tell whether a number is anything but 0."""

    type: Literal["ToBoolean"]
    takes: ClassVar[tuple[str, ...]] = (*NUMBER, *TRUTH)
    gives = TRUTH

    def apply(self, value: float, parameters: Parameters) -> bool:
        """Return the answer."""
        return bool(value)


class RandomNumber(Operation):
    """Put a random number between two bounds in the place of whatever comes."""

    type: Literal["RandomNumber"]
    min_value: float = 0.0
    max_value: float = 1.0
    gives = ("float",)

    def apply(self, value: Any, parameters: Parameters) -> float:
        """Return another number each time."""
        return random.uniform(self.min_value, self.max_value)


class LookupTable(Operation):
    """Put what a table holds for a value in its place."""

    type: Literal["LookupTable"]
    lookup_table: dict[str, Any] = Field(min_length=1)

    def apply(self, value: Any, parameters: Parameters) -> Any:
        """Return the entry of the value, or of its text, since keys of documents are texts."""
        return look_up(self.lookup_table, value)


class TimestampToISOFormat(Operation):
    """Write a moment as text, such as `2026-01-31T12:30:00`."""

    type: Literal["TimestampToISOFormat"]
    takes, gives = ("timestamp",), TEXT

    def apply(self, value: datetime, parameters: Parameters) -> str:
        """Return the text."""
        return value.isoformat()


class ConvertDictionaryToJSON(Operation):
    """Write a mapping as JSON text."""

    type: Literal["ConvertDictionaryToJSON"]
    takes, gives = MAPPING, TEXT

    def apply(self, value: Any, parameters: Parameters) -> str:
        """Return the text."""
        return json.dumps(to_json(value), ensure_ascii=False)


def look_up(table: dict[str, Any], value: Any) -> Any:
    """Return the entry of a value; QueryError where there is none."""
    for key in (value if isinstance(value, str) else None, str(value)):
        if key in table:
            return table[key]
    near = nearest(str(value), table)
    advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, list(table)[:10]))}"
    raise QueryError(f"the lookup_table has no entry for {describe(value)}; {advice}")
