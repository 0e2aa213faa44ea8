"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import numpy as np

from cropflow import Classification

from ..samples import Element, Examples, boxes, pictures


def classified() -> list[Element]:
    examples = []
    for number, image in enumerate(pictures()):
        found = boxes(image, number)
        crops = image.crops(found.xyxy, found.data["detection_id"].tolist())
        scores = np.array([0.1, 0.9], np.float32)
        labels = [Classification(("a", "b"), scores, 0.4, crop.origin) for crop in crops if crop is not None]
        examples.append({"object_detection_predictions": found, "classification_predictions": labels})
    return examples


EXAMPLES: Examples = {
    "detections_classes_replacement": classified,
    "dimension_collapse": lambda: [
        {"data": [1, "two", None]},
        {"data": []},
        {"data": [image.width for image in pictures()]},
    ],
}
