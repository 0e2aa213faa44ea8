"""Objects on pictures as a line of a file tells them, between the run that found them and the data set they become."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

Outline = list[list[float]]


@dataclass(frozen=True, slots=True)
class Object:
    """An object on a picture, in pixels.

    Attributes:
        name: of its class.
        number: the model's number of its class, where it has one.
        box: left, top, right and bottom, inside the picture.
        outlines: the parts of its mask, the largest first; the corners of a turned box; else empty.
    """

    name: str
    number: int | None
    box: list[float]
    outlines: list[Outline]


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture of a data set and what is on it.

    Attributes:
        split: `train`, `val` or `test`.
        file: name of the picture in the folder of its split.
    """

    split: str
    file: str
    width: int
    height: int
    objects: Sequence[Object]

    def to_line(self) -> str:
        """Return the line of JSON that `read_annotated` reads."""
        return json.dumps(asdict(self), allow_nan=False) + "\n"


def read_annotated(path: Path) -> Iterator[Annotated]:
    """Give the pictures of a file; what an interrupted run left of a line is passed over."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                facts = json.loads(line)
            except ValueError:
                continue
            yield Annotated(**{**facts, "objects": [Object(**item) for item in facts["objects"]]})


def objects_on(detections: Detections, width: int, height: int) -> list[Object]:
    """Return the objects of a picture, cut to it; those of which nothing is left are left out."""
    edges = np.array([width, height, width, height], float)
    boxes = np.clip(np.nan_to_num(detections.xyxy.astype(float)), 0, edges)
    names, numbers = _names(detections), detections.class_id
    return [
        Object(
            names[i],
            None if numbers is None else int(numbers[i]),
            boxes[i].tolist(),
            [np.clip(part, 0, edges[:2]).tolist() for part in _outlines(detections, i)],
        )
        for i in np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1)).tolist()
    ]


def class_names(pictures: Iterable[Annotated], wanted: Sequence[str] = ()) -> list[str]:
    """Return the classes in the order of their numbers in a data set, whatever the order of the pictures.

    They are those that are `wanted`, with others that occur behind them; else the model's, where each number has one
    name and each name one number, with `class_3` for a number that does not occur; else all names that occur, in
    alphabetical order.
    """
    pairs = {(item.number, item.name) for picture in pictures for item in picture.objects}
    numbers, names = {number for number, _ in pairs}, {name for _, name in pairs}
    if wanted:
        return [*wanted, *sorted(names - set(wanted))]
    known = {number: name for number, name in pairs if number is not None and number >= 0}
    if len(numbers) == len(names) == len(pairs) == len(known):
        return [known.get(number, f"class_{number}") for number in range(max(known, default=-1) + 1)]
    return sorted(names)


def _names(detections: Detections) -> list[str]:
    names = detections.data.get("class_name")
    if names is not None:
        return [str(name) for name in names]
    numbers = detections.class_id
    return ["object"] * len(detections) if numbers is None else [f"class_{number}" for number in numbers]


def _outlines(detections: Detections, i: int) -> list[NDArray[Any]]:
    data: Mapping[str, Any] = detections.data
    for key in ("polygon", "xyxyxyxy"):
        if key in data and data[key][i] is not None and len(data[key][i]):
            return [np.asarray(data[key][i], float).reshape(-1, 2)]
    mask = detections.mask
    if mask is None:
        return []
    part, offset = (mask[i], 0) if isinstance(mask, np.ndarray) else (mask.crop(i), mask.offsets[i])
    found, _ = cv2.findContours(np.asarray(part, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outlines = [outline.reshape(-1, 2) + offset for outline in found if len(outline) > 2]
    return sorted(outlines, key=cv2.contourArea, reverse=True)
