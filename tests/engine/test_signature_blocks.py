"""What a signature and its class say about outputs, effects, resources and names of the whole block."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from pydantic import Field

from cropflow import (
    BLACK,
    KINDS,
    Block,
    BlockError,
    Color,
    Detections,
    Image,
    InputError,
    KindOf,
    ModelStore,
    OutputFolder,
    Port,
    Ports,
    Setting,
    Workflow,
)


class Answer(NamedTuple):
    value: int


def spec(run, **attributes):
    return type("Example", (Block,), {"type": "t/example@v1", "run": run, **attributes}).spec


def names(kinds):
    return [kind.name for kind in kinds]


def test_outputs_in_order_with_kinds_and_words():
    class Output(NamedTuple):
        crops: Annotated[Image | None, Port("the crop; missing where the box has no area")]
        size: int

    def run(self, image: Image) -> Output: ...

    crops, size = spec(run).outputs
    assert (crops.name, names(crops.kinds), crops.optional) == ("crops", ["image"], True)
    assert crops.doc == "the crop; missing where the box has no area"
    assert (size.name, names(size.kinds), size.optional) == ("size", ["integer"], False)


@pytest.mark.parametrize("hint", [Any, int | None, Annotated[int | None, KINDS["integer"]]])
def test_outputs_that_may_be_missing(hint):
    class Output(NamedTuple):
        value: hint

    def run(self): ...

    run.__annotations__ = {"return": Output}
    assert spec(run).outputs[0].optional


def test_an_output_has_the_kind_of_one_input_or_several():
    class Output(NamedTuple):
        one: Annotated[Detections, KindOf("first")]
        both: Annotated[Detections | None, KindOf("first", "second")]
        inside: Annotated[Detections, KindOf("first")] | None

    def run(self, first: Detections, second: Detections) -> Output: ...

    one, both, inside = spec(run).outputs
    assert one.kind_of == ("first",)
    assert (both.kind_of, both.optional) == (("first", "second"), True)
    assert (inside.kind_of, inside.optional) == (("first",), True)


def test_outputs_that_depend_on_settings():
    class Store(Block):
        type = "t/store@v1"

        @staticmethod
        def outputs(keys: list[str]) -> dict[str, str]:
            return dict.fromkeys(keys, "string")

        def run(self, keys: Setting[list[str]]) -> Mapping[str, Any]: ...

    assert Store.spec.outputs == ()
    assert Store.spec.dynamic_settings == ("keys",)
    assert Store.spec.dynamic_outputs(["a"]) == {"a": "string"}


def test_effects_order_and_no_outputs():
    def run(self, value: int) -> None: ...

    found = spec(run, effects=True)
    assert (found.effects, found.ordered, found.outputs) == (True, True, ())


def test_a_shared_resource_orders_calls():
    assert spec(lambda_run(), shares="camera").ordered
    assert not spec(lambda_run()).ordered


def lambda_run():
    def run(self, value: int) -> None: ...

    return run


def test_resources_are_asked_for_by_class():
    class Sink(Block):
        type = "t/sink@v1"

        def __init__(self, folder: OutputFolder, models: ModelStore) -> None: ...

        def run(self, value: int) -> None: ...

    assert Sink.spec.resources == (("folder", OutputFolder), ("models", ModelStore))


def test_names_documentation_and_aliases_are_read():
    class Documented(Block):
        """Says what it does."""

        type = "t/documented@v2"
        aliases = ("Documented",)

        def run(self, image: Annotated[Image, Port("what to look at", alias=("images", "picture"))]) -> Answer: ...

    found = Documented.spec
    assert (found.type, found.aliases, found.doc) == ("t/documented@v2", ("Documented",), "Says what it does.")
    assert found.port("image").aliases == ("images", "picture")
    assert found.port("image").doc == "what to look at"


def test_a_block_without_words_of_its_own_has_those_of_the_block_it_extends():
    class Shared(Block):
        """Answer.

        In one way.
        """

    def run(self, x: int) -> Answer: ...

    assert spec(run).doc == ""
    assert type("Example", (Shared,), {"type": "t/example@v1", "run": run}).spec.doc == "Answer.\n\nIn one way."


def test_versions_share_a_base_without_run_or_a_function():
    class Base(Block):
        class Output(NamedTuple):
            value: int

        def helper(self) -> int:
            return 1

    class One(Base):
        type = "t/shared@v1"

        def run(self, x: int) -> Base.Output:
            return self.Output(self.helper())

    class Two(Base):
        type = "t/shared@v2"
        run = One.run

    assert "spec" not in vars(Base)
    assert (One.spec.type, Two.spec.type) == ("t/shared@v1", "t/shared@v2")
    assert [(port.name, port.kinds) for port in One.spec.ports] == [(port.name, port.kinds) for port in Two.spec.ports]


@dataclass(frozen=True, slots=True)
class Pen(Ports):
    """What lines are drawn with."""

    width: Annotated[int, Field(ge=1), Port("in pixels", alias="thickness")]
    color: Annotated[Color, Port("of the lines")] = BLACK


def test_fields_that_several_blocks_have_come_as_one_value():
    class Draw(Block):
        """Tell the pen."""

        type = "t/draw@v1"

        class Output(NamedTuple):
            pen: str

        def run(self, image: Image, pen: Pen, closed: bool = True) -> Output:
            return self.Output(f"{pen.width} {pen.color} {closed}")

    assert [port.name for port in Draw.spec.ports] == ["image", "width", "color", "closed"]
    assert Draw.spec.port("width").required and Draw.spec.port("width").aliases == ("thickness",)
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "width", "kind": ["integer"]},
        ],
        "steps": [{"type": "t/draw@v1", "name": "draw", "image": "$inputs.image", "thickness": "$inputs.width"}],
        "outputs": [{"type": "JsonField", "name": "pen", "selector": "$steps.draw.pen"}],
    }
    picture = Image(np.zeros((2, 2, 3), np.uint8))
    with Workflow.load(document, blocks=[Draw]) as workflow:
        rows = workflow.run({"image": [picture, picture], "width": [1, 2]})
        assert [row["pen"] for row in rows] == ["1 (0, 0, 0) True", "2 (0, 0, 0) True"]
        with pytest.raises(InputError):
            workflow.run({"image": picture, "width": ["wide"]})


def test_a_bundle_of_ports_must_be_a_dataclass():
    class Loose(Ports):
        width: int

    with pytest.raises(BlockError, match=r"parameter 'pen': write @dataclass\(frozen=True\) above .*Loose"):

        class Draw(Block):
            """Draw."""

            type = "t/draw@v1"

            def run(self, pen: Loose) -> None: ...
