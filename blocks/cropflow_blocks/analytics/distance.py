"""How far two objects are apart, in pixels and in centimetres."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Setting

Axis: TypeAlias = Literal["vertical", "horizontal"]
Positive = Annotated[float, Field(gt=0)]


class DistanceMeasurement(Block):
    """Measure the gap between the boxes of two objects along one axis, in pixels and centimetres.

    Boxes are rounded to whole pixels; where they touch or overlap along the axis, the distance is 0. Of several
    objects of a class the surest counts, of equally sure ones the first; if both classes are the same, the two surest.
    Where an object is not found, both distances are missing. How many pixels a centimetre is comes from `pixel_ratio`,
    or from an object of known size: the mean of what its width and its height tell. Where the reference object is not
    found, or has no area, the distance in centimetres is missing.
    """

    type = "distance_measurement@v1"
    aliases = ("roboflow_core/distance_measurement@v1",)

    class Output(NamedTuple):
        """The gap."""

        distance_cm: Annotated[float | None, Port("in centimetres; missing where it cannot be told")]
        distance_pixel: Annotated[int | None, Port("in pixels; missing where one of the objects is not found")]

    def run(
        self,
        predictions: Annotated[Detections, Port("all objects: the two, and the reference object where there is one")],
        object_1_class_name: Annotated[Setting[str], Port("class of the one object")],
        object_2_class_name: Annotated[Setting[str], Port("class of the other")],
        reference_axis: Annotated[Setting[Axis], Port("the direction to measure in")],
        calibration_method: Annotated[
            Setting[Literal["reference object", "pixel to centimeter"]], Port("where the scale comes from")
        ],
        reference_object_class_name: Annotated[str, Port("class of the object of known size")] = "reference-object",
        reference_width: Annotated[Positive, Port("its width in centimetres")] = 2.5,
        reference_height: Annotated[Positive, Port("its height in centimetres")] = 2.5,
        pixel_ratio: Annotated[Positive, Port("pixels in a centimetre, where there is no reference object")] = 100,
    ) -> Output:
        """Measure."""
        pair = _pair(predictions, object_1_class_name, object_2_class_name)
        if pair is None:
            return self.Output(None, None)
        pixels = _gap(predictions.xyxy[pair], reference_axis)
        ratio: float | None = pixel_ratio
        if calibration_method == "reference object":
            ratio = _scale(predictions, reference_object_class_name, reference_width, reference_height)
        return self.Output(None if ratio is None else pixels / ratio, pixels)


def _surest(found: Detections, name: str) -> list[int]:
    """Return the places of the boxes of a class, the surest first."""
    names = np.asarray(found.data.get("class_name", [""] * len(found)), str)
    sure = np.zeros(len(found)) if found.confidence is None else np.asarray(found.confidence)
    places: NDArray[np.intp] = np.flatnonzero(names == name)
    order: list[int] = places[np.argsort(-sure[places], kind="stable")].tolist()
    return order


def _pair(found: Detections, one: str, other: str) -> list[int] | None:
    pair = _surest(found, one)[:2] if one == other else _surest(found, one)[:1] + _surest(found, other)[:1]
    return pair if len(pair) == 2 else None


def _gap(boxes: NDArray[np.floating], axis: Axis) -> int:
    """Return the pixels between two boxes along an axis."""
    start, end = (0, 2) if axis == "horizontal" else (1, 3)
    whole = np.rint(boxes)
    return max(0, int(whole[:, start].max() - whole[:, end].min()))


def _scale(found: Detections, name: str, width: float, height: float) -> float | None:
    """Return the pixels in a centimetre, as the surest reference object tells."""
    for place in _surest(found, name)[:1]:
        left, top, right, bottom = found.xyxy[place].tolist()
        if right > left and bottom > top:
            ratio: float = ((right - left) / width + (bottom - top) / height) / 2
            return ratio
    return None
