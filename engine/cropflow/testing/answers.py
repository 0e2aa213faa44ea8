"""What `check_block` looks at in the answers of a block: that they are what was promised, and the same each time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cropflow.kinds import KINDS, Fit, Kind, fit, kind_of_type
from cropflow.literal import literal_of


def misfit(kinds: tuple[Kind, ...], value: object) -> str | None:
    """Say what was expected in place of an output's value; `None` if it is of one of the kinds, or missing."""
    kind = _kind_of(value)
    if value is None or (kind is not None and fit((kind,), kinds) is Fit.ALWAYS):
        return None
    try:
        literal_of(kinds).check(value)
    except ValueError as error:
        return str(error)
    return None


def _kind_of(value: object) -> Kind | None:
    if isinstance(value, Mapping):
        return KINDS["dictionary"]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return KINDS["list_of_values"]
    return kind_of_type(type(value))


def elements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Return the outputs of every element in a row of a result, however deep they lie."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, list):
            yield from elements(item)
        else:
            yield item


def is_present(value: Any) -> bool:
    """A row of a wildcard whose members are all missing stands for a missing element."""
    return not isinstance(value, dict) or not value or any(item is not None for item in value.values())


def difference(one: Any, other: Any, tolerance: float, place: str = "") -> str | None:
    """Describe the first difference between two JSON values; `None` if there is none."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{place}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
        equal = math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance) if numbers else one == other
        return None if equal else f"{place or 'the value'} is {one!r:.80} and was {other!r:.80}"
    return next((found for where, a, b in pairs if (found := difference(a, b, tolerance, where))), None)
