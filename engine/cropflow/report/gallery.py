"""Small pictures of what was found, by output and class; a few of each, however long the run is."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import cv2

from cropflow.classification import Classification
from cropflow.detections import to_root
from cropflow.image import Image
from cropflow.image.origin import Origin
from cropflow.kinds import is_detections

_SIDE = 96
_OF_A_CLASS = 12
_CLASSES = 60

Box: TypeAlias = tuple[float, float, float, float]


class Gallery:
    """Keeps some crops of every class, chosen evenly over the run, as JPEG pictures of at most 96 pixels.

    Crops are cut out of the pictures of a row: by the boxes of detections, or where a classified crop came from.

    Attributes:
        shown: for each output and class, the pictures, as `data:` URIs.
    """

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, list[str]]] = {}
        self._seen: dict[tuple[str, str], int] = {}
        self._chance = random.Random(0)  # the same run leaves the same page

    def add(self, images: Mapping[str, Image], outputs: Mapping[str, Any]) -> None:
        """Look through the outputs of a row, which were made from these pictures."""
        roots = {image.origin.id: image for image in images.values()}
        for output, value in outputs.items():
            for name, origin, box in _found(value):
                place = self._place(output, name)
                image = roots.get(origin.id)
                if place is not None and image is not None and origin.warped_from is None:
                    self._keep(output, name, place, image, box)

    def _place(self, output: str, name: str) -> int | None:
        """Say which place a crop gets among those of its class, if any: each of n has the same chance to be kept."""
        classes = self.shown.get(output, {})
        if name not in classes and len(classes) >= _CLASSES:
            return None
        seen = self._seen[output, name] = self._seen.get((output, name), 0) + 1
        place = seen - 1 if seen <= _OF_A_CLASS else self._chance.randrange(seen)
        return place if place < _OF_A_CLASS else None

    def _keep(self, output: str, name: str, place: int, image: Image, box: Box) -> None:
        crop = image.crop(*box)
        if crop is None:
            return
        kept = self.shown.setdefault(output, {}).setdefault(name, [])
        kept[place : place + 1] = [_uri(crop)]


def _found(value: Any) -> Iterator[tuple[str, Origin, Box]]:
    """Give the class of every object and every classified crop, the picture it is on, and its box there."""
    match value:
        case Classification():
            if value.top is not None and value.origin is not None and value.origin.parent is not None:
                x, y, scale_x, scale_y = value.origin.to_root
                box = (x, y, x + scale_x * value.origin.width, y + scale_y * value.origin.height)
                yield value.top, value.origin.root, box
        case Mapping():
            for item in value.values():
                yield from _found(item)
        case list() | tuple():
            for item in value:
                yield from _found(item)
        case _ if is_detections(type(value)):
            moved = to_root(value)
            origin = moved.metadata.get("origin")
            if origin is not None:
                names = moved.data.get("class_name", ())
                yield from (
                    (str(name), origin, tuple(box)) for name, box in zip(names, moved.xyxy.tolist(), strict=False)
                )


def _uri(crop: Image) -> str:
    scale = min(1.0, _SIDE / max(crop.width, crop.height))
    size = max(1, round(crop.width * scale)), max(1, round(crop.height * scale))
    small = cv2.resize(crop.bgr, size, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    return "data:image/jpeg;base64," + base64.b64encode(encoded).decode()
