"""Motion in streams: when it begins, where it is, and that streams and steps know nothing of each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from cropflow import Block, Group, Image, Workflow
from cropflow.errors import RunError, WorkflowError

from .documents import document, load

SHAPE = (120, 160, 3)


class Halves(Block):
    """Cut a picture into its left and its right half."""

    type = "image_parts/both@v1"

    class Output(NamedTuple):
        """One half."""

        crops: Image | None

    def run(self, image: Image) -> Group[Output]:
        """Cut."""
        middle = image.width // 2
        boxes = np.array([[0, 0, middle, image.height], [middle, 0, image.width, image.height]])
        return [self.Output(crop) for crop in image.crops(boxes, [f"{image.id}/left", f"{image.id}/right"])]


def frames(count: int, begin: int = 8, stream: str = "video", speed: int = 8, shape: Any = SHAPE) -> list[Image]:
    """A noisy background, into which a bright square of 30 pixels comes and moves to the right."""
    background = np.random.default_rng(1).integers(90, 110, shape).astype(np.uint8)
    made = []
    for number in range(count):
        pixels = background.copy()
        if number >= begin:
            left = 10 + speed * (number - begin)
            pixels[40:70, left : left + 30] = 250
        made.append(Image(pixels, id=f"{stream}#{number}", stream=stream, frame=number))
    return made


def watch(images: list[Image], **fields: Any) -> list[dict[str, Any]]:
    with load("motion_detection@v1", **fields) as workflow:
        return [row["all"] for row in workflow.run({"image": images})]


def moving(rows: list[dict[str, Any]]) -> list[int]:
    return [number for number, row in enumerate(rows) if row["motion"]]


def test_motion_is_found_where_the_square_comes_in() -> None:
    rows = watch(frames(12), history=4)
    assert moving(rows) == [8, 9, 10, 11]
    assert rows[8]["detections"].xyxy.tolist() == [[10, 40, 40, 70]]
    assert set(rows[8]["detections"].data["class_name"]) == {"motion"}
    assert rows[8]["detections"].data["detection_id"].tolist() == ["video#8/step/0"]


def test_the_alarm_rings_once_when_motion_begins() -> None:
    rows = watch([*frames(12), *frames(4, begin=99)], history=4)
    again = watch([*frames(12), *frames(4, begin=99), *frames(2, begin=0)], history=4)
    assert [number for number, row in enumerate(rows) if row["alarm"]] == [8]
    assert [number for number, row in enumerate(again) if row["alarm"]] == [8, 16]


def test_zones_are_outlines_as_plain_lists() -> None:
    (zone,) = watch(frames(9), history=4)[8]["motion_zones"]
    x, y = np.array(zone).T
    assert (x.min(), x.max(), y.min(), y.max()) == (10, 39, 40, 69) and type(zone[0][0]) is int


def test_nothing_is_told_of_the_first_frames_unless_asked_for() -> None:
    assert moving(watch(frames(12, begin=0), history=7)) == [7, 8, 9, 10, 11]
    rows = watch(frames(3, begin=99), suppress_first_detections=False)
    assert moving(rows) == [0], "the first frame is all new"
    assert rows[0]["detections"].xyxy.tolist() == [[0, 0, 160, 120]]


def test_no_motion_is_an_empty_answer_with_all_keys() -> None:
    row = watch(frames(1))[0]
    assert (row["motion"], row["alarm"], row["motion_zones"], len(row["detections"])) == (False, False, [], 0)
    assert {"class_name", "detection_id", "parent_id"} <= set(row["detections"].data)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ([[0, 0], [24, 0], [24, 120], [0, 120]], [[10, 40, 25, 70]]),
        ("[[0, 0], [24, 0], [24, 120], [0, 120]]", [[10, 40, 25, 70]]),
        ([[60, 0], [150, 0], [150, 120]], []),
        ([[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]], [[10, 40, 40, 70]]),
        ([], [[10, 40, 40, 70]]),
    ],
)
def test_only_what_moves_inside_of_the_zone_counts(zone: Any, expected: list[Any]) -> None:
    assert watch(frames(9), history=4, detection_zone=zone)[8]["detections"].xyxy.tolist() == expected


@pytest.mark.parametrize(
    "zone", [[[0, 0], [9, 9]], [[[0, 0], [1, 1], [2, 0]]], "somewhere", [["a", "b"]] * 3, [1, 2, 3]]
)
def test_a_zone_that_is_no_polygon_is_told(zone: Any) -> None:
    with pytest.raises(RunError, match="detection_zone: expected three or more corners"):
        watch(frames(1), detection_zone=zone)


def test_small_regions_and_thin_ones_are_left_out() -> None:
    assert moving(watch(frames(9), history=4, minimum_contour_area=840)) == []
    assert moving(watch(frames(9), history=4, minimum_contour_area=800)) == [8]
    assert moving(watch(frames(9), history=4, morphological_kernel_size=41, minimum_contour_area=1)) == []


def test_an_even_kernel_counts_as_the_next_odd_one() -> None:
    even, odd = (watch(frames(9), history=4, morphological_kernel_size=size)[8]["detections"] for size in (4, 5))
    assert even.xyxy.tolist() == odd.xyxy.tolist() != []


def test_streams_that_take_turns_are_kept_apart() -> None:
    left, right = frames(10), frames(10, begin=9, stream="other")
    mixed = [image for pair in zip(left, right, strict=True) for image in pair]
    rows = watch(mixed, history=4)
    assert moving(rows[::2]) == [8, 9] and moving(rows[1::2]) == [9]


def test_it_is_remembered_from_run_to_run_and_forgotten_by_reset() -> None:
    pictures = frames(10)
    with load("motion_detection@v1", history=4) as workflow:
        seen = [workflow.run({"image": image})[0]["all"]["motion"] for image in pictures]
        assert seen == [False] * 8 + [True] * 2
        workflow.reset()
        assert workflow.run({"image": pictures[9]})[0]["all"]["motion"] is False


def test_two_regions_of_one_frame_have_a_background_each() -> None:
    found = document("motion_detection@v1", [], {"image": "$steps.cut.crops", "history": 4})
    found["inputs"] = [{"type": "WorkflowImage", "name": "image"}]
    cut = {"type": "image_parts/both@v1", "name": "cut", "image": "$inputs.image"}
    found["steps"].insert(0, cut)
    found["outputs"] = [{"type": "JsonField", "name": "all", "selector": "$steps.step.detections"}]
    with Workflow.load(found, blocks=[Halves]) as workflow:
        rows = [row["all"] for row in workflow.run({"image": frames(9)})]
    assert [[len(part) for part in row] for row in rows] == [[0, 0]] * 8 + [[1, 0]]
    assert rows[8][0].xyxy.tolist() == [[10, 40, 40, 70]]


@pytest.mark.parametrize("shape", [(120, 160), (120, 160, 4)])
def test_grey_and_transparent_frames(shape: tuple[int, ...]) -> None:
    assert moving(watch(frames(9, shape=shape), history=4)) == [8]


def test_a_stream_may_change_its_size() -> None:
    larger = frames(3, begin=99, shape=(200, 300, 3))
    rows = watch([*frames(6, begin=99), *larger], history=4)
    assert rows[6]["detections"].xyxy.tolist() == [[0, 0, 300, 200]], "the background begins anew"
    assert moving(rows[7:]) == []


def test_the_foreground_is_white_and_the_background_black() -> None:
    with load("background_subtraction@v1") as workflow:
        rows = [row["all"]["image"] for row in workflow.run({"image": frames(10)})]
    assert all(image.pixels.shape == SHAPE[:2] for image in rows)
    assert rows[0].pixels.min() > 0 and rows[5].pixels.max() == 0
    assert (rows[8].pixels[40:70, 10:40] == 255).mean() > 0.99
    assert (rows[8].pixels == 255).sum() == pytest.approx(900, abs=50)
    assert (rows[8].id, rows[8].stream, rows[8].frame) == ("video#8", "video", 8)


@pytest.mark.parametrize(
    ("type", "fields"),
    [
        ("motion_detection@v1", {"history": 0}),
        ("motion_detection@v1", {"threshold": 0}),
        ("motion_detection@v1", {"minimum_contour_area": 0}),
        ("motion_detection@v1", {"morphological_kernel_size": 0}),
        ("background_subtraction@v1", {"history": -1}),
        ("background_subtraction@v1", {"threshold": 0}),
    ],
)
def test_nonsense_is_refused_in_the_document(type: str, fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load(type, **fields)
