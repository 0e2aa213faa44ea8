"""Classification of pictures with local weights: the three versions that existing documents use.

They differ in how the threshold is written and in what they give back; all go through `Classifier.label`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from cropflow.block import Batch, Port
from cropflow.classification import Classification
from cropflow.image import Image
from cropflow.kinds import ModelId, ZeroToOne
from cropflow_blocks.models.fields import (
    DEFAULT_CONFIDENCE,
    Images,
    InferenceId,
    Model,
    ModelBlock,
    OnPlatform,
    Project,
    threshold,
)

Confidence = Annotated[ZeroToOne, Port("classes with a lower score are not reported")]
Mode = Annotated[
    Literal["default", "custom"], Port(f"custom takes custom_confidence, default takes {DEFAULT_CONFIDENCE}")
]


class Classifier(ModelBlock):
    """What all versions share; it has no `run`."""

    batch_size = 64
    tasks = ("classify",)

    def label(self, images: Sequence[Image], model_id: str, threshold: float) -> list[tuple[str, Classification]]:
        """Return the id of the answer and the scores for each picture."""
        model = self.model(model_id)
        names = model.info.names
        scores = model.classify([image.bgr for image in images])
        ids = [self.answer_id(image) for image in images]
        return [
            (answer_id, Classification(names, row, threshold, image.origin, answer_id))
            for answer_id, row, image in zip(ids, scores, images, strict=True)
        ]


class ClassificationModelV1(Classifier):
    """Say what is on each picture with weights on this machine.

    Up to 64 pictures run together, whatever their sizes. The middle square of a picture is looked at, so long
    crops lose their ends: cut square ones.
    """

    type = "classification_model@v1"
    aliases = (
        "roboflow_core/roboflow_classification_model@v1",
        "RoboflowClassificationModel",
        "ClassificationModel",
    )

    class Output(NamedTuple):
        """The class of one picture."""

        predictions: Annotated[Classification, Port("best class and all scores")]
        inference_id: Annotated[str, Port("identity of the answer: picture and step")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Classify."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        return [self.Output(label, id) for id, label in self.label(images, model_id, confidence)]


class ClassificationModelV2(Classifier):
    """Say what is on each picture with weights on this machine; also gives back the `model_id`.

    Up to 64 pictures run together, whatever their sizes. The middle square of a picture is looked at, so long
    crops lose their ends: cut square ones.
    """

    type = "classification_model@v2"
    aliases = ("roboflow_core/roboflow_classification_model@v2",)

    class Output(NamedTuple):
        """The class of one picture."""

        predictions: Annotated[Classification, Port("best class and all scores")]
        inference_id: InferenceId
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Classify."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        return [self.Output(label, id, model_id) for id, label in self.label(images, model_id, confidence)]


class ClassificationModelV3(Classifier):
    """Say what is on each picture with weights on this machine; the threshold is a mode and a number.

    Up to 64 pictures run together, whatever their sizes. The middle square of a picture is looked at, so long
    crops lose their ends: cut square ones.
    """

    type = "classification_model@v3"
    aliases = ("roboflow_core/roboflow_classification_model@v3",)

    class Output(NamedTuple):
        """The class of one picture."""

        predictions: Annotated[Classification, Port("best class and all scores")]
        inference_id: InferenceId
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence_mode: Mode = "default",
        custom_confidence: Confidence = DEFAULT_CONFIDENCE,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Classify."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        confidence = threshold(confidence_mode, custom_confidence)
        return [self.Output(label, id, model_id) for id, label in self.label(images, model_id, confidence)]
