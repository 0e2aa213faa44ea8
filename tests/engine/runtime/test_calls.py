"""How blocks are called: in batches of at most their size, with one value per call where they ask for one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from cropflow import Batch, Block, BlockError, Columns, Group, Ports, Setting, Workflow, each


class Text(NamedTuple):
    text: str


HALF = each(0.5)


class Pair(Block):
    """Notes what each call receives."""

    type = "test/pair@v1"
    batch_size: ClassVar[int | None] = 3
    Output = Text

    def run(self, names: Batch[str], model: str = "m", weights: Batch[float] = HALF) -> Batch[Text]:
        CALLS.append((list(names), model, list(weights)))
        return [Text(f"{name}{model}") for name in names]


class WholePair(Pair):
    type = "test/whole_pair@v1"
    whole = True
    run = Pair.run


class Unbounded(Pair):
    type = "test/unbounded@v1"
    batch_size = None
    run = Pair.run


class PerPicture(Block):
    """A batch beside an array, which does not compare to a single truth."""

    type = "test/per_picture@v1"
    Output = Text

    def run(self, names: Batch[str], pixels: np.ndarray) -> Batch[Text]:
        CALLS.append((list(names), pixels.shape))
        return [Text(name) for name in names]


class Letters(Block):
    type = "test/letters@v1"
    Output = Text

    def run(self, word: str) -> Group[Text]:
        return [Text(letter) for letter in word]


class Lazy(Block):
    """Fans out with one column that is cheap and one that must not be made unless it is read."""

    type = "test/lazy@v1"

    class Output(NamedTuple):
        cheap: str
        dear: Any

    def run(self, word: str) -> Group[Output]:
        return Columns(self.Output, cheap=list(word), dear=Dear(len(word)))


class Dear(list[Any]):
    def __init__(self, length: int) -> None:
        super().__init__([None] * length)

    def __getitem__(self, index: Any) -> Any:
        CALLS.append(("made", index))
        return index

    def __iter__(self) -> Any:
        return (self[index] for index in range(len(self)))


class Odd(Block):
    """Answers with rows in the form that its setting says."""

    type = "test/odd@v1"
    Output = Text

    def run(self, names: Batch[str], form: Setting[str]) -> Batch[Text]:
        CALLS.append((list(names),))
        rows = [Text(name) for name in names]
        forms: dict[str, Any] = {
            "one row": rows[:1],
            "set": set(rows),
            "generator": (row for row in rows),
            "array": np.array(rows, object),
            "text": "xy",
            "tuple": tuple(rows),
            "deque": deque(rows),
            "lazy": Columns(Text, text=[row.text for row in rows]),
        }
        return forms[form]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Seen(Ports):
    seen: dict[str, list[str]] = field(default_factory=lambda: {"all": []})


class Careless(Block):
    """Changes its defaults in place."""

    type = "test/careless@v1"
    Output = Text

    def run(self, word: str, seen: Seen, letters: list[str] = []) -> Text:  # noqa: B006
        seen.seen["all"].append(word)
        letters.append(word)
        return Text(f"{seen.seen['all']}{letters}")


class CarelessBatch(Block):
    type = "test/careless_batch@v1"
    Output = Text

    def run(
        self,
        names: Batch[str],
        seen: Batch[list[str]] = each([]),
        parts: list[Batch[str]] = [],  # noqa: B006
        letters: list[str] = [],  # noqa: B006
    ) -> Batch[Text]:
        for name, own in zip(names, seen, strict=True):
            own.append(name)
        letters += names
        parts.append(names)
        return [Text(f"{own}{letters}{len(parts)}") for own in seen]


CALLS: list[tuple[Any, ...]] = []
BLOCKS = [Pair, WholePair, Unbounded, PerPicture, Letters, Lazy, Odd, Careless, CarelessBatch]


@pytest.fixture(autouse=True)
def forget() -> None:
    CALLS.clear()


def load(*steps: dict[str, Any], shown: str, inputs: str = "ab") -> Workflow:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": name} for name in inputs],
        "steps": list(steps),
        "outputs": [{"type": "JsonField", "name": "out", "selector": shown}],
    }
    return Workflow.load(document, blocks=BLOCKS)


def step(block: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"test/{block}@v1", "name": name, **fields}


def lengths() -> list[int]:
    return [len(call[0]) for call in CALLS]


def test_a_call_takes_at_most_its_batch_size_over_all_elements_together() -> None:
    steps = [step("letters", "letter", word="$inputs.a"), step("pair", "pair", names="$steps.letter.text")]
    result = load(*steps, shown="$steps.pair.text", inputs="a").run({"a": ["abcd", "", "efg"]})
    assert [row["out"] for row in result] == [["am", "bm", "cm", "dm"], [], ["em", "fm", "gm"]]
    assert [call[0] for call in CALLS] == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


@pytest.mark.parametrize("block", ["whole_pair", "unbounded"])
def test_whole_and_unbounded_blocks_get_all_elements_in_one_call(block: str) -> None:
    load(step(block, "pair", names="$inputs.a"), shown="$steps.pair.text", inputs="a").run({"a": list("abcdefgh")})
    assert lengths() == [8]


def test_nothing_to_do_is_no_call() -> None:
    result = load(step("whole_pair", "pair", names="$inputs.a"), shown="$steps.pair.text", inputs="a").run({"a": []})
    assert list(result) == [] and CALLS == []


def test_a_call_ends_where_the_value_for_the_whole_call_changes() -> None:
    loaded = load(step("pair", "pair", names="$inputs.a", model="$inputs.b"), shown="$steps.pair.text")
    result = loaded.run({"a": list("uvwxyz"), "b": list("mmmmnm")})
    assert [row["out"] for row in result] == ["um", "vm", "wm", "xm", "yn", "zm"]
    assert [(call[0], call[1]) for call in CALLS] == [
        (["u", "v", "w"], "m"),
        (["x"], "m"),
        (["y"], "n"),
        (["z"], "m"),
    ]


def test_whole_does_not_outweigh_a_value_that_changes() -> None:
    loaded = load(step("whole_pair", "pair", names="$inputs.a", model="$inputs.b"), shown="$steps.pair.text")
    loaded.run({"a": list("wxyz"), "b": list("mmnn")})
    assert lengths() == [2, 2]


def test_arrays_that_hold_for_a_call_are_compared_by_identity() -> None:
    loaded = load(step("per_picture", "p", names="$inputs.a", pixels="$inputs.b"), shown="$steps.p.text")
    one, other = np.zeros((2, 2)), np.zeros((3, 3))
    loaded.run({"a": list("wxyz"), "b": [one, one, other, other]})
    assert CALLS == [(["w", "x"], (2, 2)), (["y", "z"], (3, 3))]


def test_a_default_for_each_element_comes_as_a_batch() -> None:
    load(step("pair", "pair", names="$inputs.a"), shown="$steps.pair.text", inputs="a").run({"a": ["x", "y"]})
    assert CALLS == [(["x", "y"], "m", [0.5, 0.5])]


def test_a_default_that_a_block_changes_is_that_of_one_call_alone() -> None:
    loaded = load(step("careless", "c", word="$inputs.a"), shown="$steps.c.text", inputs="a")
    for _ in range(2):
        assert [row["out"] for row in loaded.run({"a": ["x", "y"]})] == ["['x']['x']", "['y']['y']"]


def test_so_is_that_of_one_element_in_a_batch() -> None:
    loaded = load(step("careless_batch", "c", names="$inputs.a"), shown="$steps.c.text", inputs="a")
    for _ in range(2):
        assert [row["out"] for row in loaded.run({"a": ["x", "y"]})] == ["['x']['x', 'y']1", "['y']['x', 'y']1"]


def test_a_scalar_arrives_as_a_batch_of_one_and_stays_a_scalar() -> None:
    result = load(step("pair", "pair", names="x"), shown="$steps.pair.text", inputs="").run()
    assert list(result) == [{"out": "xm"}]
    assert CALLS == [(["x"], "m", [0.5])]


def test_an_output_that_nobody_reads_is_not_made() -> None:
    loaded = load(step("lazy", "lazy", word="$inputs.a"), shown="$steps.lazy.cheap", inputs="a")
    assert loaded.run({"a": ["xy"]})[0]["out"] == ["x", "y"]
    assert CALLS == []


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("one row", "run took 2 elements and must answer with as many rows, but gave 1"),
        ("set", "run must answer with a list of rows, not set"),
        ("generator", "run must answer with a list of rows, not generator"),
        ("array", "run must answer with a list of rows, not ndarray"),
        ("text", "run must answer with a list of rows, not str"),
    ],
)
def test_rows_that_do_not_fit_the_elements_break_a_promise_and_are_not_split(form: str, told: str) -> None:
    loaded = load(step("odd", "odd", names="$inputs.a", form=form), shown="$steps.odd.text", inputs="a")
    result = loaded.run({"a": ["x", "y"]}, on_error="skip")
    assert [row["out"] for row in result] == [None, None]
    assert [(error.message, error.element) for error in result.errors] == [(told, "a 0"), (told, "a 1")]
    assert all(isinstance(error.__cause__, BlockError) for error in result.errors)
    assert CALLS == [(["x", "y"],)]


@pytest.mark.parametrize("form", ["tuple", "deque", "lazy"])
def test_rows_come_as_any_sequence(form: str) -> None:
    loaded = load(step("odd", "odd", names="$inputs.a", form=form), shown="$steps.odd.text", inputs="a")
    assert [row["out"] for row in loaded.run({"a": ["x", "y"]})] == ["x", "y"]
