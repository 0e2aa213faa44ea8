"""Semantic segmentation with local weights: the two versions that existing documents use."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import KINDS, ModelId, ZeroToOne
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import DEFAULT_CONFIDENCE, Images, InferenceId, Model
from cropflow_blocks.models.objects import ObjectModel

Mode = Annotated[
    Literal["best", "default", "custom"],
    Port("custom takes custom_confidence; the others give every pixel its most likely class"),
]
Confidence = Annotated[ZeroToOne, Port("pixels whose class is less likely belong to none")]


class SemanticOutput(NamedTuple):
    """The classes on one picture."""

    inference_id: InferenceId
    predictions: Annotated[
        Detections,
        KINDS["semantic_segmentation_prediction"],
        Port("one entry per class that covers a pixel, with the mask of all its pixels"),
    ]
    model_id: Annotated[ModelId, Port("the model that was asked")]


class SemanticSegmenter(ObjectModel):
    """What both versions share; it has no `run`."""

    tasks = ("semantic",)


class SemanticSegmentationModelV1(SemanticSegmenter):
    """Tell the class of every pixel with weights on this machine.

    Every class on the picture is one entry: its pixels as mask, the box around them, and their mean probability
    as confidence. Pictures of one size run together, up to 16 at a time.
    """

    type = "semantic_segmentation_model@v1"
    aliases = ("roboflow_core/roboflow_semantic_segmentation_model@v1",)

    def run(self, images: Images, model_id: Model) -> Batch[SemanticOutput]:
        """Segment."""
        found = self.find(images, model_id, None, DetectSettings(0.0, shapes=True))
        return [SemanticOutput(*answer, model_id) for answer in found]


class SemanticSegmentationModelV2(SemanticSegmenter):
    """Tell the class of every pixel with weights on this machine; unsure pixels can be left out.

    Every class on the picture is one entry: its pixels as mask, the box around them, and their mean probability
    as confidence. Pictures of one size run together, up to 16 at a time.
    """

    type = "semantic_segmentation_model@v2"
    aliases = ("roboflow_core/roboflow_semantic_segmentation_model@v2",)

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence_mode: Mode = "best",
        custom_confidence: Confidence = DEFAULT_CONFIDENCE,
    ) -> Batch[SemanticOutput]:
        """Segment."""
        confidence = custom_confidence if confidence_mode == "custom" else 0.0
        found = self.find(images, model_id, None, DetectSettings(confidence, shapes=True))
        return [SemanticOutput(*answer, model_id) for answer in found]
