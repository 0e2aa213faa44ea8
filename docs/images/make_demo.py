"""Makes demo.png of the README: really runs the demo workflow on two held-out scenes, twice as large.

python docs/images/make_demo.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from cropflow import Image, OutputFolder, Workflow

ROOT = Path(__file__).parents[2]
SHOWN = {"sheet/01.png": slice(0, 376), "form/02.png": slice(80, 436)}
"""Scenes with the rows that are shown of each."""
CROP = 56
PER_CLASS = 2
Pixels = NDArray[np.uint8]


def enlarged(scene: str) -> Image:
    """Return a scene twice as large."""
    pixels = Image.load(ROOT / "examples/digits/scenes" / scene).bgr
    return Image(cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST), id=scene)


def pair(before: Pixels, after: Pixels) -> Pixels:
    """Return both pictures with an arrow between them."""
    height = before.shape[0]
    between = np.full((height, 48, 3), 255, np.uint8)
    cv2.arrowedLine(between, (10, height // 2), (38, height // 2), (90, 90, 90), 2, cv2.LINE_AA, tipLength=0.4)
    return np.hstack([before, between, after])


def strip(folder: Path, width: int) -> Pixels:
    """Return the first crops of every class, one class beside the other, under the name of their folder."""
    made = np.full((CROP + 30, width, 3), 255, np.uint8)
    classes = sorted(path for path in folder.iterdir())
    for column, found in enumerate(classes):
        left = column * width // len(classes)
        cv2.putText(made, f"{found.name}/", (left, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1, cv2.LINE_AA)
        for place, file in enumerate(sorted(found.rglob("*.png"))[:PER_CLASS]):
            crop = cv2.resize(Image.load(file).bgr, (CROP, CROP), interpolation=cv2.INTER_AREA)
            x = left + place * (CROP + 4)
            made[30:, x : x + CROP] = crop
    return made


def main() -> None:
    """Run, put the picture together, and write it with few colours to keep it small."""
    with tempfile.TemporaryDirectory() as out:
        document = ROOT / "workflows/detect_crop_classify.yaml"
        with Workflow.load(document, resources=[OutputFolder(Path(out))]) as workflow:
            images = [enlarged(scene) for scene in SHOWN]
            rows = workflow.run({"image": images})
            done = zip(images, rows, SHOWN.values(), strict=True)
            pairs = [pair(image.bgr[part], row["annotated"].bgr[part]) for image, row, part in done]
            crops = strip(Path(out) / "crops", pairs[0].shape[1])
    gap = np.full((16, crops.shape[1], 3), 255, np.uint8)
    picture = np.vstack([pairs[0], gap, pairs[1], gap, crops])
    few_colors = PIL.Image.fromarray(picture[..., ::-1]).quantize(256, PIL.Image.Quantize.FASTOCTREE, kmeans=4)
    few_colors.save(Path(__file__).with_name("demo.png"), optimize=True)


if __name__ == "__main__":
    main()
