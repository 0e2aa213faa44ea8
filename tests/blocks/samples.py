"""Pictures and predictions that the examples of the contract suite are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from supervision import Detections

from cropflow import Image

ROOT = Path(__file__).parents[2]
SCENES = ROOT / "examples" / "digits" / "scenes"

Element: TypeAlias = Mapping[str, Any]
"""A value for every port that needs one."""
Examples: TypeAlias = dict[str, Callable[[], list[Element]]]
"""For each block, by its type, how to make elements to run it with. The version is left out where all take the same."""


def pictures() -> list[Image]:
    """Pictures of different sizes, one of them grey."""
    return [
        Image.load(SCENES / "sheet/01.png", id="sheet"),
        Image.load(SCENES / "meter/01.jpg", id="meter"),
        Image(np.full((40, 60), 120, np.uint8), id="grey"),
    ]


def boxes(image: Image, count: int) -> Detections:
    corners = [[3.4 + 9 * i, 5.6, 30.2 + 9 * i, 33.5] for i in range(count)]
    return Detections(
        xyxy=np.array(corners, float).reshape(-1, 4),
        confidence=np.linspace(0.9, 0.5, count),
        class_id=np.arange(count),
        data={
            "class_name": np.array([f"c{i}" for i in range(count)]),
            "detection_id": np.array([f"{image.id}/found/{i}" for i in range(count)]),
        },
        metadata={"origin": image.origin},
    )


def drawn() -> list[Element]:
    return [{"image": image, "predictions": boxes(image, i)} for i, image in enumerate(pictures())]


def outlined() -> list[Element]:
    """Boxes with masks, of full frames as a block of anybody's may give them."""
    examples = drawn()
    for example in examples:
        image, found = example["image"], example["predictions"]
        found.mask = np.zeros((len(found), image.height, image.width), bool)
        found.mask[:, 8:30, 6:20] = True
    return examples


def posed() -> list[Element]:
    examples = drawn()
    for example in examples:
        found = example["predictions"]
        places = np.array([[0, 0], [20, 0], [np.nan, np.nan]], np.float32)
        found.data["keypoints_xy"] = found.xyxy[:, None, :2].astype(np.float32) + places
        found.data["keypoints_confidence"] = np.full((len(found), 3), 0.9, np.float32)
        found.data["keypoints_class_id"] = np.tile(np.arange(3), (len(found), 1))
        found.data["keypoints_class_name"] = np.tile(["left", "right", "top"], (len(found), 1))
        example["edges"] = [[1, 2], [2, 3]]
    return examples
