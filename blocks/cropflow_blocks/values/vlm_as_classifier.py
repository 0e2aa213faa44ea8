"""Turns the answer of a language model about a picture into a classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np

from cropflow.block import Block, Port
from cropflow.classification import Classification
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.values.model_boxes import WRONG, unit
from cropflow_blocks.values.model_text import Answer, Classes, Picture, read_json

Status = Annotated[bool, Port("whether the text could not be read; there are no predictions then")]
Label = Annotated[Classification | None, Port("the class, or the classes, that the text names")]


class Classifier(Block):
    """The base of the versions; it has no `run`."""

    def read(self, image: Image, text: str, classes: Sequence[str]) -> tuple[bool, Classification | None, str]:
        """Return whether the text cannot be read, the classification, and the id of the answer."""
        answer = f"{image.id}/{self.step}"
        try:
            return False, _label(read_json(text), classes, image, answer), answer
        except WRONG:
            return True, None, answer


class VlmAsClassifier(Classifier):
    """Read a class, or several, from the answer of a language model about a picture.

    The text is JSON, which may be fenced as Markdown: `{"class_name": …, "confidence": …}` for one class, or
    `{"predicted_classes": [{"class": …, "confidence": …}, …]}` for several. All other `classes` have the score 0; a
    class that is not among them comes behind them. A text that cannot be read gives `error_status` and no predictions,
    and does not fail.
    """

    type = "vlm_as_classifier@v1"
    aliases = ("roboflow_core/vlm_as_classifier@v1",)

    class Output(NamedTuple):
        """What the model said."""

        error_status: Status
        predictions: Label
        inference_id: Annotated[str, Port("identity of the answer: picture and step")]

    def run(self, image: Picture, vlm_output: Answer, classes: Classes) -> Output:
        """Read."""
        return self.Output(*self.read(image, vlm_output, classes))


class VlmAsClassifierV2(Classifier):
    """Read a class, or several, from the answer of a language model about a picture.

    As version 1, with an `inference_id` of the kind of that name.
    """

    type = "vlm_as_classifier@v2"
    aliases = ("roboflow_core/vlm_as_classifier@v2",)

    class Output(NamedTuple):
        """What the model said."""

        error_status: Status
        predictions: Label
        inference_id: Annotated[str, KINDS["inference_id"], Port("identity of the answer: picture and step")]

    def run(self, image: Picture, vlm_output: Answer, classes: Classes) -> Output:
        """Read."""
        return self.Output(*self.read(image, vlm_output, classes))


def _label(told: Mapping[str, Any], classes: Sequence[str], image: Image, answer: str) -> Classification:
    several = "predicted_classes" in told
    if several:
        pairs = [(str(item["class"]), unit(item["confidence"])) for item in told["predicted_classes"]]
    else:
        pairs = [(str(told["class_name"]), unit(told["confidence"]))]
    scores = dict.fromkeys(classes, 0.0)
    for name, score in pairs:
        scores[name] = max(scores.get(name, 0.0), score)
    least = float(np.finfo(np.float32).tiny) if several else 0.0  # of several classes, those that are not named miss it
    values = np.array(list(scores.values()), np.float32)
    return Classification(tuple(scores), values, least, image.origin, answer, multi_label=several)
