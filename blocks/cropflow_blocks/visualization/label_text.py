"""The texts a label can show, one line per box, made from what the predictions carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from supervision import Detections

from cropflow.block import Port

LabelText = Annotated[
    Literal[
        "Class",
        "Confidence",
        "Class and Confidence",
        "Index",
        "Dimensions",
        "Area",
        "Area (mask)",
        "Area (converted)",
        "Time In Zone",
        "Tracker Id",
    ],
    Port("what the labels say; N/A where the predictions do not carry it"),
]
UNKNOWN = "N/A"


def label_texts(text: str, predictions: Detections) -> list[str]:
    """Return what to write beside each box; `N/A` where a box lacks it.

    Raises:
        ValueError: there is no such text.

    >>> import numpy as np
    >>> label_texts("Dimensions", Detections(np.array([[10, 20, 30, 60]])))
    ['20, 40 20x40']
    """
    make = _TEXTS.get(text)
    if make is None:
        raise ValueError(f"text {text!r} is none of {', '.join(map(repr, _TEXTS))}")
    return make(predictions)


def _classes(predictions: Detections) -> list[str]:
    names = predictions.data.get("class_name", predictions.class_id)
    return _each(predictions, names, "{}")


def _confidences(predictions: Detections) -> list[str]:
    return _each(predictions, predictions.confidence, "{:.2f}")


def _classes_and_confidences(predictions: Detections) -> list[str]:
    pairs = zip(_classes(predictions), _confidences(predictions), strict=True)
    return [f"{name} {confidence}" for name, confidence in pairs]


def _indices(predictions: Detections) -> list[str]:
    return [str(index) for index in range(len(predictions))]


def _dimensions(predictions: Detections) -> list[str]:
    """Centre and size in pixels of the picture that is drawn on."""
    return [
        f"{(x0 + x1) / 2:.0f}, {(y0 + y1) / 2:.0f} {x1 - x0:.0f}x{y1 - y0:.0f}"
        for x0, y0, x1, y1 in predictions.xyxy.tolist()
    ]


def _areas(predictions: Detections) -> list[str]:
    return _each(predictions, predictions.box_area, "{:.0f}")


def _mask_areas(predictions: Detections) -> list[str]:
    measured = None if predictions.mask is None else predictions.area
    return _each(predictions, predictions.data.get("area_px", measured), "{:.0f}")


def _converted_areas(predictions: Detections) -> list[str]:
    return _each(predictions, predictions.data.get("area_converted"), "{:.2f}")


def _times(predictions: Detections) -> list[str]:
    return _each(predictions, predictions.data.get("time_in_zone"), "In zone: {:.2f}s")


def _trackers(predictions: Detections) -> list[str]:
    return _each(predictions, predictions.tracker_id, "{}")


def _each(predictions: Detections, values: Any, form: str) -> list[str]:
    if values is None:
        return [UNKNOWN] * len(predictions)
    return [UNKNOWN if _missing(value) else form.format(value) for value in np.asarray(values).tolist()]


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


_TEXTS: Mapping[str, Callable[[Detections], list[str]]] = {
    "Class": _classes,
    "Confidence": _confidences,
    "Class and Confidence": _classes_and_confidences,
    "Index": _indices,
    "Dimensions": _dimensions,
    "Area": _areas,
    "Area (mask)": _mask_areas,
    "Area (converted)": _converted_areas,
    "Time In Zone": _times,
    "Tracker Id": _trackers,
}
