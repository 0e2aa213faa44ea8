"""Oriented boxes with local weights, for objects that lie across: ships from above, parts on a belt, text."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import KINDS, ModelId
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import DEFAULT_CONFIDENCE, Images, InferenceId, Model
from cropflow_blocks.models.objects import Agnostic, Classes, Confidence, Most, ObjectModel, Overlap


class OrientedObjectDetectionModel(ObjectModel):
    """Find objects and turned boxes around them in pictures with weights on this machine.

    Besides the upright box each object has its four corners and width, height and angle of the turned one.
    Pictures of one size run together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "oriented_object_detection_model@v1"
    tasks = ("obb",)

    class Output(NamedTuple):
        """The objects of one picture."""

        inference_id: InferenceId
        predictions: Annotated[
            Detections,
            KINDS["rotated_object_detection_prediction"],
            Port("boxes with four oriented corners each, best first"),
        ]
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
    ) -> Batch[Output]:
        """Detect."""
        settings = DetectSettings(confidence, iou_threshold, max_detections, class_agnostic_nms, shapes=True)
        found = self.find(images, model_id, class_filter, settings)
        return [self.Output(*answer, model_id) for answer in found]
