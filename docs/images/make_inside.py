"""Makes the picture of docs/cropping.md: what is found, and what speaks for it.

python docs/images/make_inside.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cropflow import Workflow

ROOT = Path(__file__).parents[2]
SCENE = ROOT / "examples" / "digits" / "scenes" / "form" / "01.png"
MODEL = str(ROOT / "models" / "digits-detect.pt")
FOUND = "$steps.detect.predictions"
DOCUMENT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [
        {"type": "yolo_model@v1", "name": "detect", "images": "$inputs.image", "model_id": MODEL, "conf": 0.4},
        {
            "type": "bounding_box_visualization@v1",
            "name": "boxes",
            "image": "$inputs.image",
            "predictions": FOUND,
            "thickness": 1,
        },
        {"type": "activation_map@v1", "name": "look", "image": "$inputs.image", "model_id": MODEL},
    ],
    "outputs": [
        {"type": "JsonField", "name": "boxes", "selector": "$steps.boxes.image"},
        {"type": "JsonField", "name": "map", "selector": "$steps.look.image"},
    ],
}


def main() -> None:
    """Write the picture beside this script."""
    with Workflow.load(DOCUMENT) as workflow:
        row = workflow.run({"image": SCENE})[0]
    gap = np.full((row["map"].height, 12, 3), 255, np.uint8)
    cv2.imwrite(str(Path(__file__).with_name("inside.jpg")), np.hstack([row["boxes"].bgr, gap, row["map"].bgr]))


if __name__ == "__main__":
    main()
