"""What the blocks that find objects share, whatever more than a box they tell: fields, and the way to the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from supervision import Detections

from cropflow.block import Port
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import DEFAULT_CONFIDENCE, Count, ModelBlock, class_ids

Confidence = Annotated[ZeroToOne, Port("boxes with a lower confidence are dropped")]
Mode = Annotated[
    Literal["best", "default", "custom"],
    Port(f"custom takes custom_confidence; the others take {DEFAULT_CONFIDENCE}"),
]
Classes = Annotated[list[str] | None, Port("names of the classes to keep; all where left out or empty")]
Overlap = Annotated[ZeroToOne, Port("of two boxes with a higher IoU the weaker one is dropped")]
Most = Annotated[Count, Port("the most boxes of one picture, best first")]
Agnostic = Annotated[bool, Port("boxes of different classes suppress each other too")]
Candidates = Annotated[Count, Port("accepted for existing documents; all candidates are looked at")]


class ObjectModel(ModelBlock):
    """The base of the blocks that find objects; it has no `run`."""

    batch_size = 16

    def find(
        self, images: Sequence[Image], model_id: str, classes: list[str] | None, settings: DetectSettings
    ) -> list[tuple[str, Detections]]:
        """Return the id of the answer and the objects for each picture."""
        model = self.model(model_id)
        settings = replace(settings, classes=class_ids(classes, model.info))
        found = model.detect([image.bgr for image in images], settings)
        return [(self.answer_id(image), objects) for image, objects in zip(images, found, strict=True)]
