"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, boxes, pictures

EXAMPLES: Examples = {
    "identify_changes": lambda: [{"embedding": [1.0, 0.5, 0.0]}, {"embedding": [3.0, 1.5, 0.0]}],
    "identify_outliers": lambda: [{"embedding": [1.0, 0.5, 0.0]}, {"embedding": [3.0, 1.5, 0.0]}],
    "detections_nearest_neighbor": lambda: [
        {"query_predictions": boxes(image, number), "target_predictions": boxes(image, 2)}
        for number, image in enumerate(pictures())
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
