"""How large objects are, told by a reference of known size on the same picture."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, WithJsonSchema
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.detections import onto
from cropflow.kinds import KINDS
from cropflow_blocks.transform.outlines import outline

Sides: TypeAlias = tuple[float, float]
_ALIKE = 1e-3
_PAIR = 'width and height of the reference, both more than 0, such as "5.0,10.0" or [5.0, 10.0]'


def _sides(value: object) -> object:
    """Read `"width,height"` or `[width, height]`."""
    parts = value.split(",") if isinstance(value, str) else value
    try:
        numbers = tuple(float(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) != 2 or not all(number > 0 and math.isfinite(number) for number in numbers):
        raise ValueError(_PAIR)
    return numbers


Dimensions = Annotated[
    Sides,
    KINDS["list_of_values"],
    KINDS["string"],
    BeforeValidator(_sides),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "examples": ["5.0,10.0"]},
                {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]


class SizeMeasurement(Block):
    """Measure width and height of objects against a reference of known size on the same picture.

    Sides are those of the smallest turned rectangle around the mask, or of the box where there are no masks. The width
    is the side that is nearer to horizontal; of a rectangle turned by 45 degrees it is the longer one. The reference is
    the surest detection of `reference_predictions`, moved to the picture of the objects, or a polygon on that picture.
    Without a reference, or with one that has no area, `dimensions` is missing.

    Raises:
        ValueError: the reference is a list, but no polygon.
    """

    type = "size_measurement@v1"
    aliases = ("roboflow_core/size_measurement@v1",)

    class Output(NamedTuple):
        """The sizes."""

        dimensions: Annotated[
            list[Any] | None,
            Port(
                "for each object width, height, longer and shorter in the unit of the reference; null without an area"
            ),
        ]

    def run(
        self,
        object_predictions: Annotated[Detections, Port("the objects to measure")],
        reference_predictions: Annotated[
            Detections | list[Any], Port("the object of known size, or the corners [[x, y], …] of one in pixels")
        ],
        reference_dimensions: Annotated[
            Dimensions, Port('its width and height in any unit: "5.0,10.0" or [5.0, 10.0]')
        ],
    ) -> Output:
        """Measure."""
        reference = _reference(reference_predictions, object_predictions)
        if reference is None:
            return self.Output(None)
        units = reference_dimensions[0] / reference[0], reference_dimensions[1] / reference[1]
        return self.Output([_measured(sides, units) for sides in _all_sides(object_predictions)])


def _measured(sides: Sides | None, units: Sides) -> dict[str, float] | None:
    if sides is None:
        return None
    width, height = sides[0] * units[0], sides[1] * units[1]
    return {"width": width, "height": height, "longer": max(width, height), "shorter": min(width, height)}


def _reference(reference: Detections | list[Any], objects: Detections) -> Sides | None:
    """Return width and height of the reference in pixels of the objects' picture."""
    if not isinstance(reference, Detections):
        return _turned(_polygon(reference)) if reference else None
    if len(reference) == 0:
        return None
    origin = objects.metadata.get("origin")
    moved = reference if origin is None else onto(reference, origin)
    best = 0 if moved.confidence is None else int(np.argmax(moved.confidence))
    return _all_sides(moved)[best]


def _polygon(corners: list[Any]) -> NDArray[np.float32]:
    try:
        points = np.array(corners, np.float32)
    except (TypeError, ValueError):
        points = np.empty(0, np.float32)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise ValueError(
            f"reference_predictions: expected detections, or three or more corners [[x, y], …], found {corners!r:.80}; "
            "wire the detection of the reference object, or write its corners in pixels"
        )
    return points


def _all_sides(found: Detections) -> list[Sides | None]:
    """Return width and height of every object in pixels, `None` where it has no area."""
    if found.mask is None:
        boxes = found.xyxy.astype(float)
        sides = (boxes[:, 2:] - boxes[:, :2]).tolist()
        return [(width, height) if width > 0 and height > 0 else None for width, height in sides]
    areas = np.asarray(found.area).tolist()
    return [_turned(outline(found, i).astype(np.float32)) if area > 0 else None for i, area in enumerate(areas)]


def _turned(points: NDArray[np.float32]) -> Sides | None:
    """Return width and height of the smallest turned rectangle around points."""
    first, second, third, _ = cv2.boxPoints(cv2.minAreaRect(points)).astype(float)
    one, other = second - first, third - second
    lengths = float(np.hypot(*one)), float(np.hypot(*other))
    if min(lengths) <= 0:
        return None
    level = abs(one[0]) / lengths[0] - abs(other[0]) / lengths[1]
    upright = lengths[0] < lengths[1] if abs(level) < _ALIKE else level < 0
    return (lengths[1], lengths[0]) if upright else lengths
