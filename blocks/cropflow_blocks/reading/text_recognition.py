"""What a crop says: the step that reads each crop after a detector found them."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from cropflow.block import Batch, Port
from cropflow.kinds import ZeroToOne
from cropflow_blocks.reading.text_block import Images, TextBlock


class TextRecognitionModel(TextBlock):
    """Read one line of text on each picture, such as a number plate, a label or a crop of `text_detection_model`.

    The picture should hold one line, from left to right, with little around it; where there may be more, use
    `ocr_model`. The crops of all pictures are read together; what is read does not depend on what else is in the
    batch. The model knows Latin letters with accents, digits, Chinese and Japanese. Where it reads nothing, the text
    is empty and the confidence 0. Give `text` to `detections_classes_replacement` to put it on the boxes the crops
    were cut from. Needs the extra `ocr`, which brings the model.
    """

    type = "text_recognition_model@v1"
    batch_size = 256

    class Output(NamedTuple):
        """What one picture says."""

        text: Annotated[str, Port("the text; empty where nothing is read")]
        confidence: Annotated[ZeroToOne, Port("mean probability of its characters, 0 for an empty text")]

    def run(
        self,
        images: Images,
        confidence: Annotated[ZeroToOne, Port("what is read with a lower confidence counts as nothing")] = 0.0,
    ) -> Batch[Output]:
        """Read."""
        read = self.reader.read([image.bgr for image in images])
        return [self.Output(*one) if one.confidence >= confidence else self.Output("", 0.0) for one in read]
