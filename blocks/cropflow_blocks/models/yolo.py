"""Prediction with the arguments of Ultralytics, for those who come from `YOLO(…).predict(…)`.

The blocks of existing documents have other names and other defaults for the same things.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field
from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import KINDS, ModelId
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import Images, Model, class_ids
from cropflow_blocks.models.objects import Agnostic, Confidence, Most, ObjectModel, Overlap

Side = Annotated[int, Field(ge=32)]
Found = Annotated[
    Detections,
    KINDS["object_detection_prediction"],
    KINDS["instance_segmentation_prediction"],
    KINDS["keypoint_detection_prediction"],
    KINDS["rotated_object_detection_prediction"],
    Port("what is found, best first: boxes, and masks, key points or corners where the weights find them"),
]


class YoloModel(ObjectModel):
    """Find objects with weights on this machine, with the arguments and defaults of Ultralytics' `predict`.

    Takes weights for boxes, masks, key points and oriented boxes, and gives all they find. Pictures of one size run
    together, up to 16 at a time; results do not depend on what else is in the batch.
    """

    type = "yolo_model@v1"
    tasks = ("detect", "segment", "pose", "obb")

    class Output(NamedTuple):
        """The objects of one picture."""

        predictions: Found
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        conf: Confidence = 0.25,
        iou: Overlap = 0.7,
        imgsz: Annotated[
            Side | Annotated[list[Side], Field(min_length=2, max_length=2)] | None,
            Port(
                "pixels that pictures are brought to: of the longer side, or height and width; else that of the weights"
            ),
        ] = None,
        half: Annotated[bool, Port("calculate with 16-bit numbers; has no effect on a CPU")] = False,
        device: Annotated[
            str | None, Port("where the model runs, such as cpu or cuda:0; else as for all models")
        ] = None,
        max_det: Most = 300,
        agnostic_nms: Agnostic = False,
        classes: Annotated[
            list[str | int] | None, Port("numbers or names of the classes to keep; all if left out")
        ] = None,
        augment: Annotated[
            bool, Port("look at each picture in several sizes and mirrored (test-time augmentation); slower")
        ] = False,
        retina_masks: Annotated[
            bool, Port("cut masks at the resolution of the picture; false cuts them at that of the model")
        ] = True,
    ) -> Batch[Output]:
        """Predict."""
        model = self.model(model_id, device=device, half=half)
        size = (imgsz, imgsz) if isinstance(imgsz, int) else None if imgsz is None else (imgsz[0], imgsz[1])
        settings = DetectSettings(
            confidence=conf,
            iou=iou,
            max_detections=max_det,
            class_agnostic=agnostic_nms,
            classes=class_ids(classes, model.info, "classes"),
            shapes=True,
            image_size=size,
            augment=augment,
            fine_masks=retina_masks,
        )
        found = model.detect([image.bgr for image in images], settings)
        return [self.Output(objects, model_id) for objects in found]
