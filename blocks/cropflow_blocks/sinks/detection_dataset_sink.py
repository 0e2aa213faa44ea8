"""Makes data sets to train detectors with, out of pictures and what was found on them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from supervision import Detections

from cropflow.block import Block, Port, Setting
from cropflow.detections import onto
from cropflow.image import Image
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.dataset import FileType, Folder, Share, Split, place_of, split_of
from cropflow_blocks.sinks.dataset_formats import write_coco, write_yolo
from cropflow_blocks.sinks.dataset_objects import Annotated as Picture
from cropflow_blocks.sinks.dataset_objects import Object, class_names, objects_on, read_annotated
from cropflow_blocks.sinks.records import RecordFiles
from cropflow_blocks.sinks.template import filled

_LINES = "objects.jsonl"
_WRITE = {"yolo": write_yolo, "coco": write_coco}
log = logging.getLogger("cropflow")


class DetectionDatasetSink(Block):
    """Save pictures and what was found on them as a data set for detectors, in the format of YOLO or COCO.

    YOLO: `dataset/images/train/NAME.jpg`, `dataset/labels/train/NAME.txt` and `dataset/data.yaml` (`yolo detect train
    data=dataset/data.yaml`). A split without pictures is replaced by one that has some, since trainers want `train`
    and `val`: set `val`, say to 0.1. COCO: `dataset/images/train/NAME.jpg` and `dataset/annotations/train.json`.

    Objects are boxes; those with a mask, a `polygon` or turned corners get their outline as well. YOLO takes either
    boxes or outlines: where any object has one, all get one, of their largest part or of their box. Boxes are cut to
    the picture, and left out where nothing of them is left. A picture without objects is kept, as background. Key
    points are not written.

    The number of a class does not depend on the order of a run: it is the model's, where all predictions agree on it
    (numbers that do not occur are called `class_3`), else its place in alphabetical order. `class_names` fixes both.

    Annotations are made when the workflow is closed, from `objects.jsonl` in the same folder, which gets a line for
    each picture as it comes: a run that was killed and resumed gives the data set of one that was not, and a later
    run into the same folder adds to it, or replaces pictures of the same name. Others are never removed, so begin a
    data set in a new folder.

    Raises:
        ValueError: a class is not among `class_names`.
    """

    type = "detection_dataset_sink@v1"
    effects = True
    shares = "detection_dataset"

    class Output(NamedTuple):
        """Where the picture went."""

        path: Annotated[str, Port("path relative to the output folder")]

    def __init__(self, output: OutputFolder) -> None:
        self._output = output
        self._files = RecordFiles(output)
        self._sets: dict[str, tuple[str, list[str]]] = {}

    def run(
        self,
        images: Annotated[Image, Port("the pictures to save", alias="image")],
        predictions: Annotated[Detections, Port("the objects on each picture")],
        format: Setting[Annotated[Literal["yolo", "coco"], Port("the format of the data set")]] = "yolo",
        folder: Folder = "dataset",
        split: Split = "train",
        val: Share = 0.0,
        class_names: Setting[
            Annotated[list[str], Port("all classes in the order of their numbers; empty to take them as they are")]
        ] = [],  # noqa: B006 - defaults of ports are never modified
        file_type: FileType = "jpg",
    ) -> Output:
        """Save."""
        found = objects_on(onto(predictions, images.origin), images.width, images.height)
        _refuse_unknown(found, class_names)
        part = split_of(images, split, val)
        place = place_of(images, f"{folder}/images/{part}", file_type)
        path = self._output.write(place, images.encode(f".{file_type}"))
        picture = Picture(part, Path(path).name, images.width, images.height, found)
        lines = filled(folder, _LINES, {})
        self._files.write(lines, picture.to_line())
        self._sets[lines] = (format, class_names)
        return self.Output(path)

    def close(self) -> None:
        """Write the annotations."""
        self._files.close()
        while self._sets:
            name, (format, wanted) = self._sets.popitem()
            lines = self._output.file(name)
            latest = {(picture.split, picture.file): picture for picture in read_annotated(lines)}
            pictures = list(latest.values())
            _WRITE[format](lines.parent, pictures, class_names(pictures, wanted))
            _tell_strangers(lines.parent, pictures)


def _refuse_unknown(objects: list[Object], known: list[str]) -> None:
    unknown = sorted({item.name for item in objects} - set(known)) if known else []
    if unknown:
        raise ValueError(
            f"the class {unknown[0]!r} is not among class_names ({', '.join(map(repr, known))}); add it, or filter "
            "such objects out before"
        )


def _tell_strangers(folder: Path, pictures: list[Picture]) -> None:
    """Warn of pictures that a trainer would take for some of this data set."""
    ours = {(picture.split, picture.file) for picture in pictures}
    others = [path for path in (folder / "images").glob("*/*") if (path.parent.name, path.name) not in ours]
    if others:
        log.warning(
            "'%s' holds pictures that do not belong to the data set, such as '%s' (%d in all); remove them, or begin "
            "in a new folder",
            folder,
            others[0].name,
            len(others),
        )
