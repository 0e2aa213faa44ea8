"""What happens at the edges of a run: types that compare equal, tuples, blocks that cannot start."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from supervision import Detections

from cropflow import Batch, Block, Image, Workflow

CLOSED: list[str] = []


class Types(Block):
    """Tells the type of the value that holds for a whole call."""

    type = "edge/types@v1"

    class Output(NamedTuple):
        """A name."""

        name: str

    def run(self, number: Batch[int], value: Any) -> Batch[Output]:
        """Tell."""
        return [self.Output(type(value).__name__) for _ in number]


class Pair(Block):
    """Puts boxes into a tuple."""

    type = "edge/pair@v1"

    class Output(NamedTuple):
        """A tuple."""

        pair: Any

    def run(self, image: Image) -> Output:
        """Find a box in a crop of the picture."""
        crop = image.crop(4, 4, 10, 10, id="crop")
        assert crop is not None
        box = Detections(xyxy=np.array([[0.0, 0, 2, 2]]), metadata={"origin": crop.origin})
        return self.Output((box, "a"))


class Opened(Block):
    """Notes when it is closed."""

    type = "edge/opened@v1"

    def run(self, image: Image) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Note."""
        CLOSED.append(self.step)


class Unable(Block):
    """Cannot start."""

    type = "edge/unable@v1"

    def __init__(self) -> None:
        raise OSError("no camera")

    def run(self, image: Image) -> None:
        """Never come here."""


def load(inputs: list[dict[str, Any]], steps: list[dict[str, Any]], **outputs: str) -> Workflow:
    shown = [{"type": "JsonField", "name": name, "selector": selector} for name, selector in outputs.items()]
    document = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": shown}
    return Workflow.load(document, blocks=[Types, Pair, Opened, Unable])


IMAGE = [{"type": "WorkflowImage", "name": "image"}]


def test_values_that_compare_equal_are_not_taken_for_one_another() -> None:
    inputs = [{"type": "WorkflowBatchInput", "name": name} for name in ("number", "value")]
    step = {"type": "edge/types@v1", "name": "types", "number": "$inputs.number", "value": "$inputs.value"}
    rows = load(inputs, [step], name="$steps.types.name").run({"number": [1, 2, 3], "value": [1, True, 1.0]})
    assert [row["name"] for row in rows] == ["int", "bool", "float"]


def test_predictions_inside_a_tuple_are_given_in_the_picture() -> None:
    step = {"type": "edge/pair@v1", "name": "pair", "image": "$inputs.image"}
    (row,) = load(IMAGE, [step], pair="$steps.pair.pair").run({"image": np.zeros((20, 20, 3), np.uint8)})
    box, text = row["pair"]
    assert box.xyxy.tolist() == [[4, 4, 6, 6]] and text == "a"


def test_blocks_are_closed_when_a_later_one_cannot_start() -> None:
    CLOSED.clear()
    steps = [{"type": f"edge/{name}@v1", "name": name, "image": "$inputs.image"} for name in ("opened", "unable")]
    with pytest.raises(OSError, match="no camera"):
        load(IMAGE, steps)
    assert CLOSED == ["opened"]
