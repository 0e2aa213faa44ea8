"""Predictions: what the engine adds to `supervision.Detections`, which it uses as they are."""

from cropflow.detections.boxes import Index, into, moved, onto, stamp, take, to_root
from cropflow.detections.lazy import CropPredictions
from cropflow.detections.masks import Masks, mask_inside, put_together
from cropflow.detections.reading import from_json
from cropflow.detections.writing import to_json

__all__ = [
    "CropPredictions",
    "Index",
    "Masks",
    "from_json",
    "into",
    "mask_inside",
    "moved",
    "onto",
    "put_together",
    "stamp",
    "take",
    "to_json",
    "to_root",
]
