"""What `check_block` finds in wrong blocks, and that it lets right ones pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest

from cropflow import (
    KINDS,
    Batch,
    Block,
    Detections,
    Group,
    Image,
    KindOf,
    Maybe,
    Route,
    RunError,
    Setting,
    StepRef,
    Stream,
    ZeroToOne,
)
from cropflow.testing import check_block

DARK = Image(np.zeros((8, 8, 3), np.uint8), id="dark")
LIGHT = Image(np.full((6, 9, 3), 200, np.uint8), id="light")
BOXES = Detections(np.array([[0.0, 0, 4, 4]]))
MASKS = Detections(np.array([[0.0, 0, 4, 4]]), mask=np.ones((1, 8, 8), np.bool_))


class Typed(Block):
    """Answer with what its `answer` says."""

    type = "test/typed@v1"
    answer: Any = ()

    class Output(NamedTuple):
        number: float = 0.5
        count: int = 1
        share: ZeroToOne = 1.0
        picture: Image | None = None
        found: Annotated[Detections, KINDS["instance_segmentation_prediction"]] = MASKS
        names: Mapping[str, int] = MappingProxyType({"a": 1})
        numbers: Sequence[int] = ()
        any: Any = None

    def run(self, image: Image) -> Output:
        return self.Output(**{"picture": image, **dict(self.answer)})


def answering(**values: Any) -> type[Block]:
    return type("Answering", (Typed,), {"run": Typed.run, "answer": values})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"picture": None},
        {"number": 1, "share": 0},
        {"number": np.float32(2.5), "count": np.int64(3)},
        {"numbers": (1, 2), "names": {}},
        {"found": Detections.empty()},
        {"any": DARK},
    ],
)
def test_values_of_the_declared_kinds_pass(values: dict[str, Any]) -> None:
    check_block(answering(**values), {"image": DARK}, {"image": LIGHT})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"count": "seven"}, "output 'count': expected integer, got string 'seven'"),
        ({"count": 1.5}, "output 'count': expected integer"),
        ({"count": True}, "output 'count': expected integer"),
        ({"picture": [1, 2]}, r"output 'picture': expected image, got list_of_values \[1, 2\]"),
        ({"share": 1.5}, "output 'share': expected float_zero_to_one"),
        ({"found": BOXES}, "output 'found': expected instance_segmentation_prediction"),
        ({"names": [1]}, "output 'names': expected dictionary"),
        ({"numbers": {1}}, "output 'numbers': expected list_of_values"),
        ({"number": None}, "a value for the output 'number', not None"),
    ],
)
def test_a_value_of_another_kind_is_told(values: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=f"test/typed@v1: .*{told}"):
        check_block(answering(**values), {"image": DARK})


class Parts(Block):
    """Fan out, with a text among the numbers."""

    type = "test/parts@v1"

    class Output(NamedTuple):
        number: int

    def run(self, image: Image) -> Group[Output]:
        return [self.Output(1), self.Output("two")]  # type: ignore[arg-type]


class Named(Block):
    """Tell outputs by settings."""

    type = "test/named@v1"

    @staticmethod
    def outputs(names: list[str]) -> Mapping[str, str]:
        return dict.fromkeys(names, "string")

    def run(self, image: Image, names: Setting[list[str]]) -> Mapping[str, Any]:
        return dict.fromkeys(names, 1)


def test_so_are_those_of_a_fan_out_and_of_outputs_told_by_settings() -> None:
    with pytest.raises(AssertionError, match="test/parts@v1: output 'number': expected integer, got string 'two'"):
        check_block(Parts, {"image": DARK})
    with pytest.raises(AssertionError, match="test/named@v1: output 'a': expected string, got integer 1"):
        check_block(Named, {"image": DARK, "names": ["a"]})


class Kept(Block):
    """Answer with the boxes alone."""

    type = "test/kept@v1"

    class Output(NamedTuple):
        predictions: Annotated[Detections, KindOf("predictions")]

    def run(
        self, predictions: Annotated[Detections, KINDS["instance_segmentation_prediction"]], strip: bool = False
    ) -> Output:
        return self.Output(Detections(predictions.xyxy) if strip else predictions)


def test_an_output_with_the_kind_of_an_input_is_held_to_it() -> None:
    check_block(Kept, {"predictions": MASKS})
    with pytest.raises(AssertionError, match="'predictions': expected instance_segmentation_prediction"):
        check_block(Kept, {"predictions": MASKS, "strip": True})


class FewRows(Block):
    """Answer for the first picture alone."""

    type = "test/few_rows@v1"

    class Output(NamedTuple):
        width: int

    def run(self, images: Batch[Image]) -> Batch[Output]:
        return [self.Output(images[0].width)]


@pytest.mark.parametrize("examples", [[DARK], [DARK, LIGHT]])
def test_too_few_rows_are_told_even_for_one_example(examples: list[Image]) -> None:
    with pytest.raises(AssertionError, match="must answer with as many rows, but gave 1"):
        check_block(FewRows, *({"images": image} for image in examples))


class Lost(Block):
    """Send pictures to no step there is."""

    type = "test/lost@v1"

    def run(self, image: Image, to: StepRef) -> Route:
        return Route([StepRef("nowhere")])


def test_a_route_to_no_step_is_told() -> None:
    with pytest.raises(AssertionError, match="not to 'nowhere'"):
        check_block(Lost, {"image": DARK})


class Failing(Block):
    """Fail."""

    type = "test/failing@v1"

    class Output(NamedTuple):
        value: int

    def run(self, image: Image) -> Output:
        return self.Output(1 // 0)


def test_a_block_that_fails_raises_what_a_workflow_raises() -> None:
    with pytest.raises(RunError, match="ZeroDivisionError"):
        check_block(Failing, {"image": DARK})


class TwoGroups(Block):
    """Name the parts of a picture."""

    type = "test/two_groups@v1"

    class Output(NamedTuple):
        text: str
        first: Image | None

    def run(self, parts: Group[Image], labels: Group[Maybe[str]]) -> Output:
        pairs = zip(parts, labels, strict=True)
        return self.Output(" ".join(f"{part.id}={label}" for part, label in pairs), next(iter(parts), None))


class Written(Block):
    """Add lists that are written out, and one beside them."""

    type = "test/written@v1"

    class Output(NamedTuple):
        total: int

    def run(self, lists: list[Batch[Group[int]]], named: dict[str, Batch[Group[int]]]) -> Batch[Output]:
        columns = zip(*lists, *named.values(), strict=True)
        return [self.Output(sum(sum(numbers) for numbers in element)) for element in columns]


def test_several_groups_hold_the_children_of_one_element() -> None:
    one, none = {"parts": [DARK], "labels": ["a"]}, {"parts": [], "labels": []}
    check_block(TwoGroups, one)
    check_block(TwoGroups, one, none, {"parts": [DARK, LIGHT], "labels": ["a", None]})
    check_block(Written, {"lists": [[1], [2]], "named": {"a": [3]}}, {"lists": [[], []], "named": {"a": []}})
    with pytest.raises(AssertionError, match=r"those of an example are equally long; got {'parts': 1, 'labels': 0}"):
        check_block(TwoGroups, one, {"parts": [DARK], "labels": []})


class Change(Block):
    """Tell how much a frame differs from the one before it."""

    type = "test/change@v1"
    count = 0

    class Output(NamedTuple):
        change: float | None
        count: int

    def run(self, image: Image, stream: Stream, forgetful: bool = True) -> Output:
        before, now = stream.state.get("mean"), float(image.bgr.mean())
        stream.state["mean"] = now
        self.count = 1 if forgetful else self.count + 1
        return self.Output(None if before is None else now - before, self.count)


class Frames(Block):
    """Count the frames of values that name no stream."""

    type = "test/frames@v1"

    class Output(NamedTuple):
        seen: int

    def run(self, values: Batch[int], streams: Batch[Stream]) -> Batch[Output]:
        for stream in streams:
            stream.state["seen"] = stream.state.get("seen", 0) + 1
        return [self.Output(stream.state["seen"]) for stream in streams]


def test_each_example_is_a_stream_of_its_own() -> None:
    frames = [Image(picture.pixels, id=picture.id, stream="one", frame=i) for i, picture in enumerate((DARK, LIGHT))]
    check_block(Change, {"image": DARK}, {"image": LIGHT})
    check_block(Change, *({"image": frame} for frame in frames))
    check_block(Frames, {"values": 1}, {"values": 2})


def test_what_a_block_remembers_outside_of_its_stream_is_told() -> None:
    with pytest.raises(AssertionError, match=r"element 1 in a batch differs from a call alone: \.count is 2 and was 1"):
        check_block(Change, {"image": DARK, "forgetful": False}, {"image": LIGHT, "forgetful": False})


class Undocumented(Block):
    type = "test/undocumented@v1"
    Output = FewRows.Output

    def run(self, image: Image) -> FewRows.Output:
        return self.Output(image.width)


def test_a_block_without_a_docstring_is_told() -> None:
    with pytest.raises(AssertionError, match="test/undocumented@v1 has no docstring"):
        check_block(Undocumented, {"image": DARK})


def test_a_name_that_is_no_port_is_told() -> None:
    with pytest.raises(AssertionError, match=r"the example names \['picture'\], which are no ports"):
        check_block(Failing, {"picture": DARK})
