"""One output of a result as a pandas table: one row for each box, label or value, however deep it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cropflow.image import Image
from cropflow.kinds import is_detections
from cropflow.serialize import to_json

if TYPE_CHECKING:
    import pandas as pd


def to_frame(rows: Sequence[Mapping[str, Any]], output: str | None, depths: Mapping[str, int]) -> pd.DataFrame:
    """Return the table; see `Result.to_pandas` and, for the depths, `Result`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("to_pandas needs pandas: pip install pandas") from error
    name = _chosen(rows, output)
    depth = 0 if name is None else max([depths.get(name, 0), *(_depth(row[name]) for row in rows)])
    values = [] if name is None else [((number,), row[name]) for number, row in enumerate(rows)]
    found = [line for place, value in values for line in _lines(value, place, depth)]
    deepest = max((len(place) for place, _ in found), default=1)
    titles = ["row", *(f"index_{depth}" if depth > 1 else "index" for depth in range(1, deepest))]
    lines = [dict(zip(titles, place, strict=False)) | fields for place, fields in found]
    return pd.DataFrame(lines) if lines else pd.DataFrame(columns=titles)


def _chosen(rows: Sequence[Mapping[str, Any]], output: str | None) -> str | None:
    names = list(rows[0]) if rows else []
    if output is None and len(names) > 1:
        raise ValueError(f"say which output: {', '.join(map(repr, names))}")
    if output is not None and names and output not in names:
        raise ValueError(f"there is no output {output!r}; there are {', '.join(map(repr, names))}")
    return output if output is not None and names else next(iter(names), None)


def _depth(value: Any) -> int:
    """Return how many times a value holds further ones; boxes are what a prediction holds."""
    if isinstance(value, list | tuple):
        return 1 + max(map(_depth, value), default=0)
    return 1 if is_detections(type(value)) else 0


def _lines(value: Any, place: tuple[int, ...], depth: int) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """Give place and fields of all that a value holds; where others hold several, a missing one gives nothing."""
    if value is None and depth > 0:
        return
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _lines(item, (*place, index), depth - 1)
    elif is_detections(type(value)):
        yield from ((place, _plain(box)) for box in to_json(value)["predictions"])
    elif isinstance(value, Image):
        yield place, {"id": value.id, "width": value.width, "height": value.height}
    else:
        plain = to_json(value)
        yield place, _plain(plain) if isinstance(plain, dict) else {"value": plain}


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is no single value, such as outlines and the ranks of all classes."""
    return {key: value for key, value in fields.items() if not isinstance(value, list | dict)}
