"""Two blocks: one runs a model of this package through the shared store, the other makes values of its own kind."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from cropflow import Batch, Block, Detections, DocumentFolder, Image, Kind, ModelId, ModelStore, Port, Setting
from cropflow.models import DetectSettings

LIGHT = Kind("acme/light", "mean brightness from 0 to 255", parents=("float",), reads=("float",), python=float)
Light = Annotated[float, LIGHT]


class FindSpots(Block):
    """Find bright spots, one box for each."""

    type = "acme/find_spots@v1"
    batch_size = 4

    class Output(NamedTuple):
        """The spots of one picture."""

        predictions: Annotated[Detections, Port("one box for each spot, the largest first")]

    def __init__(self, models: ModelStore, folder: DocumentFolder) -> None:
        self.models = models
        self.folder = folder

    def run(
        self,
        images: Annotated[Batch[Image], Port("where to look")],
        model_id: Annotated[ModelId, Port("a .spots file")],
        most: Annotated[Setting[int], Port("the most spots of one picture")] = 10,
    ) -> Batch[Output]:
        """Find them."""
        model = self.models.get(model_id, self.folder.path)
        found = model.detect([image.bgr for image in images], DetectSettings(max_detections=most))
        return [self.Output(detections) for detections in found]


class MeasureLight(Block):
    """Measure how bright a picture is, compared with another one."""

    type = "acme/measure_light@v1"

    class Output(NamedTuple):
        """Brightness of one picture."""

        light: Light

    def run(
        self,
        image: Annotated[Image, Port("what to measure")],
        against: Annotated[Light | None, Port("is taken off the result")] = None,
    ) -> Output:
        """Measure."""
        return self.Output(float(image.bgr.mean()) - (against or 0.0))
