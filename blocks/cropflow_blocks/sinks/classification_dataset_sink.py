"""Makes data sets to train classifiers with, out of crops whose class is known."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.names import safe_name
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.dataset import FileType, Folder, Share, Split, place_of, split_of
from cropflow_blocks.sinks.image_sink import Label, read_label


class ClassificationDatasetSink(Block):
    """Save pictures of known class as a data set for classifiers: `dataset/train/CLASS/NAME.jpg`.

    Ultralytics (`yolo classify train data=dataset`) and torchvision (`ImageFolder`) read it as it is; the names of the
    folders are the classes, safe for every file system. A picture is named after its input picture, with the number of
    the crop behind it; a name that this run already used gets `~2`. A picture without a class, such as one whose
    confidence is too low, is not saved, and its `path` is missing.

    Ultralytics wants pictures in `train` and in `val`, so set `val`, say to 0.2; it passes over pictures of less than
    10 pixels. Files of earlier runs are replaced and never removed, so begin a data set in a new folder.
    """

    type = "classification_dataset_sink@v1"
    effects = True

    class Output(NamedTuple):
        """Where the picture went."""

        path: Annotated[str | None, Port("path relative to the output folder; missing where it was not saved")]

    def __init__(self, output: OutputFolder) -> None:
        self._output = output

    def run(
        self,
        images: Annotated[Image, Port("the pictures to save", alias="image")],
        predictions: Label,
        folder: Folder = "dataset",
        split: Split = "train",
        val: Share = 0.0,
        file_type: FileType = "jpg",
    ) -> Output:
        """Save."""
        label, _ = read_label(predictions)
        if not label:
            return self.Output(None)
        place = place_of(images, "/".join([folder, split_of(images, split, val), safe_name(label)]), file_type)
        return self.Output(self._output.write(place, images.encode(f".{file_type}")))
