"""Signatures read the same where annotations are kept as text (`from __future__ import annotations`)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from cropflow import (
    BLACK,
    Batch,
    Block,
    Color,
    Detections,
    Group,
    Image,
    KindOf,
    Maybe,
    OutputFolder,
    Port,
    Setting,
    Stream,
    ZeroToOne,
    each,
)


class Cut(Block):
    """Cuts pictures."""

    type = "t/cut@v1"

    class Output(NamedTuple):
        crops: Image | None
        predictions: Annotated[Detections, KindOf("predictions")]

    def __init__(self, folder: OutputFolder) -> None:
        self.folder = folder

    def run(
        self,
        images: Batch[Annotated[Image, Port("what to cut", alias="image")]],
        predictions: Batch[Maybe[Detections]],
        stream: Stream,
        opacity: ZeroToOne = 0.0,
        scores: Batch[float] = each(0.5),
        mode: Setting[str] = "plain",
        color: Color | None = None,
        background: Color = BLACK,
    ) -> Batch[Group[Output]]: ...


class CutAgain(Cut):
    type = "t/cut@v2"
    run = Cut.run


def test_ports_and_outputs_are_read_from_text():
    found = Cut.spec
    assert (found.batch, found.fan_out, found.stream) == (True, True, "stream")
    assert found.resources == (("folder", OutputFolder),)
    assert [port.name for port in found.ports] == [
        "images",
        "predictions",
        "opacity",
        "scores",
        "mode",
        "color",
        "background",
    ]
    assert [str(kind) for port in found.ports for kind in port.kinds] == [
        "image",
        "object_detection_prediction",
        "float_zero_to_one",
        "float",
        "string",
        "rgb_color",
        "rgb_color",
    ]
    assert (found.port("images").doc, found.port("images").aliases) == ("what to cut", ("image",))
    assert found.port("predictions").sees_missing
    assert found.port("scores").default == 0.5
    assert found.port("mode").setting
    crops, predictions = found.outputs
    assert (crops.optional, predictions.kind_of) == (True, ("predictions",))


def test_a_class_may_take_over_run_and_output():
    assert [port.name for port in CutAgain.spec.ports] == [port.name for port in Cut.spec.ports]
    assert [output.name for output in CutAgain.spec.outputs] == ["crops", "predictions"]


def test_a_class_defined_in_a_function_finds_its_own_output():
    class Inner(Block):
        type = "t/inner@v1"

        class Output(NamedTuple):
            size: int

        def run(self, image: Image) -> Output: ...

    assert [output.name for output in Inner.spec.outputs] == ["size"]
