"""Writes the annotations of a data set: label files of YOLO, or one file of COCO for each split.

All of them are made from the lines that a run left behind, so they are the same whatever was made before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from cropflow_blocks.sinks.dataset_objects import Annotated, Object, Outline
from cropflow_blocks.sinks.whole import whole

SPLITS = ("train", "val", "test")


def write_yolo(folder: Path, pictures: Sequence[Annotated], classes: Sequence[str]) -> None:
    """Write `labels/SPLIT/NAME.txt` for each picture, and `data.yaml`.

    Lines are polygons where any object of the data set has an outline, as a trainer takes either these or boxes.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    outlined = any(item.outlines for picture in pictures for item in picture.objects)
    for picture in pictures:
        lines = [_yolo_line(numbers[item.name], item, picture, outlined) for item in picture.objects]
        _write(folder / "labels" / picture.split / f"{Path(picture.file).stem}.txt", "".join(lines))
    there = {split: f"images/{split}" for split in SPLITS if any(picture.split == split for picture in pictures)}
    first = next(iter(there.values()))
    facts = {"train": first, "val": first, **there, "names": dict(enumerate(classes))}
    _write(folder / "data.yaml", yaml.safe_dump(facts, sort_keys=False, allow_unicode=True))


def write_coco(folder: Path, pictures: Sequence[Annotated], classes: Sequence[str]) -> None:
    """Write `annotations/SPLIT.json` for each split; numbers begin with 1, as tools expect."""
    numbers = {name: number for number, name in enumerate(classes, 1)}
    categories = [{"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()]
    for split in SPLITS:
        chosen = [picture for picture in pictures if picture.split == split]
        images = [
            {"id": number, "file_name": picture.file, "width": picture.width, "height": picture.height}
            for number, picture in enumerate(chosen, 1)
        ]
        pairs = [(number, item) for number, picture in enumerate(chosen, 1) for item in picture.objects]
        annotations = [
            {"id": id, "image_id": image, "category_id": numbers[item.name], **_coco_shape(item)}
            for id, (image, item) in enumerate(pairs, 1)
        ]
        facts = {"images": images, "annotations": annotations, "categories": categories}
        if chosen:
            _write(folder / "annotations" / f"{split}.json", json.dumps(facts))


def _yolo_line(number: int, item: Object, picture: Annotated, outlined: bool) -> str:
    left, top, right, bottom = item.box
    size = np.array([picture.width, picture.height], float)
    if outlined:
        points = item.outlines[0] if item.outlines else [[left, top], [right, top], [right, bottom], [left, bottom]]
        values = np.asarray(points, float) / size
    else:
        values = np.array([[left + right, top + bottom], [2 * (right - left), 2 * (bottom - top)]]) / 2 / size
    return " ".join([str(number), *(f"{value:.6f}" for value in values.ravel())]) + "\n"


def _coco_shape(item: Object) -> Mapping[str, Any]:
    left, top, right, bottom = item.box
    box = [left, top, right - left, bottom - top]
    area = sum(_area(outline) for outline in item.outlines) if item.outlines else box[2] * box[3]
    flat = [[value for point in outline for value in point] for outline in item.outlines]
    return {"bbox": box, "area": area, "segmentation": flat, "iscrowd": 0}


def _area(outline: Outline) -> float:
    return float(cv2.contourArea(np.asarray(outline, np.float32)))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
