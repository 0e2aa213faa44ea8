"""When blocks fail: exactly the failing elements are missing and named, and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given

from cropflow import Batch, Block, BlockError, Group, Image, Maybe, Route, RunError, Setting, StepRef, Stream, Workflow

from .graphs import Features, documents
from .levels import Refused
from .made import workflow
from .naive import Answer, NoValue, interpret
from .shapes import Bad, Document
from .test_against_naive import many

failing = Features(batch=True, group=True, gates=True, missing=True, fails=True, effects=True, wild=0)


@many
@given(documents(failing))
def test_exactly_what_failed_is_missing_and_the_first_failure_is_raised(document: Document) -> None:
    try:
        expected = interpret(document)
    except (Refused, NoValue):
        assume(False)
    skipping(document, expected)
    if expected.errors:
        raising(document, expected)


def skipping(document: Document, expected: Answer) -> None:
    loaded, calls = workflow(document)
    result = loaded.run({item.name: item.value for item in document.inputs}, on_error="skip")
    assert list(result) == expected.rows
    assert Counter((error.step, error.element) for error in result.errors) == Counter(expected.errors)
    assert all(isinstance(error.__cause__, Bad) for error in result.errors)
    assert calls.violations == []
    for step in document.steps:
        elements = [element for call in calls.of.get(step.name, []) for element in call]
        if step.block.batch and not step.block.fails_whole:
            assert {repr(element) for element in elements} == {repr(ran) for ran in expected.ran.get(step.name, [])}
        else:
            assert elements == expected.ran.get(step.name, []), "an element is called twice, or out of order"


def raising(document: Document, expected: Answer) -> None:
    loaded, _ = workflow(document)
    with pytest.raises(RunError) as error:
        loaded.run({item.name: item.value for item in document.inputs})
    assert (error.value.step, error.value.element) == expected.errors[0]
    assert isinstance(error.value.__cause__, Bad)


class Digits(Block):
    """Takes a number apart into its digits."""

    type = "test/digits@v1"

    class Output(NamedTuple):
        digit: int

    def run(self, number: int) -> Group[Output]:
        return [self.Output(int(digit)) for digit in str(number)]


class Words(Block):
    """Answers with values of any kind."""

    type = "test/words@v1"

    class Output(NamedTuple):
        word: Any

    def run(self, text: Any) -> Group[Output]:
        return [self.Output(text)]


class Inverse(Block):
    type = "test/inverse@v1"

    class Output(NamedTuple):
        value: float

    def run(self, number: int) -> Output:
        return self.Output(1 / number)


class Inverses(Block):
    type = "test/inverses@v1"

    class Output(NamedTuple):
        value: float

    def run(self, numbers: Batch[int]) -> Batch[Output]:
        LOG.append(list(numbers))
        return [self.Output(1 / number) for number in numbers]


class WholeInverses(Inverses):
    type = "test/whole_inverses@v1"
    whole = True
    run = Inverses.run


class WrittenInverses(Inverses):
    type = "test/written_inverses@v1"
    effects = True
    batch_size = 2
    run = Inverses.run


class StreamInverses(Block):
    type = "test/stream_inverses@v1"

    class Output(NamedTuple):
        value: float

    def run(self, numbers: Batch[int], stream: Stream) -> Batch[Output]:
        LOG.append(list(numbers))
        return [self.Output(1 / number) for number in numbers]


class Total(Block):
    type = "test/total@v1"

    class Output(NamedTuple):
        value: int

    def run(self, numbers: Group[int]) -> Output:
        return self.Output(sum(numbers))


class Report(Block):
    type = "test/report@v1"

    class Output(NamedTuple):
        value: str

    def run(self, numbers: Maybe[Group[int]]) -> Output:
        return self.Output(repr(numbers))


class Positive(Block):
    type = "test/positive@v1"

    def run(self, number: Any, to: list[StepRef]) -> Route:
        return Route(to if isinstance(number, int) and number > 0 else ())


class Odd(Block):
    """Breaks the promise of its signature in the way its setting says."""

    type = "test/odd@v1"

    class Output(NamedTuple):
        value: int

    def run(self, number: int, how: Setting[str]) -> Output:
        answers: dict[str, Any] = {"none": None, "missing": self.Output(None), "tuple": (1,), "text": "1"}  # type: ignore[arg-type]
        return answers[how]  # type: ignore[no-any-return]


class Lone(Block):
    """Forgets the list around its rows."""

    type = "test/lone@v1"

    class Output(NamedTuple):
        value: int

    def run(self, number: int) -> Group[Output]:
        return self.Output(number)  # type: ignore[return-value]


class Named(Block):
    type = "test/named@v1"

    @staticmethod
    def outputs(names: list[str]) -> dict[str, str]:
        return dict.fromkeys(names, "*")

    def run(self, number: int, names: Setting[list[str]]) -> dict[str, Any]:
        return {} if number < 0 else dict.fromkeys(names, number)


class Misled(Block):
    type = "test/misled@v1"

    def run(self, number: int, to: StepRef) -> Route:
        return to  # type: ignore[return-value]


class Lost(Block):
    """Sends odd numbers to a step that its fields do not name."""

    type = "test/lost@v1"

    def run(
        self, number: int, one: StepRef, more: list[StepRef], cases: dict[str, StepRef], maybe: StepRef | None = None
    ) -> Route:
        return Route([StepRef("nowhere")] if number % 2 else [one, *more, *cases.values()])


class Broken(Block):
    type = "test/broken@v1"

    class Output(NamedTuple):
        value: int

    def run(self, number: int) -> Output:
        raise BlockError("the package foo is not installed")


class Painted(Block):
    type = "test/painted@v1"

    class Output(NamedTuple):
        value: int

    def run(self, image: Image, how: Setting[str]) -> Output:
        pixels = image.bgr
        if how == "set":
            pixels[0] = 0
        elif how == "add":
            pixels += 1
        raise ValueError("read-only is this file")


LOG: list[list[int]] = []
BLOCKS = [
    Digits, Words, Inverse, Inverses, WholeInverses, WrittenInverses, StreamInverses, Total, Report, Positive, Odd,
    Lone, Named, Misled, Lost, Broken, Painted,
]  # fmt: skip


def load(*steps: dict[str, Any], shown: str, kind: str = "integer") -> Workflow:
    """A workflow over the batch input `n` that shows one column as `out`."""
    LOG.clear()
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "n", "kind": [kind]}],
        "steps": list(steps),
        "outputs": [{"type": "JsonField", "name": "out", "selector": shown}],
    }
    return Workflow.load(document, blocks=BLOCKS)


def step(block: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"test/{block}@v1", "name": name, **fields}


DIGITS = step("digits", "digit", number="$inputs.n")


def test_an_error_names_step_block_and_element() -> None:
    loaded = load(DIGITS, step("inverse", "inv", number="$steps.digit.digit"), shown="$steps.inv.value")
    result = loaded.run({"n": [11, 22, 120]}, on_error="skip")
    assert [row["out"] for row in result] == [[1, 1], [0.5, 0.5], [1, 0.5, None]]
    (error,) = result.errors
    assert (error.step, error.block, error.element, error.row) == ("inv", "test/inverse@v1", "n 2 › digit 2", 2)
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert "step 'inv' (test/inverse@v1), n 2 › digit 2: ZeroDivisionError" in str(error)


def test_a_failed_element_takes_nothing_else_down() -> None:
    steps = [
        DIGITS,
        step("inverse", "inv", number="$steps.digit.digit"),
        step("total", "total", numbers="$steps.digit.digit"),
    ]
    assert [row["out"] for row in load(*steps, shown="$steps.total.value").run({"n": [10, 5]}, on_error="skip")] == [
        1,
        5,
    ]


def test_a_failed_fan_out_is_no_empty_list() -> None:
    steps = [
        DIGITS,
        step("total", "total", numbers="$steps.digit.digit"),
        step("report", "report", numbers="$steps.digit.digit"),
    ]
    shown = {
        "$steps.total.value": [None, 3],
        "$steps.report.value": ["None", "[1, 2]"],
        "$steps.digit.digit": [[], [1, 2]],
    }
    for selector, expected in shown.items():
        result = load(*steps, shown=selector).run({"n": [-1, 12]}, on_error="skip")
        assert [row["out"] for row in result] == expected
        assert [(error.step, error.element) for error in result.errors] == [("digit", "n 0")]


def test_a_failed_batch_is_split_until_the_bad_element_is_found() -> None:
    loaded = load(step("inverses", "inv", numbers="$inputs.n"), shown="$steps.inv.value")
    result = loaded.run({"n": [1, 1, 1, 1, 1, 0, 1, 1]}, on_error="skip")
    assert [row["out"] for row in result] == [1, 1, 1, 1, 1, None, 1, 1]
    assert [error.element for error in result.errors] == ["n 5"]
    assert len(LOG) <= 1 + 2 * 3, "halving eight elements takes three rounds of two calls"
    assert result.report.steps[0].calls == len(LOG)


@pytest.mark.parametrize(
    ("block", "lost"), [("whole_inverses", [0, 1, 2, 3]), ("written_inverses", [2, 3]), ("stream_inverses", [2])]
)
def test_what_must_not_be_repeated_fails_as_one_call(block: str, lost: list[int]) -> None:
    loaded = load(step(block, "inv", numbers="$inputs.n"), shown="$steps.inv.value")
    result = loaded.run({"n": [1, 1, 0, 1]}, on_error="skip")
    assert [row for row, given in enumerate(result) if given["out"] is None] == lost
    assert [error.element for error in result.errors] == [f"n {row}" for row in lost]
    assert sorted(number for call in LOG for number in call) == [0, 1, 1, 1], "nothing is called twice"


def test_errors_tell_a_failed_element_from_a_gated_one() -> None:
    steps = [
        step("positive", "gate", number="$inputs.n", to=["$steps.inv"]),
        step("inverse", "inv", number="$inputs.n"),
    ]
    result = load(*steps, shown="$steps.inv.value").run({"n": [-1, 0, 1]}, on_error="skip")
    assert [row["out"] for row in result] == [None, None, 1]
    assert result.errors == ()
    steps = [step("inverse", "inv", number="$inputs.n")]
    result = load(*steps, shown="$steps.inv.value").run({"n": [-1, 0, 1]}, on_error="skip")
    assert [error.row for error in result.errors] == [1]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("none", "NamedTuple, not NoneType"),
        ("missing", "a value for the output 'value', not None"),
        ("tuple", "NamedTuple, not tuple"),
        ("text", "NamedTuple, not str"),
    ],
)
def test_an_answer_that_breaks_the_signature_is_a_failure(how: str, told: str) -> None:
    loaded = load(step("odd", "odd", number="$inputs.n", how=how), shown="$steps.odd.value")
    result = loaded.run({"n": [1]}, on_error="skip")
    assert result[0]["out"] is None
    assert told in str(result.errors[0])


def test_a_row_in_place_of_a_list_of_rows_is_a_failure() -> None:
    result = load(step("lone", "lone", number="$inputs.n"), shown="$steps.lone.value").run({"n": [1]}, on_error="skip")
    assert result[0]["out"] == []
    assert "run must answer with" in str(result.errors[0])


def test_an_output_left_out_of_a_mapping_is_a_failure() -> None:
    loaded = load(step("named", "named", number="$inputs.n", names=["k"]), shown="$steps.named.k")
    result = loaded.run({"n": [1, -1]}, on_error="skip")
    assert [row["out"] for row in result] == [1, None]
    assert "'k'" in str(result.errors[0])


def test_a_gate_that_answers_with_no_route_is_a_failure_and_stops_the_element() -> None:
    steps = [
        step("misled", "gate", number="$inputs.n", to="$steps.inv"),
        step("inverse", "inv", number="$inputs.n"),
    ]
    result = load(*steps, shown="$steps.inv.value").run({"n": [1]}, on_error="skip")
    assert result[0]["out"] is None
    assert "Route" in str(result.errors[0])


def test_a_gate_that_sends_an_element_nowhere_is_a_failure_that_names_where_it_could_go() -> None:
    targets = {"one": "$steps.inv", "more": ["$steps.unread"], "cases": {"a": "$steps.b", "c": "$steps.b"}}
    others = [step("inverse", name, number="$inputs.n") for name in ("inv", "unread", "b", "nowhere")]
    loaded = load(step("lost", "gate", number="$inputs.n", **targets), *others, shown="$steps.inv.value")
    result = loaded.run({"n": [1, 2]}, on_error="skip")
    assert [row["out"] for row in result] == [None, 0.5]
    (error,) = result.errors
    assert (error.step, error.element) == ("gate", "n 0")
    assert error.message == (
        "run must answer with a Route to steps that its fields name ('b' and 'inv' and 'unread'), not to 'nowhere'"
    )


def test_a_value_of_the_wrong_kind_is_an_error_of_its_element() -> None:
    loaded = load(step("inverse", "inv", number="$inputs.n"), shown="$steps.inv.value", kind="*")
    result = loaded.run({"n": [1, "two", 2]}, on_error="skip")
    assert [row["out"] for row in result] == [1, None, 0.5]
    (error,) = result.errors
    assert (error.step, error.element) == ("inv", "n 1")
    assert "'number'" in str(error) and "integer" in str(error)


def test_a_gate_keeps_a_value_of_the_wrong_kind_away() -> None:
    steps = [
        step("positive", "gate", number="$inputs.n", to=["$steps.inv", "$steps.total"]),
        step("inverse", "inv", number="$inputs.n"),
        step("total", "total", numbers="$inputs.n"),
    ]
    result = load(*steps, shown="$steps.inv.value", kind="*").run({"n": [1, "two", 2]})
    assert [row["out"] for row in result] == [1, None, 0.5]
    assert load(*steps, shown="$steps.total.value", kind="*").run({"n": [1, "two", 2]})[0]["out"] == 3


def test_a_value_of_the_wrong_kind_in_a_group_that_is_not_gathered_is_none_of_its_business() -> None:
    steps = [
        step("words", "word", text="$inputs.n"),
        step("positive", "gate", number="$inputs.n", to=["$steps.total"]),
        step("total", "total", numbers="$steps.word.word"),
    ]
    result = load(*steps, shown="$steps.total.value", kind="*").run({"n": ["one", 2]})
    assert [row["out"] for row in result] == [None, 2]


def test_what_no_element_could_survive_ends_the_run() -> None:
    loaded = load(step("broken", "bad", number="$inputs.n"), shown="$steps.bad.value")
    with pytest.raises(RunError, match="foo is not installed"):
        loaded.run({"n": [1, 2]}, on_error="skip")


@pytest.mark.parametrize(("how", "told"), [("set", True), ("add", True), ("other", False)])
def test_whoever_changes_pixels_in_place_is_told_to_copy_them(how: str, told: bool) -> None:
    loaded = load(step("painted", "paint", image="$inputs.n", how=how), shown="$steps.paint.value", kind="image")
    with pytest.raises(RunError, match="read-only") as error:
        loaded.run({"n": [np.zeros((2, 2, 3), np.uint8)]})
    assert str(error.value).endswith("pixels are shared with other steps: call .copy() first and change that") == told


def test_a_scalar_step_that_fails_has_no_row() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "p"}],
        "steps": [step("inverse", "inv", number="$inputs.p")],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.inv.value"}],
    }
    result = Workflow.load(document, blocks=BLOCKS).run({"p": 0}, on_error="skip")
    assert list(result) == [{"out": None}]
    assert [(error.element, error.row) for error in result.errors] == [("", None)]
