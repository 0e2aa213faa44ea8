"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..samples import Element, Examples, boxes, drawn, outlined, pictures


def cut() -> list[Element]:
    return [{"images": image, "predictions": boxes(image, 2 - i)} for i, image in enumerate(pictures())]


def place(**where: float) -> Callable[[], list[Element]]:
    return lambda: [{"images": image, **where} for image in pictures()]


def worked_on(*operations: dict[str, Any]) -> Callable[[], list[Element]]:
    return lambda: [{"predictions": example["predictions"], "operations": list(operations)} for example in drawn()]


def tracked() -> list[Element]:
    examples = outlined()
    for number, example in enumerate(examples):
        example["predictions"].tracker_id = np.arange(len(example["predictions"])) + 10 * number
    return [{"image": example["image"], "detections": example["predictions"]} for example in examples]


SURE: dict[str, Any] = {
    "type": "BinaryStatement",
    "left_operand": {
        "type": "DynamicOperand",
        "operations": [{"type": "ExtractDetectionProperty", "property_name": "confidence"}],
    },
    "comparator": {"type": "(Number) >"},
    "right_operand": {"type": "StaticOperand", "value": 0.6},
}

EXAMPLES: Examples = {
    "isolate": lambda: [{"images": e["image"], "predictions": e["predictions"]} for e in outlined()],
    "geotag_detection": lambda: [
        {**example, "latitude": 52.5, "longitude": 13.4, "altitude": 80.0} for example in drawn()
    ],
    "stabilize_detections": tracked,
    "dynamic_zone": lambda: [
        {"predictions": example["predictions"], "required_number_of_vertices": 4} for example in outlined()
    ],
    "perspective_correction": lambda: [
        {
            "images": example["image"],
            "predictions": example["predictions"],
            "perspective_polygons": [[2, 3], [50, 1], [55, 38], [1, 35]],
            "transformed_rect_width": 80,
            "transformed_rect_height": 40,
            "extend_perspective_polygon_by_detections_anchor": "BOTTOM_CENTER",
            "warp_image": True,
        }
        for example in outlined()
    ],
    "bounding_rect": lambda: [{"predictions": example["predictions"]} for example in outlined()],
    "detection_offset": lambda: [
        {"predictions": example["predictions"], "offset_width": 4, "offset_height": 7} for example in drawn()
    ],
    "per_class_confidence_filter": lambda: [
        {"predictions": example["predictions"], "class_thresholds": {"c0": 0.95}} for example in drawn()
    ],
    "absolute_static_crop": place(x_center=20, y_center=25, width=31, height=17),
    "detections_filter": worked_on(
        {"type": "DetectionsFilter", "filter_operation": {"type": "StatementGroup", "statements": [SURE]}}
    ),
    "detections_transformation": worked_on({"type": "SortDetections", "mode": "x_min", "ascending": False}),
    "dynamic_crop": cut,
    "image_slicer": lambda: [{"image": image, "slice_width": 100, "slice_height": 64} for image in pictures()],
    "relative_static_crop": place(x_center=0.4, y_center=0.5, width=0.3, height=0.6),
}
