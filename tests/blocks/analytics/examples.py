"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, boxes, pictures

EXAMPLES: Examples = {
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
