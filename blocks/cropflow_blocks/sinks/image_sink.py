"""Saves pictures: crops sorted into folders by class, or annotated pictures under their own names."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import AfterValidator
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.classification import Classification
from cropflow.image import Image
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.template import check_file_name, check_template, place

Label = Annotated[
    Classification | Detections | str | None,
    Port("what the picture shows: its {class} and {confidence}; of several boxes the surest"),
]
FileName = Annotated[
    str,
    AfterValidator(check_file_name),
    Port("name with {source}, {class}, {index}, {id}, {confidence}; ends in .png, .jpg, .jpeg or .webp"),
]
Folder = Annotated[
    str, AfterValidator(check_template), Port("folder inside the output folder, with the same placeholders")
]


class ImageSink(Block):
    """Save every picture in the output folder.

    `{source}` is the input picture with its folders and without its extension, `{class}` what `predictions`
    says, `{index}` the number of the crop among those of its picture, `{id}` its whole id. A placeholder
    without a value vanishes with the separator before it, so an input saved without predictions is simply
    `{source}.png`. Names are made safe for every file system. Files are written whole or not at all; a name
    that this run already used gets `~2`, and files of earlier runs are replaced.
    """

    type = "image_sink@v1"
    effects = True

    class Output(NamedTuple):
        """Where the picture went."""

        path: Annotated[str, Port("path relative to the output folder, with /")]

    def __init__(self, output: OutputFolder) -> None:
        self._output = output

    def run(
        self,
        images: Annotated[Image, Port("the pictures to save", alias="image")],
        predictions: Label = None,
        file_name: FileName = "{source}_{class}-{index}.png",
        folder: Folder = "{class}",
    ) -> Output:
        """Save."""
        path = place(folder, file_name, images, *read_label(predictions))
        return self.Output(self._output.write(path, images.encode(path[path.rindex(".") :])))


def read_label(predictions: Classification | Detections | str | None) -> tuple[str | None, float | None]:
    """Return class and confidence as far as they are known; of several boxes, those of the surest."""
    if predictions is None or isinstance(predictions, str):
        return predictions, None
    if isinstance(predictions, Classification):
        return predictions.top, None if predictions.top is None else predictions.confidence
    return _read_boxes(predictions)


def _read_boxes(boxes: Detections) -> tuple[str | None, float | None]:
    if not len(boxes):
        return None, None
    surest = 0 if boxes.confidence is None else int(boxes.confidence.argmax())
    names = boxes.data.get("class_name")
    confidence = None if boxes.confidence is None else float(boxes.confidence[surest])
    return None if names is None else str(names[surest]), confidence
