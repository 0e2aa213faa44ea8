"""Small real blocks for documents under test: one for each shape of signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np

from cropflow import (
    BLACK,
    Batch,
    Block,
    Color,
    Detections,
    Group,
    Image,
    KindOf,
    Port,
    Route,
    Secret,
    Setting,
    StepRef,
    ZeroToOne,
    take,
)
from cropflow.kinds import KINDS


class Detect(Block):
    """Finds two boxes on every picture."""

    type = "t/detect@v1"
    aliases = ("roboflow_core/t_detect@v1", "TDetect")

    class Output(NamedTuple):
        predictions: Detections

    def run(
        self, images: Annotated[Batch[Image], Port("the pictures", alias="image")], confidence: ZeroToOne = 0.4
    ) -> Batch[Output]:
        boxes = np.array([[0, 0, 10, 10], [5, 5, 20, 15]], np.float32)
        return [self.Output(Detections(boxes, class_id=np.array([0, 1]))) for _ in images]


class Segment(Block):
    """Finds one box with a mask."""

    type = "t/segment@v1"

    class Output(NamedTuple):
        predictions: Annotated[Detections, KINDS["instance_segmentation_prediction"]]

    def run(self, image: Image) -> Output:
        mask = np.ones((1, image.height, image.width), np.bool_)
        return self.Output(Detections(np.array([[0, 0, 8, 8]], np.float32), mask=mask, class_id=np.array([0])))


class Crop(Block):
    """Cuts out every box."""

    type = "t/crop@v1"

    class Output(NamedTuple):
        crops: Image | None
        predictions: Annotated[Detections | None, KindOf("predictions")]

    def run(self, images: Annotated[Image, Port(alias="image")], predictions: Detections) -> Group[Output]:
        crops = images.crops(predictions.xyxy, predictions.data["detection_id"].tolist())
        return [self.Output(crop, take(predictions, i)) for i, crop in enumerate(crops)]


class Masks(Block):
    """Counts masks; boxes alone are not enough."""

    type = "t/masks@v1"

    class Output(NamedTuple):
        count: int

    def run(self, predictions: Annotated[Detections, KINDS["instance_segmentation_prediction"]]) -> Output:
        return self.Output(len(predictions))


class Area(Block):
    """Area of a picture."""

    type = "t/area@v1"

    class Output(NamedTuple):
        area: int

    def run(self, image: Annotated[Image, Port("the picture to measure")], scale: float = 1.0) -> Output:
        return self.Output(int(image.width * image.height * scale))


class Total(Block):
    """Adds up."""

    type = "t/total@v1"

    class Output(NamedTuple):
        total: float

    def run(self, values: Group[float], image: Image | None = None) -> Output:
        return self.Output(sum(values))


class Optional(Block):
    """May gather something, or nothing."""

    type = "t/optional@v1"

    class Output(NamedTuple):
        text: str

    def run(self, image: Image, values: Group[float] | None = None) -> Output:
        return self.Output(f"{image.id} {values}")


class Pair(Block):
    """Takes two pictures."""

    type = "t/pair@v1"

    class Output(NamedTuple):
        area: int

    def run(self, left: Image, right: Image) -> Output:
        return self.Output(left.width + right.width)


class Paint(Block):
    """Tells the colour it was given, and as what."""

    type = "t/paint@v1"

    class Output(NamedTuple):
        given: str

    def run(self, color: Color = BLACK) -> Output:
        return self.Output(repr(color))


class Read(Block):
    """Takes a number, a picture or both, whatever arrives."""

    type = "t/read@v1"

    class Output(NamedTuple):
        given: str

    def run(
        self, number: float | None = None, image: Image | None = None, prediction: Detections | None = None
    ) -> Output:
        return self.Output(f"{type(number).__name__} {number}")


class Anything(Block):
    """Gives any value: that of its setting, or what Python calls by that name."""

    type = "t/anything@v1"

    class Output(NamedTuple):
        value: Any

    def run(self, value: Setting[Any]) -> Output:
        special = {"numpy": np.float32(0.5), "wide": np.int64(3), "array": np.zeros(2)}
        return self.Output(special.get(value, value) if isinstance(value, str) else value)


class Many(Block):
    """Takes lists and mappings."""

    type = "t/many@v1"

    class Output(NamedTuple):
        text: str

    def run(
        self, items: list[float | str] = [], named: dict[str, float] = {}, pictures: list[Image] = []  # noqa: B006
    ) -> Output:  # fmt: skip
        return self.Output(f"{items} {named} {[picture.id for picture in pictures]}")


class Together(Block):
    """Takes groups that are written out."""

    type = "t/together@v1"

    class Output(NamedTuple):
        counts: str

    def run(self, lists: list[Group[float]]) -> Output:
        return self.Output(str([len(group) for group in lists]))


class Choose(Block):
    """Sends an element on."""

    type = "t/choose@v1"

    def run(self, value: Any, next_steps: list[StepRef], otherwise: StepRef | None = None) -> Route:
        return Route(next_steps)


class Store(Block):
    """Has the outputs its setting names."""

    type = "t/store@v1"

    @staticmethod
    def outputs(names: list[str]) -> dict[str, str]:
        if not names:
            raise ValueError("at least one name is needed")
        return {name: "nonsense" if name == "odd" else "string" for name in names}

    def run(self, names: Setting[list[str]]) -> Mapping[str, Any]:
        return {name: name.upper() for name in names}


class Login(Block):
    """Takes a secret."""

    type = "t/login@v1"

    class Output(NamedTuple):
        length: int

    def run(self, key: Secret) -> Output:
        return self.Output(len(key))


BLOCKS = (
    Detect,
    Segment,
    Crop,
    Masks,
    Area,
    Total,
    Optional,
    Pair,
    Paint,
    Read,
    Anything,
    Many,
    Together,
    Choose,
    Store,
    Login,
)
