"""Object detection with local weights: the three versions that existing documents use.

They differ in how the threshold is written and in what they give back; all go through `Detector.find`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.image import Image
from cropflow.kinds import ModelId, ZeroToOne
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import (
    DEFAULT_CONFIDENCE,
    Count,
    Images,
    InferenceId,
    Model,
    ModelBlock,
    OnPlatform,
    Project,
    class_ids,
)

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


class Detector(ModelBlock):
    """What all versions share; it has no `run`."""

    batch_size = 16

    def find(
        self, images: Sequence[Image], model_id: str, classes: list[str] | None, settings: DetectSettings
    ) -> list[tuple[str, Detections]]:
        """Return the id of the answer and the boxes for each picture."""
        model = self.model(model_id, ("detect", "segment", "pose", "obb"))
        settings = replace(settings, classes=class_ids(classes, model.info))
        found = model.detect([image.bgr for image in images], settings)
        return [(self.answer_id(image), boxes) for image, boxes in zip(images, found, strict=True)]


class ObjectDetectionModelV1(Detector):
    """Find objects in pictures with weights on this machine.

    Weights for segmentation, key points and oriented boxes serve too; their boxes are taken. Pictures of one
    size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "object_detection_model@v1"
    aliases = (
        "roboflow_core/roboflow_object_detection_model@v1",
        "RoboflowObjectDetectionModel",
        "ObjectDetectionModel",
    )

    class Output(NamedTuple):
        """The boxes of one picture."""

        inference_id: Annotated[str, Port("identity of the answer: picture and step")]
        predictions: Annotated[Detections, Port("the boxes, best first")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        class_filter: Classes = None,
        iou_threshold: Overlap = 0.3,
        max_detections: Most = 300,
        class_agnostic_nms: Agnostic = False,
        max_candidates: Candidates = 3000,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Detect."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer) for answer in found]


class ObjectDetectionModelV2(Detector):
    """Find objects in pictures with weights on this machine; also gives back the `model_id`.

    Weights for segmentation, key points and oriented boxes serve too; their boxes are taken. Pictures of one
    size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "object_detection_model@v2"
    aliases = ("roboflow_core/roboflow_object_detection_model@v2",)

    class Output(NamedTuple):
        """The boxes of one picture."""

        inference_id: InferenceId
        predictions: Annotated[Detections, Port("the boxes, best first")]
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        class_filter: Classes = None,
        iou_threshold: Overlap = 0.3,
        max_detections: Most = 300,
        class_agnostic_nms: Agnostic = False,
        max_candidates: Candidates = 3000,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Detect."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]


class ObjectDetectionModelV3(Detector):
    """Find objects in pictures with weights on this machine; the threshold is a mode and a number.

    Weights for segmentation, key points and oriented boxes serve too; their boxes are taken. Pictures of one
    size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "object_detection_model@v3"
    aliases = ("roboflow_core/roboflow_object_detection_model@v3",)

    class Output(NamedTuple):
        """The boxes of one picture."""

        inference_id: InferenceId
        predictions: Annotated[Detections, Port("the boxes, best first")]
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence_mode: Mode = "best",
        custom_confidence: Confidence = DEFAULT_CONFIDENCE,
        class_filter: Classes = None,
        iou_threshold: Overlap = 0.3,
        max_detections: Most = 300,
        class_agnostic_nms: Agnostic = False,
        max_candidates: Candidates = 3000,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Detect."""
        self.ignore_platform(disable_active_learning, active_learning_target_dataset)
        confidence = custom_confidence if confidence_mode == "custom" else DEFAULT_CONFIDENCE
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]
