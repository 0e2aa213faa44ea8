"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from cropflow_blocks.models.quiet import ultralytics_imported

from ..samples import ROOT, Element, Examples, pictures

DETECTOR = str(ROOT / "models" / "digits-detect.pt")
CLASSIFIER = str(ROOT / "models" / "digits-classify.pt")
SEGMENTER = str(ROOT / "models" / "digits-segment.pt")
POSER = str(ROOT / "models" / "digits-pose.pt")
BUILT = tempfile.TemporaryDirectory()


def pictures_for(model: str) -> Callable[[], list[Element]]:
    return lambda: [{"images": image, "model_id": model} for image in pictures()]


def pictures_for_untrained(architecture: str) -> Callable[[], list[Element]]:
    """Tasks without shipped weights run a packaged architecture with weights as random as they begin."""

    def examples() -> list[Element]:
        file = Path(BUILT.name) / f"{architecture}.pt"
        with ultralytics_imported(Path(BUILT.name)) as ultralytics:
            import torch

            torch.manual_seed(0)
            ultralytics.YOLO(f"{architecture}.yaml").save(file)
        return pictures_for(str(file))()

    return examples


EXAMPLES: Examples = {
    "activation_map": lambda: [{"image": image, "model_id": DETECTOR} for image in pictures()[:2]],
    "classification_model": pictures_for(CLASSIFIER),
    "image_embedding": pictures_for(CLASSIFIER),
    "instance_segmentation_model": pictures_for(SEGMENTER),
    "keypoint_detection_model": pictures_for(POSER),
    "object_detection_model": pictures_for(DETECTOR),
    "oriented_object_detection_model": pictures_for_untrained("yolo11n-obb"),
    "semantic_segmentation_model": pictures_for_untrained("yolo26n-sem"),
    "yolo_model": pictures_for(SEGMENTER),
}
