"""What notebooks show of a result: small pictures, counts and labels in a table of bounded size."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import cv2
from numpy.typing import NDArray

from cropflow.classification import Classification
from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.kinds import is_detections

if TYPE_CHECKING:
    from supervision import Detections

    from cropflow.result import Result

_MOST_ROWS = 50
_MOST_ITEMS = 24
_MOST_TEXT = 200
_SIDE = 160
_LARGEST = 1024
_CELL = "text-align:left;vertical-align:top;max-width:60em"
_STRIP = "display:flex;flex-wrap:wrap;gap:6px;align-items:flex-start"


def png(image: Image, side: int = _LARGEST) -> bytes:
    """Return a PNG of a picture, scaled down where it is longer than `side` pixels; transparency stays."""
    pixels: NDArray[Any] = image.pixels
    scale = side / max(image.width, image.height)
    if scale < 1:
        size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise ImageError(f"image {image.id!r} cannot be shown")
    return data.tobytes()


def html(result: Result) -> str:
    """Return a result as an HTML table: one row for each element, one column for each output; failures below."""
    names = list(result[0]) if len(result) else []
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in ["", *names])
    rows = [_row(number, row) for number, row in enumerate(result[:_MOST_ROWS])]
    more = _more(len(result) - _MOST_ROWS, "rows")
    failed = "".join(f"<li>{escape(str(error))}</li>" for error in result.errors[:_MOST_ROWS])
    errors = f"<p>{len(result.errors)} failed:</p><ul>{failed}</ul>" if failed else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}{errors}"


def _row(number: int, row: Mapping[str, Any]) -> str:
    cells = "".join(f'<td style="{_CELL}">{_shown(value)}</td>' for value in row.values())
    return f"<tr><th>{number}</th>{cells}</tr>"


def _shown(value: Any) -> str:
    if isinstance(value, Image):
        return _picture(value)
    if isinstance(value, Classification):
        return escape(f"{value.top} {value.confidence:.2f}" if value.top is not None else "no class")
    if is_detections(type(value)):
        return escape(_counts(value))
    if isinstance(value, list | tuple):
        return _strip(value)
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(key))}: {_shown(item)}" for key, item in value.items())
    text = "—" if value is None else str(value)
    return escape(text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} …")


def _strip(values: Sequence[Any]) -> str:
    items = "".join(f"<div>{_shown(value)}</div>" for value in values[:_MOST_ITEMS])
    more = _more(len(values) - _MOST_ITEMS, "more")
    return f'<div style="{_STRIP}">{items}</div>{more}' if values else "[]"


def _more(count: int, what: str) -> str:
    return f"<p>… and {count} {what}</p>" if count > 0 else ""


def _picture(image: Image) -> str:
    try:
        data = base64.b64encode(png(image, _SIDE)).decode("ascii")
    except ImageError as error:
        return escape(str(error))
    name = escape(image.id, quote=True)
    return f'<img alt="{name}" title="{name}" src="data:image/png;base64,{data}">'


def _counts(found: Detections) -> str:
    """Say how many boxes of each class there are, such as `2 × dog, 1 × cat`."""
    names: Iterable[Any] = found.data.get("class_name", ["box"] * len(found))
    counted = Counter(map(str, names)).most_common()
    return ", ".join(f"{count} × {name}" for name, count in counted[:_MOST_ITEMS]) or "nothing found"
