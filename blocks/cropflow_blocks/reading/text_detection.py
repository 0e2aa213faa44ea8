"""Where there is text on a picture: the first step of text → crop → read each."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from supervision import Detections

from cropflow.block import Batch, Port
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.reading.quads import found, reading_order
from cropflow_blocks.reading.text_block import NAME, TASK, Images, TextBlock


class TextDetectionModel(TextBlock):
    """Find lines of text on pictures, without reading them.

    Each is a box of the class `text`, with the four corners of the line in `xyxyxyxy`, since text may run aslant.
    Boxes come in reading order: line by line, from left to right. To read them, cut them out with `dynamic_crop` and
    give the crops to `text_recognition_model`, which is worth it where boxes are filtered or enlarged between;
    `ocr_model` does all at once. Pictures with a side of more than 2000 pixels are made smaller first. Needs the
    extra `ocr`, which brings the model.
    """

    type = "text_detection_model@v1"
    batch_size = 16

    class Output(NamedTuple):
        """The text of one picture."""

        predictions: Annotated[
            Detections,
            KINDS["rotated_object_detection_prediction"],
            Port("boxes with four corners each, in reading order"),
        ]

    def run(
        self,
        images: Images,
        confidence: Annotated[ZeroToOne, Port("boxes with a lower confidence are dropped")] = 0.5,
    ) -> Batch[Output]:
        """Find."""
        answers = []
        for image in images:
            corners, likely = self.reader.find(image.bgr, confidence)
            order = [i for line in reading_order(corners) for i in line]
            answers.append(self.Output(found(corners[order], NAME, TASK, likely[order].tolist())))
        return answers
