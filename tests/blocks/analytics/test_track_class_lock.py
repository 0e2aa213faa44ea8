"""Which class a tracked object has, frame by frame. Cases and numbers are those of existing documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, RunError, Workflow

HERE = (10.0, 10.0, 50.0, 50.0)
QUICK = {"min_votes": 3, "lead_margin": 1, "switch_after": 4}
NAMES = ("car", "lorry", "motorcycle")


class Seen(NamedTuple):
    """One box of a frame."""

    class_id: int
    confidence: float = 0.9
    tracker: int = 1
    box: tuple[float, ...] = HERE


CAR, LORRY, MOTORCYCLE = Seen(0), Seen(1), Seen(2)
NOTHING: tuple[Seen, ...] = ()


def detections(boxes: Iterable[Seen]) -> Detections:
    boxes = list(boxes)
    return Detections(
        np.array([box.box for box in boxes], np.float32).reshape(-1, 4),
        confidence=np.array([box.confidence for box in boxes], np.float32),
        class_id=np.array([box.class_id for box in boxes], int),
        tracker_id=np.array([box.tracker for box in boxes], int),
        data={"class_name": np.array([NAMES[box.class_id] for box in boxes], str)},
    )


def lock(*frames: Seen | Iterable[Seen], **fields: Any) -> list[Detections]:
    return run([detections([boxes] if isinstance(boxes, Seen) else boxes) for boxes in frames], **fields)


def run(frames: list[Detections], **fields: Any) -> list[Detections]:
    step = {"type": "roboflow_core/track_class_lock@v1", "name": "lock", "image": "$inputs.image"}
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [{**step, "detections": "$inputs.found", **fields}],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.lock.tracked_detections"}],
    }
    pixels = np.zeros((100, 200, 3), np.uint8)
    images = [Image(pixels, id=f"video#{number}", stream="video", frame=number) for number in range(len(frames))]
    with Workflow.load(document) as workflow:
        return [row["out"] for row in workflow.run({"image": images, "found": frames})]


def classes(found: list[Detections]) -> str:
    """The first letter of every box; upper case where it is locked; frames apart by blanks."""
    rows = [zip(boxes.data["class_name"], boxes.data["class_locked"], strict=True) for boxes in found]
    return " ".join("".join(name[0].upper() if locked else name[0] for name, locked in row) or "-" for row in rows)


def test_enough_votes_lock_the_class() -> None:
    assert classes(lock(*[CAR] * 11)) == "c c c c c c c c c C C"
    assert classes(lock(*[CAR._replace(confidence=0.7)] * 12)) == " ".join("c" * 12), "unsure frames are no votes"


def test_a_class_must_be_ahead_of_the_next() -> None:
    assert classes(lock(*[CAR, LORRY] * 12)) == " ".join("cl" * 12)
    found = classes(lock(*[CAR, CAR, CAR, LORRY] * 4)).split()
    assert (found[11], found[12], found[15]) == ("l", "C", "C"), "the tenth vote, with three against it"


def test_a_locked_class_outlasts_flicker_and_yields_to_a_long_run() -> None:
    found = classes(lock(*[CAR] * 10, *[LORRY] * 16)).split()
    assert found[9:24] == ["C"] * 15
    assert found[24:] == ["L", "L"]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([LORRY] * 4, "C C C L"),
        ([LORRY] * 3 + [CAR] + [LORRY] * 4, "C C C C C C C L"),
        ([LORRY, MOTORCYCLE] * 2 + [LORRY] * 4, "C C C C C C C L"),
        ([LORRY, LORRY, LORRY._replace(confidence=0.5), LORRY, LORRY, LORRY], "C C C C C C"),
        ([LORRY, LORRY, CAR._replace(confidence=0.5), LORRY, LORRY, LORRY], "C C C C C C"),
        ([LORRY, LORRY, NOTHING, LORRY, LORRY], "C C - C L"),
        ([LORRY] * 4 + [CAR] * 4, "C C C L L L L C"),
    ],
    ids=["run", "interrupted", "two rivals", "unsure", "unsure and locked", "not seen", "and back"],
)
def test_only_a_run_of_sure_frames_changes_the_lock(frames: list[Any], expected: str) -> None:
    assert classes(lock(*[CAR] * 3, *frames, **QUICK)) == f"c c C {expected}"


def test_the_confidence_is_the_mean_of_the_votes_that_decided() -> None:
    cars = [CAR._replace(confidence=c) for c in (0.95, 0.85, 0.81, 0.4)]
    lorries = [LORRY._replace(confidence=c) for c in (0.97, 0.98, 0.99, 0.3)]
    found = lock(*cars, *lorries, min_votes=3, lead_margin=1, switch_after=3)
    shown = [round(float(boxes.confidence[0]), 3) for boxes in found]
    assert shown == [0.95, 0.85, 0.87, 0.87, 0.87, 0.87, 0.98, 0.98]


OTHER = LORRY._replace(tracker=2)


@pytest.mark.parametrize(
    ("frames", "fields", "expected"),
    [
        ([OTHER] * 4, {}, "C C C L"),
        ([NOTHING, OTHER], {"reattach_window": 2}, "- C"),
        ([NOTHING, NOTHING, OTHER], {"reattach_window": 2}, "- - l"),
        ([OTHER], {"reattach_window": 0}, "l"),
        ([OTHER._replace(box=(100, 10, 140, 50))], {}, "l"),
        ([[CAR, OTHER]], {}, "Cl"),
        ([[OTHER, OTHER._replace(tracker=3)]], {}, "Cl"),
        ([OTHER, [OTHER, LORRY]], {}, "C Cl"),
    ],
    ids=["now", "in time", "too late", "off", "elsewhere", "not lost", "once only", "the old id is new"],
)
def test_a_new_id_takes_over_the_lock_of_an_object_lost_there(frames: Any, fields: Any, expected: str) -> None:
    assert classes(lock(*[CAR] * 4, *frames, **QUICK, **fields)) == f"c c C C {expected}"


def test_the_lost_object_that_overlaps_most_is_taken_over() -> None:
    both = [CAR, LORRY._replace(tracker=2, box=(20, 10, 60, 50))]
    third = MOTORCYCLE._replace(tracker=3, box=(18, 10, 58, 50))
    fourth = MOTORCYCLE._replace(tracker=4, box=(12, 10, 52, 50))
    assert classes(lock(*[both] * 3, [third], [third, fourth], **QUICK)) == "cl cl CL L LC"


def test_only_settled_objects_are_taken_over() -> None:
    again = CAR._replace(tracker=2)
    assert classes(lock(CAR, CAR, again, again, again, **QUICK)) == "c c c c C"


@pytest.mark.parametrize(("gone", "expected"), [(3, "C"), (4, "l")])
def test_an_object_is_forgotten_after_its_time(gone: int, expected: str) -> None:
    found = lock(*[CAR] * 4, *[NOTHING] * gone, LORRY, **QUICK, state_ttl=3, reattach_window=1)
    assert classes(found).split()[-1] == expected


def test_boxes_keep_their_ids_and_order_and_longer_names_fit() -> None:
    small = Seen(0, tracker=-1, box=(0, 0, 4, 4))
    bike = MOTORCYCLE._replace(tracker=7)
    found = lock([small, bike], [small, bike], [small, bike], [small, CAR._replace(tracker=7)], **QUICK)
    assert classes(found) == "cm cm cM cM"
    last = found[-1]
    assert last.data["class_name"].tolist() == ["car", "motorcycle"]
    assert last.tracker_id.tolist() == [-1, 7]
    assert last.data["detection_id"].tolist() == ["video#3/lock/0", "video#3/lock/1"]
    assert last.class_id.tolist() == [0, 2]


def test_what_cannot_work_is_told() -> None:
    untracked = detections([CAR])
    untracked.tracker_id = None
    with pytest.raises(RunError, match="have no tracker ids; put a tracker, such as byte_tracker, before it"):
        run([untracked])
    with pytest.raises(RunError, match="give a reattach_window of at most state_ttl"):
        lock(CAR, state_ttl=5)


def test_frames_without_anything() -> None:
    assert len(lock(NOTHING)[0]) == 0
    assert run([Detections.empty()])[0].data["class_locked"].tolist() == []
