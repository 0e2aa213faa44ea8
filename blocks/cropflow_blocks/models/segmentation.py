"""Instance segmentation with local weights: the four versions that existing documents use.

They differ in how the threshold is written and in what they give back; all go through `ObjectModel.find`.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

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

Decoding = Annotated[
    Literal["accurate", "tradeoff", "fast"],
    Port("accepted for existing documents; masks always have the resolution of the picture"),
]
Tradeoff = Annotated[ZeroToOne, Port("accepted for existing documents; has no effect")]
Segments = Annotated[Detections, KINDS["instance_segmentation_prediction"], Port("boxes with a mask each, best first")]
RleSegments = Annotated[
    Detections,
    KINDS["instance_segmentation_prediction"],
    KINDS["rle_instance_segmentation_prediction"],
    Port("boxes with a mask each, best first"),
]


class Segmenter(ObjectModel):
    """What all versions share; it has no `run`."""

    tasks = ("segment",)


class InstanceSegmentationModelV1(Segmenter):
    """Find objects and their outlines in pictures with weights on this machine.

    Masks have the resolution of the picture and are stored per object. Pictures of one size run together, up to
    16 at a time; results do not depend on what else is in the batch.
    """

    type = "instance_segmentation_model@v1"
    aliases = (
        "roboflow_core/roboflow_instance_segmentation_model@v1",
        "RoboflowInstanceSegmentationModel",
        "InstanceSegmentationModel",
    )

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: Annotated[str, Port("identity of the answer: picture and step")]
        predictions: Segments

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
        mask_decode_mode: Decoding = "accurate",
        tradeoff_factor: Tradeoff = 0.0,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
        enforce_dense_masks_in_inference_models: OnPlatform = True,
    ) -> Batch[Output]:
        """Segment."""
        self.ignore_platform(
            disable_active_learning,
            active_learning_target_dataset,
            mask_decode_mode=mask_decode_mode,
            tradeoff_factor=tradeoff_factor,
            enforce_dense_masks_in_inference_models=enforce_dense_masks_in_inference_models,
        )
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer) for answer in found]


class InstanceSegmentationModelV2(Segmenter):
    """Find objects and their outlines in pictures with weights on this machine; also gives back the `model_id`.

    Masks have the resolution of the picture and are stored per object. Pictures of one size run together, up to
    16 at a time; results do not depend on what else is in the batch.
    """

    type = "instance_segmentation_model@v2"
    aliases = ("roboflow_core/roboflow_instance_segmentation_model@v2",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: Segments
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
        mask_decode_mode: Decoding = "accurate",
        tradeoff_factor: Tradeoff = 0.0,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
        enforce_dense_masks_in_inference_models: OnPlatform = True,
    ) -> Batch[Output]:
        """Segment."""
        self.ignore_platform(
            disable_active_learning,
            active_learning_target_dataset,
            mask_decode_mode=mask_decode_mode,
            tradeoff_factor=tradeoff_factor,
            enforce_dense_masks_in_inference_models=enforce_dense_masks_in_inference_models,
        )
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]


class InstanceSegmentationModelV3(Segmenter):
    """Find objects and their outlines in pictures with weights on this machine; the threshold is a mode and a number.

    Masks have the resolution of the picture and are stored per object. Pictures of one size run together, up to
    16 at a time; results do not depend on what else is in the batch.
    """

    type = "instance_segmentation_model@v3"
    aliases = ("roboflow_core/roboflow_instance_segmentation_model@v3",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: Segments
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
        mask_decode_mode: Decoding = "accurate",
        tradeoff_factor: Tradeoff = 0.0,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
        enforce_dense_masks_in_inference_models: OnPlatform = True,
    ) -> Batch[Output]:
        """Segment."""
        self.ignore_platform(
            disable_active_learning,
            active_learning_target_dataset,
            mask_decode_mode=mask_decode_mode,
            tradeoff_factor=tradeoff_factor,
            enforce_dense_masks_in_inference_models=enforce_dense_masks_in_inference_models,
        )
        confidence = threshold(confidence_mode, custom_confidence)
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]


class InstanceSegmentationModelV4(Segmenter):
    """Find objects and their outlines in pictures with weights on this machine; the newest version.

    Masks have the resolution of the picture and are stored per object. Pictures of one size run together, up to
    16 at a time; results do not depend on what else is in the batch.
    """

    type = "instance_segmentation_model@v4"
    aliases = ("roboflow_core/roboflow_instance_segmentation_model@v4",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: RleSegments
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
        mask_decode_mode: Decoding = "accurate",
        tradeoff_factor: Tradeoff = 0.0,
        disable_active_learning: OnPlatform = True,
        active_learning_target_dataset: Project = None,
    ) -> Batch[Output]:
        """Segment."""
        self.ignore_platform(
            disable_active_learning,
            active_learning_target_dataset,
            mask_decode_mode=mask_decode_mode,
            tradeoff_factor=tradeoff_factor,
        )
        confidence = threshold(confidence_mode, custom_confidence)
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]
