"""Key points with local weights: the three versions that existing documents use.

They differ in how the threshold is written and in what they give back; all go through `ObjectModel.find`.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import KINDS, ModelId, ZeroToOne
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
from cropflow_blocks.models.objects import Agnostic, Candidates, Classes, Confidence, Most, ObjectModel, Overlap

Mode = Annotated[
    Literal["default", "custom"], Port(f"custom takes custom_confidence, default takes {DEFAULT_CONFIDENCE}")
]
PointConfidence = Annotated[ZeroToOne, Port("key points with a lower confidence are left out")]
Poses = Annotated[Detections, KINDS["keypoint_detection_prediction"], Port("boxes with key points each, best first")]


class PointFinder(ObjectModel):
    """What all versions share; it has no `run`."""

    tasks = ("pose",)


class KeypointDetectionModelV1(PointFinder):
    """Find objects and their key points in pictures with weights on this machine.

    Pictures of one size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "keypoint_detection_model@v1"
    aliases = (
        "roboflow_core/roboflow_keypoint_detection_model@v1",
        "RoboflowKeypointDetectionModel",
        "KeypointsDetectionModel",
    )

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: Annotated[str, Port("identity of the answer: picture and step")]
        predictions: Poses

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        keypoint_confidence: PointConfidence = 0.0,
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
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(id, sure_points(poses, keypoint_confidence)) for id, poses in found]


class KeypointDetectionModelV2(PointFinder):
    """Find objects and their key points in pictures with weights on this machine; also gives back the `model_id`.

    Pictures of one size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "keypoint_detection_model@v2"
    aliases = ("roboflow_core/roboflow_keypoint_detection_model@v2",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: Poses
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        keypoint_confidence: PointConfidence = 0.0,
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
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(id, sure_points(poses, keypoint_confidence), model_id) for id, poses in found]


class KeypointDetectionModelV3(PointFinder):
    """Find objects and their key points in pictures with weights on this machine; the threshold is a mode and a number.

    Pictures of one size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "keypoint_detection_model@v3"
    aliases = ("roboflow_core/roboflow_keypoint_detection_model@v3",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: Poses
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        confidence_mode: Mode = "default",
        custom_confidence: Confidence = DEFAULT_CONFIDENCE,
        keypoint_confidence: PointConfidence = 0.0,
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
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(id, sure_points(poses, keypoint_confidence), model_id) for id, poses in found]


def sure_points(poses: Detections, confidence: float) -> Detections:
    """Return the poses with key points below `confidence` at NaN: not drawn, not written, places kept.

    The other keys keep their values, so point i of one object is still the point i of another.
    """
    if confidence > 0:
        unsure = poses.data["keypoints_confidence"] < confidence
        poses.data["keypoints_xy"] = np.where(unsure[..., np.newaxis], np.nan, poses.data["keypoints_xy"])
    return poses
