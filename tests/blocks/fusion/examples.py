"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import numpy as np

from cropflow import Classification, Image

from ..samples import Element, Examples, boxes, drawn, pictures


def classified() -> list[Element]:
    examples = []
    for number, image in enumerate(pictures()):
        found = boxes(image, number)
        crops = image.crops(found.xyxy, found.data["detection_id"].tolist())
        scores = np.array([0.1, 0.9], np.float32)
        labels = [Classification(("a", "b"), scores, 0.4, crop.origin) for crop in crops if crop is not None]
        examples.append({"object_detection_predictions": found, "classification_predictions": labels})
    return examples


def sliced() -> list[Element]:
    """What was found on two halves of each picture, some of it twice."""
    examples: list[Element] = []
    for image in pictures():
        halves = [image.crop(0, 0, image.width, 40, id="upper"), image.crop(0, 10, image.width, 40, id="lower")]
        found = [boxes(half, 2) for half in halves if half is not None]
        examples.append({"reference_image": image, "predictions": found})
    return examples


def doubled() -> list[Element]:
    return [
        {"prediction_one": boxes(image, i), "prediction_two": boxes(image, 2)} for i, image in enumerate(pictures())
    ]


def streams() -> list[Image]:
    """The pictures, each the first frame of a video of its own: blocks that remember have nothing to remember."""
    return [Image(image.pixels, id=image.id, stream=image.id, frame=0) for image in pictures()]


EXAMPLES: Examples = {
    "buffer": lambda: [{"data": image, "length": 2, "pad": True} for image in streams()],
    "cache_get": lambda: [{"image": image, "key": image.id} for image in streams()],
    "cache_set": lambda: [{"image": image, "key": "width", "value": image.width} for image in streams()],
    "frame_delay": lambda: [{"image": image, "data": image.width, "offset": 0} for image in streams()],
    "image_stack": lambda: [{"image": image, "resolution_width": 64} for image in streams()],
    "detections_combine": doubled,
    "detections_consensus": lambda: [
        {"predictions_batches": [boxes(image, i), boxes(image, 2)], "required_votes": 2}
        for i, image in enumerate(pictures())
    ],
    "detections_difference": lambda: [
        {"reference_predictions": boxes(image, i), "candidate_predictions": boxes(image, 2)}
        for i, image in enumerate(pictures())
    ],
    "detections_list_rollup": lambda: [
        {"parent_detection": boxes(image, 2), "child_detections": [boxes(image, i), None, boxes(image, 2)]}
        for i, image in enumerate(pictures())
    ],
    "detections_merge": lambda: [{"predictions": example["predictions"]} for example in drawn()],
    "detections_stitch": sliced,
    "detections_classes_replacement": classified,
    "dimension_collapse": lambda: [
        {"data": [1, "two", None]},
        {"data": []},
        {"data": [image.width for image in pictures()]},
    ],
}
