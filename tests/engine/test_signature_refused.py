"""Wrong signatures fail when the class is defined, with words that tell the author what to write."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import pytest

from cropflow import (
    Batch,
    Block,
    BlockError,
    Detections,
    Group,
    Image,
    KindOf,
    Port,
    Route,
    Setting,
    StepRef,
    Stream,
)


class Answer(NamedTuple):
    value: int


class Boxes(NamedTuple):
    predictions: Annotated[Detections, KindOf("predictions")]


class Unknown:
    """A type without a kind."""


def refused(run, **attributes):
    with pytest.raises(BlockError) as caught:
        type("Example", (Block,), {"type": "t/example@v1", "run": run, **attributes})
    return str(caught.value)


def wrong(annotation, answer=Answer):
    def run(self, x): ...

    run.__annotations__ = {"x": annotation, "return": answer}
    return refused(run)


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


def _refused(**parts: Any) -> str:
    """Define a block with these parts and return what is told of it."""
    with pytest.raises(BlockError) as caught:
        type("Wrong", (Block,), {"type": "test/wrong@v1", **parts})
    return str(caught.value)


def _one(self: Any, number: int) -> None: ...


def _alias(self: Any, one: Annotated[int, Port(alias="number")], two: Annotated[int, Port(alias="number")]) -> None: ...


def _reserved(self: Any, one: Annotated[int, Port(alias="name")]) -> None: ...


async def _later(self: Any, number: int) -> None: ...


def _streams(self: Any, one: Stream, two: Stream) -> None: ...


def _streams_alone(self: Any, one: Batch[Stream]) -> None: ...


def _many(self: Any, numbers: Batch[int]) -> None: ...


def _setting(self: Any, numbers: Setting[Group[int]]) -> None: ...


def _rows_of_nothing(self: Any, number: int) -> Group[None]: ...


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"type": "no version", "run": _one}, "'no version' must look like name@v1 or plugin/name@v1"),
        ({"run": _alias}, "two ports answer to the field 'number'"),
        ({"run": _reserved}, "'name' belongs to the step itself"),
        ({"run": _later}, "write an ordinary function"),
        ({"run": _streams}, "'one' takes the Stream already"),
        ({"run": _streams_alone}, "write one: Stream"),
        ({"run": _many, "batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"run": _setting}, "'numbers' is a Setting"),
        ({"run": _rows_of_nothing}, "a Group holds rows of outputs"),
    ],
)
def test_contradictions_are_refused_when_the_class_is_defined(parts: dict[str, Any], told: str) -> None:
    assert told in _refused(**parts)
