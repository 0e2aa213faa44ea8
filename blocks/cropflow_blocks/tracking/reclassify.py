"""A classifier that remembers what it said of objects that are followed, and is asked only once in a while."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Batch, Port, Stream
from cropflow.classification import Classification
from cropflow.image import Image
from cropflow_blocks.models.classification import Classifier, Confidence
from cropflow_blocks.models.fields import DEFAULT_CONFIDENCE, Model
from cropflow_blocks.tracking.ports import Remembered, ids_of

_AT_ONCE = 64
"""Crops that go through the model together."""


@dataclass(slots=True)
class _Answer:
    """What the model said of a track, when, and how large its box was; no scores while it is still to be asked."""

    frame: int
    size: float
    names: tuple[str, ...] = ()
    scores: NDArray[np.float32] | None = None


class Reclassify(Classifier):
    """Say what is on each crop of a tracked object, and ask the model only when it may say something new.

    It stands in the place of a classification model after a tracker and `dynamic_crop`. The model is asked when a track
    is seen first, when `every` frames have passed since, and when its box has become `growth` times as large, as that
    of an object that comes nearer or comes in over the border. All other crops get the remembered answer, under the id
    of the crop, so that detections_classes_replacement takes it as any other. What is remembered belongs to one stream.
    Crops that ask are run together, whatever frame or video they are of. When the workflow is closed, the log
    `cropflow` tells how many calls were saved. Crops whose box has a negative tracker id always ask.

    Raises:
        ValueError: a box has no tracker id, or a crop has not exactly one box.
    """

    type = "reclassify@v1"
    batch_size = 512

    class Output(NamedTuple):
        """The class of one crop."""

        predictions: Annotated[Classification, Port("best class and all scores, of now or remembered")]
        asked: Annotated[bool, Port("whether the model was asked for this crop")]
        age: Annotated[int, Port("frames since the model was asked for this track; 0 where it was asked now")]

    asked = seen = 0

    def run(
        self,
        images: Annotated[Batch[Image], Port("the crops of dynamic_crop", alias="image")],
        predictions: Annotated[
            Batch[Detections], Port("the box of each crop with its tracker id, as dynamic_crop gives it")
        ],
        streams: Batch[Stream],
        model_id: Model,
        confidence: Confidence = DEFAULT_CONFIDENCE,
        every: Annotated[Annotated[int, Field(ge=1)], Port("frames after which a track is looked at again")] = 30,
        growth: Annotated[
            Annotated[float, Field(gt=1)],
            Port("by how much a box has to grow to be looked at again; 1.25 is a quarter wider and higher"),
        ] = 1.25,
    ) -> Batch[Output]:
        """Classify what is due, and remember the rest."""
        answers, due = _plan(model_id, predictions, streams, every, growth)
        for first in range(0, len(due), _AT_ONCE):
            part = due[first : first + _AT_ONCE]
            for i, (_, label) in zip(part, self.label([images[i] for i in part], model_id, 0.0), strict=True):
                answers[i].names, answers[i].scores = label.names, label.scores
        for answer, found, stream in zip(answers, predictions, streams, strict=True):
            _known(stream, model_id).put(_track(found), answer)
        self.asked += len(due)
        self.seen += len(images)
        ages = [stream.frame - answer.frame for stream, answer in zip(streams, answers, strict=True)]
        asks = set(due)
        return [
            self.Output(self._label(image, answer, confidence), i in asks, age)
            for i, (image, answer, age) in enumerate(zip(images, answers, ages, strict=True))
        ]

    def _label(self, image: Image, answer: _Answer, confidence: float) -> Classification:
        assert answer.scores is not None
        return Classification(answer.names, answer.scores, confidence, image.origin, self.answer_id(image))

    def close(self) -> None:
        """Tell how many calls were saved."""
        if self.seen:
            logging.getLogger("cropflow").info(
                "step %r: the model was asked for %d of %d crops, %d calls were saved",
                *(self.step, self.asked, self.seen, self.seen - self.asked),
            )


def _plan(
    model_id: str, predictions: Sequence[Detections], streams: Sequence[Stream], every: int, growth: float
) -> tuple[list[_Answer], list[int]]:
    """Return the answer of every crop, some still without scores, and the places of the crops that give those."""
    answers: list[_Answer] = []
    due: list[int] = []
    now: dict[tuple[str, int], _Answer] = {}
    for place, (found, stream) in enumerate(zip(predictions, streams, strict=True)):
        track, size = _track(found), float(np.sqrt(found.area[0]))
        answer = now.get((stream.id, track)) or _known(stream, model_id).get(track)
        if answer is None or track < 0 or not 0 <= stream.frame - answer.frame < every or size >= growth * answer.size:
            answer = _Answer(stream.frame, size)
            due.append(place)
        now[stream.id, track] = answer
        answers.append(answer)
    return answers, due


def _track(found: Detections) -> int:
    if len(found) != 1:
        raise ValueError(
            f"a crop of one tracked object has one box, but {len(found)} came with it; wire `crops` and `predictions` "
            "of the same dynamic_crop"
        )
    return ids_of(found)[0]


def _known(stream: Stream, model_id: str) -> Remembered[_Answer]:
    known: Remembered[_Answer] = stream.state.setdefault(model_id, Remembered())
    return known
