"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, pictures

EXAMPLES: Examples = {
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
