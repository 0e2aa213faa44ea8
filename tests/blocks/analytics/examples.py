"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, boxes, outlined, pictures

EXAMPLES: Examples = {
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
