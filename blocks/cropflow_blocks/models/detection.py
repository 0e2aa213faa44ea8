"""Object detection with local weights: the three versions that existing documents use.

They differ in how the threshold is written and in what they give back; all go through `ObjectModel.find`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import ModelId
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import (
    DEFAULT_CONFIDENCE,
    Images,
    InferenceId,
    Model,
    OnPlatform,
    Project,
    threshold,
)
from cropflow_blocks.models.objects import (
    Agnostic,
    Candidates,
    Classes,
    Confidence,
    Mode,
    Most,
    ObjectModel,
    Overlap,
)


class Detector(ObjectModel):
    """What all versions share; it has no `run`."""

    tasks = ("detect", "segment", "pose", "obb")


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
        confidence = threshold(confidence_mode, custom_confidence)
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]
