"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import numpy as np

from ..samples import Element, Examples, boxes, drawn, outlined, pictures


def tracked() -> list[Element]:
    """Boxes with tracker ids; one vote is enough to lock."""
    examples = drawn()
    for number, example in enumerate(examples):
        example["predictions"].tracker_id = np.arange(len(example["predictions"])) + 10 * number
    return [
        {"image": example["image"], "detections": example["predictions"], "min_votes": 1, "lead_margin": 0}
        for example in examples
    ]


EXAMPLES: Examples = {
    "identify_changes": lambda: [{"embedding": [1.0, 0.5, 0.0]}, {"embedding": [3.0, 1.5, 0.0]}],
    "identify_outliers": lambda: [{"embedding": [1.0, 0.5, 0.0]}, {"embedding": [3.0, 1.5, 0.0]}],
    "track_class_lock": tracked,
    "distance_measurement": lambda: [
        {
            "predictions": boxes(image, 3 - number),
            "object_1_class_name": "c0",
            "object_2_class_name": "c1",
            "reference_axis": "horizontal",
            "calibration_method": "pixel to centimeter",
        }
        for number, image in enumerate(pictures())
    ],
    "size_measurement": lambda: [
        {
            "object_predictions": example["predictions"],
            "reference_predictions": boxes(example["image"], 1),
            "reference_dimensions": "2.5,5",
        }
        for example in outlined()
    ],
    "detections_nearest_neighbor": lambda: [
        {"query_predictions": boxes(image, number), "target_predictions": boxes(image, 2)}
        for number, image in enumerate(pictures())
    ],
    "mask_area_measurement": lambda: [{"predictions": example["predictions"]} for example in outlined()],
    "overlap": lambda: [
        {"predictions": boxes(image, i + 1), "overlap_class_name": "c0"} for i, image in enumerate(pictures())
    ],
    "overlap_analysis": lambda: [
        {"reference_predictions": boxes(image, i), "candidate_predictions": boxes(image, 2)}
        for i, image in enumerate(pictures())
    ],
    "data_aggregator": lambda: [
        {
            "data": {"width": image.width},
            "aggregation_mode": {"width": ["sum", "values_counts"]},
            "interval": 1,
            "interval_unit": "runs",
        }
        for image in pictures()
    ],
}
