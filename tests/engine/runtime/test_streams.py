"""What a block remembers of a stream belongs to one step, one stream and one workflow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cropflow import Batch, Block, Group, Image, Stream, Workflow


class Seen(NamedTuple):
    seen: str


class Counter(Block):
    """Counts the elements of each stream."""

    type = "test/counter@v1"

    def run(self, value: Any, stream: Stream) -> Seen:
        stream.state["count"] = stream.state.get("count", 0) + 1
        return Seen(f"{stream.id}:{stream.frame}:{stream.state['count']}")


class BatchCounter(Block):
    type = "test/batch_counter@v1"

    def run(self, values: Batch[Any], stream: Stream) -> Batch[Seen]:
        stream.state.setdefault("frames", []).append(stream.frame)
        return [Seen(f"{len(values)}:{stream.state['frames']}") for _ in values]


class StreamsCounter(Block):
    type = "test/streams_counter@v1"

    def run(self, values: Batch[Any], streams: Batch[Stream]) -> Batch[Seen]:
        for stream in streams:
            stream.state.setdefault("frames", []).append(stream.frame)
        return [Seen(f"{len(values)}:{stream.state['frames']}") for stream in streams]


class Letters(Block):
    type = "test/letters@v1"

    def run(self, word: str) -> Group[Seen]:
        return [Seen(letter) for letter in word]


def load(*steps: dict[str, Any], kind: str = "WorkflowBatchInput") -> Workflow:
    document = {
        "version": "1.0",
        "inputs": [{"type": kind, "name": "n"}],
        "steps": list(steps),
        "outputs": [
            {"type": "JsonField", "name": item["name"], "selector": f"$steps.{item['name']}.seen"} for item in steps
        ],
    }
    return Workflow.load(document, blocks=[Counter, SharedCounter, BatchCounter, StreamsCounter, Letters])


def step(name: str, block: str = "counter", **fields: Any) -> dict[str, Any]:
    return {"type": f"test/{block}@v1", "name": name, **(fields or {"value": "$inputs.n"})}


def column(workflow: Workflow, values: list[Any], name: str = "one", workers: int = 1) -> list[Any]:
    return [row[name] for row in workflow.run({"n": values}, workers=workers)]


def test_frames_in_memory_are_counted_on_from_run_to_run() -> None:
    workflow = load(step("one"))
    assert column(workflow, ["a", "b"]) == [":0:1", ":1:2"]
    assert column(workflow, ["c"]) == [":2:3"]


def test_each_step_has_a_state_of_its_own() -> None:
    workflow = load(step("one"), step("two"))
    for workers in (1, 4):
        workflow.reset()
        rows = list(workflow.run({"n": ["a", "b"]}, workers=workers))
        assert rows == [{"one": ":0:1", "two": ":0:1"}, {"one": ":1:2", "two": ":1:2"}]


def test_a_batch_of_streams_lets_one_call_hold_many_frames() -> None:
    workflow = load(step("one", "streams_counter", values="$inputs.n"))
    assert column(workflow, ["a", "b"]) == ["2:[0, 1]", "2:[0, 1]"]
    frames = [Image(np.zeros((4, 4, 3), np.uint8), stream=name, frame=7) for name in ("left", "right", "left")]
    assert column(workflow, frames) == ["3:[7, 7]", "3:[7]", "3:[7, 7]"]


def test_two_workflows_do_not_know_of_each_other() -> None:
    first, second = load(step("one")), load(step("one"))
    assert column(first, ["a", "b"]) == [":0:1", ":1:2"]
    assert column(second, ["a"]) == [":0:1"]
    assert column(first, ["c"]) == [":2:3"]


def test_reset_forgets_all_streams() -> None:
    workflow = load(step("one"))
    column(workflow, ["a", "b"])
    workflow.reset()
    assert column(workflow, ["a"]) == [":0:1"]


def test_interleaved_streams_are_kept_apart_and_can_be_forgotten_one_by_one() -> None:
    workflow = load(step("one"), kind="WorkflowImage")
    left, right = [frame("left", number) for number in range(3)], [frame("right", number) for number in range(3)]
    assert column(workflow, [left[0], right[0], left[1], right[1]]) == [
        "left:0:1",
        "right:0:1",
        "left:1:2",
        "right:1:2",
    ]
    workflow.reset("left")
    assert column(workflow, [left[2], right[2]]) == ["left:2:1", "right:2:3"]


def test_crops_of_a_frame_share_its_state_and_number() -> None:
    workflow = load(step("letters", "letters", word="$inputs.n"), step("one", value="$steps.letters.seen"))
    assert column(workflow, ["ab", "", "c"]) == [[":0:1", ":0:2"], [], [":2:3"]]


def test_a_batch_block_is_called_frame_by_frame() -> None:
    workflow = load(step("one", "batch_counter", values="$inputs.n"))
    assert column(workflow, ["a", "b", "c"]) == ["1:[0]", "1:[0, 1]", "1:[0, 1, 2]"]


def frame(stream: str, number: int) -> Image:
    return Image(np.zeros((2, 2, 3), np.uint8), id=f"{stream}#{number}", stream=stream, frame=number)


class SharedCounter(Block):
    """Counts together with all other steps of its kind."""

    type = "test/shared_counter@v1"
    shares = "counter"
    run = Counter.run


def test_blocks_that_share_a_resource_remember_a_stream_together() -> None:
    steps = [step("one", "shared_counter"), step("two", "shared_counter"), step("alone")]
    for workers in (1, 4):
        workflow = load(*steps)
        for number, expected in enumerate([("1", "2", "1"), ("3", "4", "2")]):
            (row,) = workflow.run({"n": ["a"]}, workers=workers)
            assert tuple(row.values()) == tuple(f":{number}:{count}" for count in expected)
        workflow.reset()
        assert column(workflow, ["a"]) == [":0:1"]
