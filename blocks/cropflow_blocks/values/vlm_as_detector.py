"""Turns the answer of a language model about a picture into boxes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from supervision import Detections

from cropflow.block import Block, Port, Setting
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.values.model_boxes import FIRST_FORMS, FORMS, Form, Found, find
from cropflow_blocks.values.model_text import Answer, Classes, Picture, read_json

log = logging.getLogger("cropflow")

Status = Annotated[bool, Port("whether the text could not be read; there are no predictions then")]
Boxes = Annotated[Detections | None, Port("the objects; class id -1 for a class that is not among `classes`")]
Task = Annotated[
    Setting[
        Literal[
            "object-detection",
            "object-detection-and-caption",
            "ocr-with-text-detection",
            "open-vocabulary-object-detection",
            "phrase-grounded-object-detection",
            "region-proposal",
        ]
    ],
    Port("what the model was asked for; all but florence-2 take object-detection only"),
]


class Detector(Block):
    """The base of the versions; it has no `run`."""

    forms: ClassVar[Mapping[str, Form]]

    def ready(self, model_type: str, task_type: str) -> None:
        """Look whether the model does the task."""
        if model_type != "florence-2" and task_type != "object-detection":
            raise ValueError(f"{model_type} does no {task_type}; take object-detection, or florence-2")

    def read(
        self, image: Image, text: str, classes: Sequence[str], model_type: str, task_type: str
    ) -> tuple[bool, Detections | None, str]:
        """Return whether the text cannot be read, the objects, and the id of the answer."""
        answer = f"{image.id}/{self.step}"
        try:
            found = find(read_json(text), (image.width, image.height), model_type, task_type, self.forms)
        except ValueError as error:
            log.debug("step %r, %s: %s", self.step, image.id, error)
            return True, None, answer
        return False, _detections(found, classes, answer, image), answer


class VlmAsDetector(Detector):
    """Read boxes from the answer of a language model about a picture.

    The text is JSON, which may be fenced as Markdown, in the form that models of `model_type` write. Boxes are brought
    into pixels of the picture and clipped to it; a missing confidence is 1. A text that cannot be read gives
    `error_status` and no predictions, and does not fail. Class ids are places in `classes`, -1 for others.
    """

    type = "vlm_as_detector@v1"
    aliases = ("roboflow_core/vlm_as_detector@v1",)
    forms = FIRST_FORMS

    class Output(NamedTuple):
        """What the model found."""

        error_status: Status
        predictions: Boxes
        inference_id: Annotated[str, Port("identity of the answer: picture and step")]

    def run(
        self,
        image: Picture,
        vlm_output: Answer,
        classes: Classes,
        model_type: Annotated[
            Setting[Literal["anthropic-claude", "florence-2", "google-gemini"]], Port("which model wrote the text")
        ],
        task_type: Task,
    ) -> Output:
        """Read."""
        return self.Output(*self.read(image, vlm_output, classes, model_type, task_type))


class VlmAsDetectorV2(Detector):
    """Read boxes from the answer of a language model about a picture; knows more models, and their newer forms.

    The text is JSON, which may be fenced as Markdown, in the form that models of `model_type` write. Boxes are brought
    into pixels of the picture and clipped to it; a missing confidence is 1. A text that cannot be read gives
    `error_status` and no predictions, and does not fail. Class ids are places in `classes`, -1 for others.
    """

    type = "vlm_as_detector@v2"
    aliases = ("roboflow_core/vlm_as_detector@v2",)
    forms = FORMS

    class Output(NamedTuple):
        """What the model found."""

        error_status: Status
        predictions: Boxes
        inference_id: Annotated[str, KINDS["inference_id"], Port("identity of the answer: picture and step")]

    def run(
        self,
        image: Picture,
        vlm_output: Answer,
        classes: Classes,
        model_type: Annotated[
            Setting[
                Literal[
                    "anthropic-claude",
                    "florence-2",
                    "google-gemini",
                    "muse",
                    "openai",
                    "qwen",
                    "spacexai",
                    "zai",
                    "zai-flash",
                ]
            ],
            Port("which model wrote the text"),
        ],
        task_type: Task,
    ) -> Output:
        """Read."""
        return self.Output(*self.read(image, vlm_output, classes, model_type, task_type))


def _detections(found: Sequence[Found], classes: Sequence[str], answer: str, image: Image) -> Detections:
    ids = {name: number for number, name in reversed(list(enumerate(classes)))}
    count = len(found)
    return Detections(
        np.array([item.box for item in found], np.float32).reshape(count, 4),
        confidence=np.array([item.confidence for item in found], np.float32),
        class_id=np.array([ids.get(item.label, -1) if item.class_id is None else item.class_id for item in found], int),
        data={
            "class_name": np.array([item.label for item in found], dtype=str),
            "inference_id": np.full(count, answer),
            "prediction_type": np.full(count, "object-detection"),
            "image_dimensions": np.tile(np.array([image.height, image.width]), (count, 1)),
        },
    )
