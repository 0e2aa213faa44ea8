"""Boxes in what language models write: every family of models has forms and units of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

UNKNOWN: Final = "unknown"
Size: TypeAlias = tuple[int, int]
"""Width and height of the picture in pixels."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object: corners in pixels within the picture, and its class; `class_id` where the form tells it."""

    box: tuple[float, float, float, float]
    label: str
    confidence: float = 1.0
    class_id: int | None = None


WRONG = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What reading data of another form raises."""

Form: TypeAlias = Callable[[Any, Size], list[Found]]
"""Reads the objects from JSON data; one of `WRONG` where it has another form."""


def find(data: Any, size: Size, model_type: str, task_type: str, forms: Mapping[str, Form]) -> list[Found]:
    """Return the objects that a model of a type wrote down for a task.

    Raises:
        ValueError: the data does not have the form of that model.
    """
    try:
        return _florence(data, size, task_type) if model_type == "florence-2" else forms[model_type](data, size)
    except WRONG as error:
        raise ValueError(f"not the form of {model_type}: {error}") from error


def _listed(*ways: Callable[[Mapping[str, Any], Size], Found], lenient: bool = False) -> Form:
    """Make a form that is a list of objects, or has one under `detections`.

    Args:
        ways: how an object may be written; the first that fits counts.
        lenient: whether an object that none fits is passed over; otherwise it spoils the answer.
    """

    def read(data: Any, size: Size) -> list[Found]:
        listed = data["detections"] if isinstance(data, Mapping) else data
        if not isinstance(listed, list):
            raise ValueError("no list of objects")
        return list(_read_all(listed, size, ways, lenient))

    return read


def _read_all(
    listed: list[Any], size: Size, ways: Sequence[Callable[[Mapping[str, Any], Size], Found]], lenient: bool
) -> Iterator[Found]:
    for item in listed:
        for number, way in enumerate(ways, 1):
            try:
                yield way(item, size)
                break
            except WRONG:
                if number == len(ways) and not lenient:
                    raise


def _corners(of: float, label: str) -> Callable[[Mapping[str, Any], Size], Found]:
    """Read `x_min`, `y_min`, `x_max`, `y_max`, each a part of the picture in units of 1 / `of`."""

    def read(item: Mapping[str, Any], size: Size) -> Found:
        numbers = [item[name] for name in ("x_min", "y_min", "x_max", "y_max")]
        name = item[label] if of == 1 else item.get(label, UNKNOWN)
        return Found(_box(numbers, size, of), str(name), _confidence(item))

    return read


def _box_2d(*keys: str, of: float | None, rows_first: bool = False) -> Callable[[Mapping[str, Any], Size], Found]:
    """Read four numbers under one of the keys, in units of 1 / `of` of the picture, or in pixels."""

    def read(item: Mapping[str, Any], size: Size) -> Found:
        numbers = next((item[key] for key in keys if key in item), ())
        if len(numbers) != 4:
            raise ValueError(f"no four numbers under {' or '.join(keys)}")
        numbers = [numbers[i] for i in (1, 0, 3, 2)] if rows_first else numbers
        label = item.get("label", item.get("class_name", UNKNOWN))
        return Found(_box(numbers, size, of), str(label), _confidence(item))

    return read


def _box(numbers: Sequence[Any], size: Size, of: float | None) -> tuple[float, float, float, float]:
    """Return corners in pixels, in order and within the picture."""
    if any(isinstance(number, str | bool) for number in numbers):
        raise ValueError(f"corners that are no numbers: {numbers}")
    values = [float(number) for number in numbers]
    if not all(map(math.isfinite, values)):
        raise ValueError(f"corners that are no numbers: {numbers}")
    width, height = size
    scales = (1.0, 1.0) if of is None else (width / of, height / of)
    x = sorted(min(max(value * scales[0], 0.0), float(width)) for value in values[0::2])
    y = sorted(min(max(value * scales[1], 0.0), float(height)) for value in values[1::2])
    return x[0], y[0], x[-1], y[-1]


def _confidence(item: Mapping[str, Any]) -> float:
    return unit(item.get("confidence", 1.0))


def unit(value: Any) -> float:
    """Return a number as one from 0 to 1; one of `WRONG` where it is none."""
    number = float(value)
    if math.isnan(number):
        raise ValueError("a confidence that is no number")
    return min(max(number, 0.0), 1.0)


def _florence(data: Mapping[str, Any], size: Size, task: str) -> list[Found]:
    """Read what Florence-2 gives: boxes, or the corners of text, in pixels, beside a list of labels."""
    boxes = data["quad_boxes" if task == "ocr-with-text-detection" else "bboxes"]
    labels = data["bboxes_labels" if task == "open-vocabulary-object-detection" else "labels"]
    named = ["roi"] * len(boxes) if task == "region-proposal" else labels
    fixed = None if task in _CLASSES else 0
    return [Found(_box(box, size, None), str(label), class_id=fixed) for box, label in zip(boxes, named, strict=True)]


_CLASSES = ("object-detection", "open-vocabulary-object-detection", "phrase-grounded-object-detection")
"""Tasks of Florence-2 whose labels are names of classes; others tell regions, captions or text."""

_PARTS = _corners(1, "class_name")
_GRID = _box_2d("box_2d", of=1000, rows_first=True)
_PIXELS = _box_2d("box_2d", of=None)
_THOUSANDTHS = _listed(_box_2d("bbox_2d", "box_2d", of=1000), lenient=True)

FIRST_FORMS: Mapping[str, Form] = {
    "anthropic-claude": _listed(_PARTS, _GRID),
    "google-gemini": _listed(_PARTS, _GRID),
}
"""Forms of version 1 of the detector."""

FORMS: Mapping[str, Form] = {
    "anthropic-claude": _listed(_PARTS, _PIXELS),
    "google-gemini": _listed(_PARTS, _GRID),
    "muse": _listed(_corners(1000, "label"), lenient=True),
    "openai": _listed(_PARTS, _PIXELS),
    "qwen": _THOUSANDTHS,
    "spacexai": _listed(_box_2d("box_2d", of=100)),
    "zai": _THOUSANDTHS,
    "zai-flash": _THOUSANDTHS,
}
"""Forms of version 2."""
