"""Blocks that remember earlier frames: buffer, frame_delay, image_stack and the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, InputError, Workflow, WorkflowError

from ..samples import SCENES


def frame(number: int, stream: str = "video", width: int = 8, height: int = 6) -> Image:
    pixels = np.full((height, width, 3), number, np.uint8)
    return Image(pixels, id=f"{stream}#{number}", stream=stream, frame=number)


def load(*steps: dict[str, Any], parameters: dict[str, Any] | None = None, **outputs: str) -> Workflow:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "value", "kind": ["*"]},
            *(
                {"type": "WorkflowParameter", "name": name, "default_value": value}
                for name, value in (parameters or {}).items()
            ),
        ],
        "steps": list(steps),
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.{place}"} for name, place in outputs.items()
        ],
    }
    return Workflow.load(document)


def told(workflow: Workflow, images: list[Image], values: list[Any] | None = None, **given: Any) -> list[Any]:
    """Run frame by frame and return what each gives: a tuple where there are several outputs."""
    values = [image.frame for image in images] if values is None else values
    rows = [
        workflow.run({"image": image, "value": [value], **given})[0]
        for image, value in zip(images, values, strict=True)
    ]
    return [tuple(row.values()) if len(row) > 1 else next(iter(row.values())) for row in rows]


BUFFER = {"type": "roboflow_core/buffer@v1", "name": "buffer", "data": "$inputs.value", "length": 3}


def test_a_buffer_holds_the_last_values_newest_first() -> None:
    with load(BUFFER, out="buffer.output") as workflow:
        frames = [frame(number) for number in range(5)]
        assert told(workflow, frames) == [[0], [1, 0], [2, 1, 0], [3, 2, 1], [4, 3, 2]]
        workflow.reset()
        assert told(workflow, frames[:1]) == [[0]]


def test_a_buffer_is_filled_up_where_asked() -> None:
    with load({**BUFFER, "pad": True}, out="buffer.output") as workflow:
        assert told(workflow, [frame(0), frame(1)]) == [[0, None, None], [1, 0, None]]


def test_every_stream_has_its_own_buffer_and_missing_values_are_not_taken_up() -> None:
    with load(BUFFER, out="buffer.output") as workflow:
        images = [frame(0, "a"), frame(0, "b"), frame(1, "a"), frame(2, "a"), frame(1, "b")]
        rows = workflow.run({"image": images, "value": ["a0", "b0", "a1", None, "b1"]})
    assert [row["out"] for row in rows] == [["a0"], ["b0"], ["a1", "a0"], None, ["b1", "b0"]]


def test_a_buffer_keeps_pictures_and_predictions() -> None:
    with load({**BUFFER, "type": "Buffer", "data": "$inputs.image"}, out="buffer.output") as workflow:
        assert [image.id for image in told(workflow, [frame(0), frame(1)])[-1]] == ["video#1", "video#0"]
    with load(BUFFER, out="buffer.output") as workflow:
        (_, both) = told(workflow, [frame(0), frame(1)], [Detections.empty(), Detections(np.zeros((1, 4)))])
    assert list(map(len, both)) == [1, 0]


def test_a_length_below_one_holds_nothing() -> None:
    with load({**BUFFER, "length": 0, "pad": True}, out="buffer.output") as workflow:
        assert told(workflow, [frame(0), frame(1)]) == [[], []]


DELAY = {
    "type": "roboflow_core/frame_delay@v1",
    "name": "delay",
    "image": "$inputs.image",
    "data": "$inputs.value",
    "offset": -2,
}
DELAYED = {"out": "delay.output", "known": "delay.is_available", "number": "delay.reference_frame_number"}


def test_the_value_of_two_frames_ago() -> None:
    with load(DELAY, **DELAYED) as workflow:
        assert told(workflow, [frame(number) for number in range(10, 14)]) == [
            (None, False, 10),
            (None, False, 11),
            (10, True, 12),
            (11, True, 13),
        ]


def test_frames_are_told_by_their_number_not_counted() -> None:
    with load({**DELAY, "default_value": "?"}, out="delay.output") as workflow:
        numbers = [1, 2, 5, 6, 7, 3, 4, 5]
        assert told(workflow, [frame(number) for number in numbers]) == ["?", "?", "?", "?", 5, "?", "?", 3]


def test_pictures_in_memory_are_counted_and_streams_kept_apart() -> None:
    plain = [Image(np.zeros((4, 4, 3), np.uint8)) for _ in range(3)]
    with load(DELAY, out="delay.output") as workflow:
        assert told(workflow, plain, ["x", "y", "z"]) == [None, None, "x"]
        both = [frame(0, "a"), frame(0, "b"), frame(1, "a"), frame(1, "b"), frame(2, "a"), frame(2, "b")]
        rows = workflow.run({"image": both, "value": ["a", "b", 0, 0, 0, 0]})
    assert [row["out"] for row in rows] == [None] * 4 + ["a", "b"]


@pytest.mark.parametrize("name", ["FrameDelay", "TimeTravel", "roboflow_core/time_travel@v1"])
def test_the_names_of_frame_delay_and_an_offset_of_none(name: str) -> None:
    with load({**DELAY, "type": name, "offset": 0}, out="delay.output") as workflow:
        assert told(workflow, [frame(0), frame(1)]) == [0, 1]


def test_the_future_is_refused() -> None:
    with pytest.raises(WorkflowError, match="offset") as error:
        load({**DELAY, "offset": 2}, out="delay.output")
    assert "less than or equal to 0" in str(error.value)
    with load({**DELAY, "offset": "$inputs.back"}, parameters={"back": -1}, out="delay.output") as workflow:
        assert told(workflow, [frame(0), frame(1)]) == [None, 0]
        with pytest.raises(InputError, match="less than or equal to 0"):
            told(workflow, [frame(2)], back=1)


STACK = {
    "type": "roboflow_core/image_stack@v1",
    "name": "stack",
    "image": "$inputs.image",
    "stack_size": 3,
    "resolution_width": 64,
    "resolution_height": 96,
    "clear": "$inputs.clear",
}
STACKED = {"frames": "stack.frames", "count": "stack.frames_count"}


def look(rows: list[Any]) -> list[Any]:
    """What is seen of each stack: a value and a size per picture."""
    assert all(count == len(frames) for frames, count in rows)
    return [[(int(image.bgr[0, 0, 0]), image.width, image.height) for image in frames] for frames, _ in rows]


def test_a_stack_holds_the_last_pictures_made_to_fit() -> None:
    with load(STACK, parameters={"clear": False}, **STACKED) as workflow:
        sizes = [(8, 6), (64, 80), (640, 80), (90, 640)]
        frames = [frame(7, width=width, height=height) for width, height in sizes]
        assert look(told(workflow, frames, [0] * 4)) == [
            [(7, 8, 6)],
            [(7, 64, 80), (7, 8, 6)],
            [(7, 64, 8), (7, 64, 80), (7, 8, 6)],
            [(7, 13, 96), (7, 64, 8), (7, 64, 80)],
        ]


def test_a_stack_is_emptied_before_the_picture_is_put_on_it() -> None:
    with load(STACK, parameters={"clear": False}, **STACKED) as workflow:
        told(workflow, [frame(0), frame(1)])
        assert look(told(workflow, [frame(2)], clear=True)) == [[(2, 8, 6)]]
        assert look(told(workflow, [frame(3), frame(9, "other")])) == [[(3, 8, 6), (2, 8, 6)], [(9, 8, 6)]]


def test_pictures_of_a_stack_look_like_their_frames() -> None:
    scene = Image.load(SCENES / "sheet/01.png", id="scene", stream="video", frame=4)
    grey = Image(np.full((6, 8), 9, np.uint8), id="grey", stream="video", frame=5)
    with load(
        {**STACK, "resolution_width": 1920, "resolution_height": 1080}, parameters={"clear": False}, **STACKED
    ) as w:
        _, (frames, _) = told(w, [scene, grey])
    assert [(image.id, image.frame, image.stream) for image in frames] == [("grey", 5, "video"), ("scene", 4, "video")]
    assert frames[0].pixels.shape == (6, 8)
    difference = np.abs(frames[1].bgr.astype(int) - scene.bgr.astype(int))
    assert difference.mean() < 3, "a JPEG of good quality"


@pytest.mark.parametrize("field", [{"stack_size": 0}, {"stack_size": 65}, {"resolution_height": 2000}])
def test_stacks_without_measure_are_refused(field: dict[str, int]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(field))):
        load({**STACK, **field, "clear": False}, **STACKED)


GET = {"type": "roboflow_core/cache_get@v1", "name": "get", "image": "$inputs.image", "key": "k"}
SET = {
    "type": "roboflow_core/cache_set@v1",
    "name": "set",
    "image": "$inputs.image",
    "key": "k",
    "value": "$inputs.value",
}
CACHED = {"got": "get.output", "kept": "set.output"}


@pytest.mark.parametrize("workers", [1, 4])
def test_a_value_is_read_by_the_next_frame_or_further_down(workers: int) -> None:
    frames = [frame(number) for number in range(3)]
    with load(GET, SET, {**GET, "name": "after"}, **CACHED, after="after.output") as workflow:
        rows = [workflow.run({"image": image, "value": [image.frame]}, workers=workers)[0].values() for image in frames]
    assert [tuple(row) for row in rows] == [(False, 0, 0), (0, 1, 1), (1, 2, 2)]


def test_the_cache_belongs_to_key_stream_and_workflow() -> None:
    with load(GET, SET, **CACHED) as workflow, load(GET, SET, **CACHED) as other:
        frames = [frame(0, "a"), frame(0, "b")]
        assert told(workflow, frames, ["x", "y"]) == [(False, "x"), (False, "y")]
        assert told(workflow, [frame(1, "b"), frame(1, "a")], [0, 0]) == [("y", 0), ("x", 0)]
        assert told(other, frames, [0, 0]) == [(False, 0), (False, 0)]
        workflow.reset("a")
        assert told(workflow, [frame(2, "a"), frame(2, "b")], [1, 1]) == [(False, 1), (0, 1)]
    with load(GET, {**SET, "key": "another"}, **CACHED) as workflow:
        assert told(workflow, [frame(0), frame(1)]) == [(False, 0), (False, 1)]


def test_a_missing_value_leaves_the_kept_one() -> None:
    with load(GET, SET, **CACHED) as workflow:
        rows = told(workflow, [frame(0), frame(1), frame(2)], ["x", None, "z"])
    assert rows == [(False, "x"), ("x", None), ("x", "z")]


def test_frames_of_one_batch_read_what_was_kept_before_it() -> None:
    with load(GET, SET, **CACHED) as workflow:
        rows = workflow.run({"image": [frame(0), frame(1)], "value": ["x", "y"]})
        assert [row["got"] for row in rows] == [False, False]
        assert told(workflow, [frame(2)]) == [("y", 2)]
