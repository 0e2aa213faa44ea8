"""What goes on inside of a network: vectors that describe pictures, and what in a picture speaks for an answer."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from cropflow.block import Batch, Port
from cropflow.image import Image
from cropflow.kinds import KINDS, ModelId
from cropflow.models import DetectSettings
from cropflow_blocks.models.fields import Images, Model, ModelBlock, class_ids
from cropflow_blocks.models.objects import Confidence


class ImageEmbedding(ModelBlock):
    """Describe pictures by vectors, which are the more alike the more the pictures are.

    Takes any `.pt` weights: a classifier trained on similar pictures serves best. The vector is the mean of a layer
    over the picture, as that of Ultralytics' `embed`. Compare vectors with `cosine_similarity`.
    """

    type = "image_embedding@v1"
    batch_size = 64

    class Output(NamedTuple):
        """The vector of one picture."""

        embedding: Annotated[list[float], KINDS["embedding"], Port("the vector")]
        model_id: Annotated[ModelId, Port("the model that was asked")]

    def run(
        self,
        images: Images,
        model_id: Model,
        embed: Annotated[
            list[int] | None, Port("numbers of the layers whose means are joined; the last before the head if left out")
        ] = None,
    ) -> Batch[Output]:
        """Embed."""
        vectors = self.model(model_id).embed([image.bgr for image in images], embed)
        return [self.Output(vector.tolist(), model_id) for vector in vectors]


class ActivationMap(ModelBlock):
    """Show what in a picture speaks for what the model found: red counts much, blue little.

    Takes `.pt` weights. The map is that of Ultralytics' `visualize` (LayerCAM: Jiang et al., IEEE Transactions on Image
    Processing 2021) over the 16 strongest findings. It takes about ten times as long as finding them.
    """

    type = "activation_map@v1"

    class Output(NamedTuple):
        """The map of one picture."""

        image: Annotated[Image, Port("the picture with the map over it; of classifiers the square they look at")]

    def run(
        self,
        image: Annotated[Image, Port("the picture to look at")],
        model_id: Model,
        conf: Confidence = 0.25,
        classes: Annotated[
            list[str | int] | None, Port("numbers or names of the classes that count; all if left out")
        ] = None,
    ) -> Output:
        """Explain."""
        model = self.model(model_id)
        settings = DetectSettings(confidence=conf, classes=class_ids(classes, model.info, "classes"))
        shown = model.activation(image.bgr, settings)
        return self.Output(image.with_pixels(shown) if model.info.task != "classify" else image.warped(shown))
