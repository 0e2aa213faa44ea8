"""Makes tracking.png of docs/tracking.md: really runs the documents on the digit videos, and shows one frame of each.

python docs/images/make_tracking.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cropflow import Image, Workflow
from cropflow.image.decode import Pixels

ROOT = Path(__file__).parents[2]
SHOWN = (
    ("track_digits", "crossing.mp4", "annotated", 48),
    ("segment_and_track", "crossing.mp4", "by_track", 48),
    ("time_in_zone", "zone.mp4", "annotated", 42),
)


def frame(document: str, name: str, output: str, number: int) -> Pixels:
    """Return what an output shows in a frame, with all frames before it run too."""
    video = cv2.VideoCapture(str(ROOT / "examples/digits/videos" / name))
    fps = video.get(cv2.CAP_PROP_FPS)
    images = [Image.load(video.read()[1], stream=name, frame=at, fps=fps) for at in range(number + 1)]
    with Workflow.load(ROOT / "workflows" / f"{document}.yaml") as workflow:
        picture: Image = workflow.run({"image": images})[-1][output]
    return picture.bgr


def main() -> None:
    """Write the picture."""
    shown = [frame(*which) for which in SHOWN]
    gap = np.full((shown[0].shape[0], 8, 3), 255, np.uint8)
    cv2.imwrite(str(Path(__file__).with_name("tracking.png")), np.hstack([shown[0], gap, shown[1], gap, shown[2]]))


if __name__ == "__main__":
    main()
