"""What a block author may write in a signature, and what it means."""

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
    Classification,
    Color,
    Detections,
    Group,
    Image,
    Kind,
    Maybe,
    ModelId,
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


class Unknown:
    """A type without a kind."""


def define(run, **attributes):
    return type("Example", (Block,), {"type": "t/example@v1", "run": run, **attributes})


def spec(run, **attributes):
    return define(run, **attributes).spec


def names(kinds):
    return [kind.name for kind in kinds]


def port(annotation, default=REQUIRED, answer=Answer):
    """The port that a parameter `x` of this annotation makes, beside nothing else."""

    def run(self, x): ...

    run.__annotations__ = {"x": annotation, "return": answer}
    run.__defaults__ = () if default is REQUIRED else (default,)
    return spec(run).port("x")


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


def test_mutable_defaults_do_no_harm():
    found = port(list[str], ["a"])
    assert found.default == ["a"]
    assert hash(found) == hash(found)
