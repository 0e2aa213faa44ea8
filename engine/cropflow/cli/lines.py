"""One JSON line per row: its outputs, and its errors told in terms of the source instead of the batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from cropflow.errors import RunError
from cropflow.image import Image
from cropflow.serialize import to_json
from cropflow.sources.rows import Row

Show: TypeAlias = Callable[[Image, Sequence[str]], Mapping[str, Any]]
"""Says what stands in a line for an image, given its place: the output, then indices and names within it."""


def make_line(row: Row, outputs: Mapping[str, Any], errors: Sequence[RunError], show: Show) -> dict[str, Any]:
    """Return what a line holds; `frame` is the number of a video frame, null for a picture."""
    return {
        "source": row.item,
        "frame": row.frame,
        "outputs": {name: _shown(value, (name,), show) for name, value in outputs.items()},
        "errors": [error_facts(error, row.id) for error in errors],
    }


def images_of(value: Any) -> Iterator[Image]:
    """Give the images for which something will stand in a line."""
    match value:
        case Image():
            yield value
        case Mapping():
            yield from chain.from_iterable(map(images_of, value.values()))
        case list() | tuple():
            yield from chain.from_iterable(map(images_of, value))


def to_text(facts: Mapping[str, Any]) -> bytes:
    """Return a line of JSON in UTF-8; names of files that are not UTF-8 keep their odd bytes as escapes."""
    text = json.dumps(facts, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def error_facts(error: RunError, source: str) -> dict[str, Any]:
    """Return an error in JSON form, its element as `sub/a.jpg › crop 7`."""
    inner = _inner(error)
    element = " › ".join(filter(None, [source, inner])) if error.row is not None else error.element
    return {"step": error.step, "block": error.block, "element": element, "message": error.message}


def error_text(error: RunError, source: str) -> str:
    """Return an error as a sentence."""
    inner = _inner(error)
    where = f"{error.source}, {inner}" if inner else error.source
    return f"{source}: {where}: {error.message}" if source else f"{where}: {error.message}"


def _inner(error: RunError) -> str:
    """Return the part of the element's path below the row, whose number in the batch says nothing to a user."""
    return error.element.partition(" › ")[2] if error.row is not None else error.element


def _shown(value: Any, place: tuple[str, ...], show: Show) -> Any:
    match value:
        case Image():
            return show(value, place)
        case Mapping():
            return {str(key): _shown(item, (*place, str(key)), show) for key, item in value.items()}
        case list() | tuple():
            return [_shown(item, (*place, str(number)), show) for number, item in enumerate(value)]
    return to_json(value)
