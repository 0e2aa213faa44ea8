"""What a block author may write in a signature, what it means, and what is refused when the class is defined."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest
from pydantic import BaseModel, Field

from cropflow import (
    KINDS,
    Batch,
    Block,
    BlockError,
    Classification,
    Color,
    Detections,
    Group,
    Image,
    Kind,
    KindOf,
    Maybe,
    ModelId,
    ModelStore,
    OutputFolder,
    Port,
    Route,
    Setting,
    StepRef,
    Stream,
    ZeroToOne,
    each,
)
from cropflow.spec import REQUIRED


class Answer(NamedTuple):
    value: int


class Boxes(NamedTuple):
    predictions: Annotated[Detections, KindOf("predictions")]


class Unknown:
    """A type without a kind."""


def define(run, **attributes):
    return type("Example", (Block,), {"type": "t/example@v1", "run": run, **attributes})


def spec(run, **attributes):
    return define(run, **attributes).spec


def names(kinds):
    return [kind.name for kind in kinds]


def refused(run, **attributes):
    with pytest.raises(BlockError) as caught:
        define(run, **attributes)
    return str(caught.value)


def port(annotation, default=REQUIRED, answer=Answer):
    """The port that a parameter `x` of this annotation makes, beside nothing else."""

    def run(self, x): ...

    run.__annotations__ = {"x": annotation, "return": answer}
    run.__defaults__ = () if default is REQUIRED else (default,)
    return spec(run).port("x")


def wrong(annotation, default=REQUIRED, answer=Answer):
    with pytest.raises(BlockError) as caught:
        port(annotation, default, answer)
    return str(caught.value)


# One row of the table after the other


def test_a_plain_parameter_takes_one_element_and_must_be_given():
    found = port(Image)
    assert names(found.kinds) == ["image"]
    assert found.required
    assert not (found.batch or found.group or found.takes_none or found.sees_missing or found.setting or found.steps)
    assert found.container is None


def test_a_default_makes_a_field_optional():
    found = port(float, 0.5)
    assert (found.required, found.default) == (False, 0.5)


@pytest.mark.parametrize(
    ("annotation", "kinds"),
    [
        (Image, ["image"]),
        (Detections, ["object_detection_prediction"]),
        (Classification, ["classification_prediction"]),
        (bool, ["boolean"]),
        (int, ["integer"]),
        (float, ["float"]),
        (str, ["string"]),
        (bytes, ["bytes"]),
        (datetime.datetime, ["timestamp"]),
        (np.ndarray, ["numpy_array"]),
        (np.ndarray[Any, np.dtype[np.uint8]], ["numpy_array"]),
        (list, ["list_of_values"]),
        (tuple[int, int], ["list_of_values"]),
        (Sequence[int], ["list_of_values"]),
        (dict, ["dictionary"]),
        (Mapping[str, int], ["dictionary"]),
        (Any, ["*"]),
        (object, ["*"]),
        (ZeroToOne, ["float_zero_to_one"]),
        (Color, ["rgb_color"]),
        (ModelId, ["model_id"]),
        (Literal["a", "b"], ["string"]),
        (Literal["a", 1], ["string", "integer"]),
        (int | str, ["integer", "string"]),
        (Image | None, ["image"]),
        (Annotated[float, Field(ge=1)], ["float"]),
        (Annotated[list[int], KINDS["zone"]], ["zone"]),
        (Annotated[str, KINDS["secret"], KINDS["model_id"]], ["secret", "model_id"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_annotation_gives_the_kinds(annotation, kinds):
    assert names(port(annotation).kinds) == kinds
    assert names(port(Batch[annotation], answer=Batch[Answer]).kinds) == kinds
    assert names(port(Group[annotation]).kinds) == kinds


def test_a_model_of_pydantic_is_a_dictionary():
    class Size(BaseModel):
        width: int

    found = port(Setting[Size])
    assert names(found.kinds) == ["dictionary"]
    assert found.literal.read({"width": 3}) == Size(width=3)


def test_a_plug_in_may_bring_a_kind_of_its_own():
    kind = Kind("acme/plate", "a number plate", python=Unknown, literal=False)
    assert port(Annotated[Unknown, kind]).kinds == (kind,)


def test_batch_takes_many_elements_and_answers_one_row_each():
    def run(self, images: Batch[Image], confidence: ZeroToOne = 0.4) -> Batch[Answer]: ...

    found = spec(run, batch_size=8, whole=True)
    assert found.batch
    assert found.port("images").batch
    assert not found.port("confidence").batch
    assert (found.batch_size, found.whole, found.fan_out, found.gathers) == (8, True, False, False)


def test_group_gathers_the_level_below():
    found = port(Group[float])
    assert found.group
    assert not found.batch

    def run(self, values: Group[float]) -> Answer: ...

    assert spec(run).gathers


def test_batch_goes_outside_of_group():
    def run(self, values: Batch[Group[float]]) -> Batch[Group[Answer]]: ...

    found = spec(run)
    assert (found.batch, found.gathers, found.fan_out) == (True, True, True)
    assert found.port("values").batch
    assert found.port("values").group


def test_group_answers_fan_out():
    def run(self, image: Image) -> Group[Answer]: ...

    found = spec(run)
    assert (found.fan_out, found.batch) == (True, False)
    assert [output.name for output in found.outputs] == ["value"]


def test_none_may_be_left_out_but_is_not_seen_when_missing():
    found = port(Image | None, None)
    assert (found.takes_none, found.sees_missing, found.required) == (True, False, False)


@pytest.mark.parametrize("annotation", [Maybe[int], Batch[Maybe[int]], Group[Maybe[int]], Batch[Group[Maybe[int]]]])
def test_maybe_sees_missing_elements(annotation):
    answer = Batch[Answer] if "Batch" in str(annotation) else Answer
    found = port(annotation, answer=answer)
    assert (found.takes_none, found.sees_missing, found.sees_unmade) == (True, True, False)


@pytest.mark.parametrize("annotation", [list[Maybe[int]], dict[str, Maybe[int]]])
def test_maybe_inside_a_container_concerns_the_members(annotation):
    found = port(annotation)
    assert found.leaf.sees_missing
    assert not found.sees_missing


def test_maybe_around_a_group_sees_lists_that_were_never_made():
    found = port(Maybe[Group[int]])
    assert (found.group, found.takes_none, found.sees_unmade, found.sees_missing) == (True, True, True, False)
    both = port(Maybe[Group[Maybe[int]]])
    assert (both.sees_unmade, both.sees_missing) == (True, True)


def test_a_setting_is_a_literal():
    found = port(Setting[Literal["sum", "mean"]], "sum")
    assert (found.setting, found.default, names(found.kinds)) == (True, "sum", ["string"])
    assert found.literal.read("mean") == "mean"


def test_the_members_of_a_setting_are_not_wired():
    assert port(Setting[list[str]]).container is None
    assert port(Setting[dict[str, int]]).container is None


@pytest.mark.parametrize(("annotation", "container"), [(list[Image], "list"), (dict[str, Image], "dict")])
def test_lists_and_mappings_come_whole_or_written_out(annotation, container):
    found = port(annotation)
    assert found.container == container
    assert names(found.kinds) == [{"list": "list_of_values", "dict": "dictionary"}[container]]
    assert names(found.leaf.kinds) == ["image"]


@pytest.mark.parametrize("annotation", [list[Batch[int]], dict[str, Batch[int]]])
def test_a_container_of_batches_is_written_out_only(annotation):
    found = port(annotation, answer=Batch[Answer])
    assert (found.kinds, found.batch, found.leaf.batch) == ((), True, True)


@pytest.mark.parametrize("annotation", [list[Group[int]], dict[str, Group[int]]])
def test_a_container_of_groups_is_written_out_only(annotation):
    found = port(annotation)
    assert (found.kinds, found.group, found.leaf.group) == ((), True, True)


def test_each_is_the_default_of_one_element():
    found = port(Batch[float], each(0.5), Batch[Answer])
    assert (found.default, found.required) == (0.5, False)


def test_stream_is_no_field():
    def run(self, image: Image, stream: Stream) -> Answer: ...

    found = spec(run)
    assert found.stream == "stream"
    assert [item.name for item in found.ports] == ["image"]
    assert found.ordered


@pytest.mark.parametrize(
    ("annotation", "container"), [(StepRef, None), (list[StepRef], "list"), (dict[str, StepRef], "dict")]
)
def test_steps_to_go_on_to(annotation, container):
    def run(self, x, targets): ...

    run.__annotations__ = {"x": int, "targets": annotation, "return": Route}
    found = spec(run)
    assert found.routes
    assert found.outputs == ()
    assert found.port("targets").steps
    assert found.port("targets").container == container
    assert found.port("targets").leaf.kinds == ()


def test_a_batch_of_routes():
    def run(self, x: Batch[int], targets: list[StepRef]) -> Batch[Route]: ...

    found = spec(run)
    assert (found.batch, found.routes) == (True, True)


@pytest.mark.parametrize("annotation", [int, float, str, bool, ZeroToOne, Color, list[int], dict[str, float], Any])
def test_kinds_with_a_json_form_take_literals(annotation):
    assert port(annotation).literal.adapter is not None


@pytest.mark.parametrize(
    "annotation", [Image, Detections, Classification, np.ndarray, bytes, list[Image], Batch[Image]]
)
def test_kinds_without_a_json_form_take_selectors_only(annotation):
    answer = Batch[Answer] if annotation == Batch[Image] else Answer
    assert port(annotation, answer=answer).literal.adapter is None


def test_in_a_union_only_members_with_a_json_form_are_literals():
    found = port(Detections | list[int] | str)
    assert found.literal.read([1, 2]) == [1, 2]
    assert found.literal.read("a") == "a"
    with pytest.raises(ValueError, match="a list or a string"):
        found.literal.read(1.5)


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


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[Batch[Image], Port("words", alias="a")],
        Batch[Annotated[Image, Port("words", alias="a")]],
        Maybe[Batch[Annotated[Image, Port("words", alias="a")]]],
    ],
)
def test_words_and_aliases_may_stand_in_any_layer(annotation):
    found = port(annotation, answer=Batch[Answer])
    assert (found.doc, found.aliases) == ("words", ("a",))


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
    assert One.spec.ports == Two.spec.ports or names(One.spec.ports[0].kinds) == names(Two.spec.ports[0].kinds)


def test_mutable_defaults_do_no_harm():
    found = port(list[str], ["a"])
    assert found.default == ["a"]
    assert hash(found) == hash(found)


# What is refused, and in which words


def test_a_batch_answer_needs_a_batch():
    def run(self, image: Image) -> Batch[Answer]: ...

    assert "answers with a Batch but takes none; write Batch[...]" in refused(run)


def test_a_batch_needs_a_batch_answer():
    def run(self, images: Batch[Image]) -> Answer: ...

    assert "must answer with a Batch: one row per element" in refused(run)


@pytest.mark.parametrize("annotation", [Group[Group[int]], Batch[Group[Group[int]]]])
def test_groups_do_not_nest(annotation):
    assert "nothing nests deeper than Batch[Group[T]]" in wrong(annotation, answer=Batch[Answer])


@pytest.mark.parametrize("annotation", [Group[Batch[int]], Batch[Batch[int]]])
def test_batch_goes_outermost(annotation):
    assert "Batch goes outermost, as in Batch[Group[T]]" in wrong(annotation, answer=Batch[Answer])


@pytest.mark.parametrize("answer", [Group[Group[Answer]], Group[Batch[Answer]], Batch[Batch[Answer]]])
def test_answers_do_not_nest_deeper(answer):
    assert "an answer nests no deeper than Batch[Group[Output]]" in wrong(Batch[int], answer=answer)


def test_kind_of_names_a_parameter():
    def run(self, image: Image) -> Boxes: ...

    assert "output 'predictions': KindOf names 'predictions', which is no parameter of run" in refused(run)


def test_every_parameter_has_an_annotation():
    def run(self, image) -> Answer: ...

    assert "parameter 'image' has no annotation; its type is the kind of the port" in refused(run)


def test_the_answer_has_an_annotation():
    def run(self, image: Image): ...

    assert "annotate what it returns: Output, or None if it has no outputs" in refused(run)


def test_a_type_without_a_kind_is_told_how_to_get_one():
    message = wrong(Unknown)
    assert "parameter 'x': the type Unknown has no kind" in message
    assert "Annotated[Unknown, Kind(" in message


def test_outputs_need_kinds_too():
    class Output(NamedTuple):
        thing: Unknown

    def run(self) -> Output: ...

    assert "output 'thing': the type Unknown has no kind" in refused(run)


def test_parameters_are_named():
    def some(self, *images: Image) -> Answer: ...
    def named(self, **images: Image) -> Answer: ...
    def positional(self, image: Image, /) -> Answer: ...

    for run in (some, named, positional):
        assert "must be an ordinary named parameter" in refused(run)


def test_step_references_and_routes_belong_together():
    def named(self, x: int, targets: list[StepRef]) -> Answer: ...
    def routed(self, x: int) -> Route: ...

    for run in (named, routed):
        assert "a block that names steps (StepRef) answers with a Route, and only such a block" in refused(run)


def test_a_route_does_not_fan_out():
    def run(self, x: int, target: StepRef) -> Group[Route]: ...

    assert "a Route sends the element itself on and cannot be a Group" in refused(run)


def test_a_default_of_none_is_written_in_the_type():
    def run(self, x: int = None) -> Answer: ...  # type: ignore[assignment]  # noqa: RUF013

    assert "parameter 'x' has the default None: write `T | None`" in refused(run)


def test_dynamic_outputs_need_a_static_method():
    def run(self, keys: Setting[list[str]]) -> Mapping[str, Any]: ...
    def outputs(keys: list[str]) -> dict[str, str]: ...

    assert "add @staticmethod outputs(setting, ...)" in refused(run)
    assert "add @staticmethod outputs(setting, ...)" in refused(run, outputs=outputs)


def test_dynamic_outputs_ask_for_settings():
    def run(self, keys: list[str]) -> Mapping[str, Any]: ...
    def outputs(keys: list[str]) -> dict[str, str]: ...

    assert "outputs: 'keys' is no Setting of run" in refused(run, outputs=staticmethod(outputs))


def test_a_setting_can_be_written_in_a_document():
    assert "a Setting is written in the document, which is impossible for image" in wrong(Setting[Image])


@pytest.mark.parametrize("answer", [int, list[Answer], Answer | None])
def test_the_answer_names_its_outputs(answer):
    assert "return a NamedTuple that names the outputs" in wrong(int, answer=answer)


def test_names_that_cannot_be_resolved():
    def run(self, image: "Picture") -> Answer: ...  # noqa: F821

    assert "the annotation 'Picture' cannot be resolved; import it" in refused(run)


@pytest.mark.parametrize("text", ["Image.Nothing", "1 +", "int[str]"])
def test_annotations_that_cannot_be_evaluated(text):
    assert "an annotation cannot be evaluated" in wrong(text)


def test_a_block_has_a_type():
    with pytest.raises(BlockError, match='declare its id, such as type = "acme/nameless@v1"'):

        class Nameless(Block):
            def run(self, x: int) -> Answer: ...


def test_resources_are_annotated():
    with pytest.raises(BlockError, match="annotate 'folder' with the class of the resource it asks for"):

        class Sink(Block):
            type = "t/sink@v1"

            def __init__(self, folder) -> None: ...

            def run(self, value: int) -> None: ...
