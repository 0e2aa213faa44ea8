"""Makes read_text.png of the README: really runs the workflow that reads text on a photograph that Ultralytics ships.

python docs/images/make_read_text.py
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from cropflow import Image, Workflow

ROOT = Path(__file__).parents[2]
SHOWN = (slice(310, 660), slice(360, 810))
"""Rows and columns of the photograph that are shown."""
LINE = 44
BESIDE = 370
Pixels = NDArray[np.uint8]


def photograph() -> Path:
    """Return the photograph of a bus inside the package, without importing the package."""
    spec = importlib.util.find_spec("ultralytics")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "assets" / "bus.jpg"


def line(crop: Pixels, text: str) -> Pixels:
    """Return a crop with what was read on it beside."""
    made = np.full((LINE + 20, BESIDE, 3), 255, np.uint8)
    small = cv2.resize(crop, None, fx=LINE / crop.shape[0], fy=LINE / crop.shape[0], interpolation=cv2.INTER_CUBIC)
    made[10 : 10 + LINE, : small.shape[1]] = small
    cv2.putText(made, text, (small.shape[1] + 16, 40), (60, 60, 60), cv2.FontFace("sans"), 24)
    return made


def main() -> None:
    """Run, put the picture together, and write it with few colours to keep it small."""
    image = Image.load(photograph())
    with Workflow.load(ROOT / "workflows/read_text.yaml") as workflow:
        (row,) = workflow.run({"image": image})
    found = row["texts"]
    crops = image.crops(found.xyxy, found.data["detection_id"].tolist())
    lines = [line(crop.bgr, text) for crop, text in zip(crops, found.data["class_name"], strict=True) if crop]
    annotated = row["annotated"].bgr[SHOWN]
    read = np.vstack(lines)
    above = (annotated.shape[0] - read.shape[0]) // 2
    below = annotated.shape[0] - read.shape[0] - above
    right = np.pad(read, ((above, below), (24, 0), (0, 0)), constant_values=255)
    picture = np.hstack([annotated, right])
    few_colors = PIL.Image.fromarray(picture[..., ::-1]).quantize(256, PIL.Image.Quantize.FASTOCTREE, kmeans=4)
    few_colors.save(Path(__file__).with_name("read_text.png"), optimize=True)


if __name__ == "__main__":
    main()
