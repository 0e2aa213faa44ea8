"""Whole pictures to text: the blocks that existing documents use, all on one engine.

They were made for different engines, and differ here in nothing but their fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
from supervision import Detections

from cropflow.block import Batch, Port, Setting
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.reading.quads import Corners, Pixels, found, reading_order, straightened
from cropflow_blocks.reading.reader import Reading
from cropflow_blocks.reading.text_block import NAME, TASK, Images, TextBlock

_LIKELY_TEXT = 0.5
_WELL_READ = 0.5
_TALL = 1.5
"""A line this many times as high as wide runs downwards."""

Size = Literal["tiny", "small", "medium", "none"]
Language = Literal["English", "Japanese", "Kannada", "Korean", "Latin", "Simplified Chinese", "Telugu"]
_READ: tuple[Language, ...] = ("English", "Japanese", "Latin", "Simplified Chinese")


class Text(NamedTuple):
    """The text of one picture."""

    result: Annotated[str, Port("all that was read: words of a line joined by a space, lines by a line break")]
    predictions: Annotated[Detections, Port("one box per piece of text, with the text as its class, in reading order")]
    parent_id: Annotated[str, KINDS["parent_id"], Port("id of the picture")]
    root_parent_id: Annotated[str, KINDS["parent_id"], Port("id of the input picture it was cut from")]
    prediction_type: Annotated[str, KINDS["prediction_type"], Port("always `ocr`")]


class OCRBlock(TextBlock):
    """The base of the blocks that read whole pictures; it has no `run`."""

    batch_size = 8

    def texts(self, images: Sequence[Image], find: bool = True, read: bool = True) -> list[Text]:
        """Return the text of each picture.

        Args:
            images: the pictures.
            find: look for text first; else each picture is one line.
            read: read what was found; else there are only boxes.
        """
        places = [self._places(image, find) for image in images]
        if not read:
            return [_text(image, *place, None) for image, place in zip(images, places, strict=True)]
        crops = [
            _cut(image.bgr, quad) if find else image.bgr
            for image, (corners, _) in zip(images, places, strict=True)
            for quad in corners
        ]
        lines = iter(self.reader.read(crops, turn=True))
        return [
            _text(image, corners, likely, [next(lines) for _ in corners])
            for image, (corners, likely) in zip(images, places, strict=True)
        ]

    def _places(self, image: Image, find: bool) -> tuple[Corners, list[float]]:
        if find:
            corners, likely = self.reader.find(image.bgr, _LIKELY_TEXT)
            return corners, likely.tolist()
        x, y = image.width, image.height
        return np.array([[[0, 0], [x, 0], [x, y], [0, y]]], np.float32), [1.0]


class OCRModel(OCRBlock):
    """Read all text on pictures.

    Text is found first, at any angle, and cut out straight; then all that was found on all pictures is read together.
    Lines may run downwards or stand on their head. What is read with a confidence of less than 0.5 is left out. The
    model knows Latin letters with accents, digits, Chinese and Japanese. `ocr_model`, `pp_ocr` and `easy_ocr` run on
    the same engine here. Needs the extra `ocr`, which brings the model.
    """

    type = "ocr_model@v1"
    aliases = ("roboflow_core/ocr_model@v1", "OCRModel")
    Output = Text

    def run(self, images: Images) -> Batch[Text]:
        """Read."""
        return self.texts(images)


class PPOCR(OCRBlock):
    """Read all text on pictures with PP-OCR, as `ocr_model` does; each half can be left out.

    There is one size of model here, `small`; `tiny` and `medium` are accepted for existing documents, take that one
    too, and say so once in a warning. Without detection each picture is one line of text; without recognition there
    are boxes of the class `text` and an empty result. Needs the extra `ocr`, which brings the model.

    Raises:
        ValueError: both halves are left out.
    """

    type = "pp_ocr@v1"
    aliases = ("roboflow_core/pp_ocr@v1",)
    Output = Text

    def run(
        self,
        images: Images,
        text_detection: Setting[Annotated[Size, Port("the model that finds text; none takes the whole picture")]] = (
            "small"
        ),
        text_recognition: Setting[Annotated[Size, Port("the model that reads; none gives boxes only")]] = "small",
    ) -> Batch[Text]:
        """Read."""
        if text_detection == text_recognition == "none":
            raise ValueError("text_detection and text_recognition are both 'none', which leaves nothing to do")
        for field, size in (("text_detection", text_detection), ("text_recognition", text_recognition)):
            if size not in ("small", "none"):
                self.tell_once(f"{field}: {size!r} is accepted for existing documents; the model 'small' is used")
        return self.texts(images, find=text_detection != "none", read=text_recognition != "none")


class EasyOCR(OCRBlock):
    """Read all text on pictures, as `ocr_model` does, in a language that existing documents name.

    EasyOCR itself is not used. One model reads English, other languages in Latin letters, Japanese and simplified
    Chinese, whichever of them is named. It has no letters of Kannada, Korean and Telugu. `quantize` has no effect.
    Needs the extra `ocr`, which brings the model.

    Raises:
        ValueError: the language is one the model cannot read.
    """

    type = "easy_ocr@v1"
    aliases = ("roboflow_core/easy_ocr@v1", "EasyOCR")
    Output = Text

    def run(
        self,
        images: Images,
        language: Setting[Annotated[Language, Port("what is written on the pictures")]] = "English",
        quantize: Setting[Annotated[bool, Port("accepted for existing documents; has no effect")]] = False,
    ) -> Batch[Text]:
        """Read."""
        if language not in _READ:
            raise ValueError(f"the model has no letters of {language}; it reads {', '.join(_READ)}")
        if quantize:
            self.tell_once("quantize: accepted for existing documents, no effect here")
        return self.texts(images)


def _cut(bgr: Pixels, quad: Corners) -> Pixels:
    """Cut out one line of text, lying."""
    flat = straightened(bgr, quad)
    return np.rot90(flat) if flat.shape[0] >= _TALL * flat.shape[1] else flat


def _text(image: Image, corners: Corners, likely: Sequence[float], read: Sequence[Reading] | None) -> Text:
    """Put together what was found and read on one picture."""
    words = [NAME] * len(corners) if read is None else [line.text for line in read]
    scores = likely if read is None else [line.confidence for line in read]
    kept = [i for i in range(len(words)) if words[i] and (read is None or scores[i] >= _WELL_READ)]
    rows = [[kept[i] for i in row] for row in reading_order(corners[kept])]
    order = [i for row in rows for i in row]
    told = "" if read is None else "\n".join(" ".join(words[i] for i in row) for row in rows)
    boxes = found(corners[order], NAME, TASK, [scores[i] for i in order], class_name=[words[i] for i in order])
    return Text(told, boxes, image.id, image.origin.root.id, TASK)
