"""Steady boxes of tracked objects, frame by frame. Cases and numbers are those of existing documents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Image, RunError, Workflow, WorkflowError
from cropflow.detections import stamp

Seen = dict[int, float]
"""Left edges by tracker id."""


def frame(number: int, stream: str = "video") -> Image:
    return Image(np.zeros((200, 600, 3), np.uint8), id=f"{stream}#{number}", stream=stream, frame=number)


def detections(seen: Seen, image: Image, masks: str = "") -> Detections:
    xyxy = np.array([[left, 10, left + 100, 60] for left in seen.values()], np.float32).reshape(-1, 4)
    found = Detections(
        xyxy,
        confidence=np.full(len(seen), 0.9, np.float32),
        class_id=np.array(list(seen), int),
        tracker_id=np.array(list(seen), int),
        data={"class_name": np.array([f"c{id}" for id in seen], str)},
    )
    if masks:
        dense = np.zeros((len(seen), 200, 600), bool)
        for mask, left in zip(dense, seen.values(), strict=True):
            mask[20:50, int(left) + 10 : int(left) + 60] = True
        found.mask = CompactMask.from_dense(dense, xyxy, (200, 600)) if masks == "compact" else dense
    return stamp(found, image.origin, "detect")


def run(images: list[Image], found: list[Detections], **fields: Any) -> list[Detections]:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {
                "type": "roboflow_core/stabilize_detections@v1",
                "name": "steady",
                "image": "$inputs.image",
                "detections": "$inputs.found",
                **fields,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.steady.tracked_detections"}],
    }
    with Workflow.load(document) as workflow:
        return [row["out"] for row in workflow.run({"image": images, "found": found})]


def steady(*frames: Seen, **fields: Any) -> list[Seen]:
    images = [frame(number) for number in range(len(frames))]
    found = [detections(seen, image) for seen, image in zip(frames, images, strict=True)]
    rows = run(images, found, **fields)
    return [
        dict(zip(row.tracker_id.tolist() if len(row) else [], row.xyxy[:, 0].round(3).tolist(), strict=True))
        for row in rows
    ]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.2, [0, 2, 12, 22, 44, 100]), (1, [0, 10, 20, 30, 100, 100]), (0, [0, 0, 10, 20, 30, 100])],
)
def test_a_box_lies_between_where_it_is_and_where_it_was(share: float, expected: list[float]) -> None:
    frames = [{1: left} for left in (0.0, 10, 20, 30, 100, 100)]
    rows = steady(*frames, bbox_smoothing_coefficient=share)
    assert [row[1] for row in rows] == pytest.approx(expected)


@pytest.mark.parametrize(("window", "expected"), [(0, []), (1, [22]), (2, [22, 24]), (3, [22, 24]), (5, [22, 24])])
def test_a_missing_object_moves_on_and_is_forgotten(window: int, expected: list[float]) -> None:
    frames = [{1: 0.0, 2: 300}, {1: 10, 2: 300}, {1: 20, 2: 300}, *[{2: 300.0}] * 5]
    rows = steady(*frames, smoothing_window_size=window)
    assert [row[1] for row in rows[3:] if 1 in row] == pytest.approx(expected)
    assert [list(row) for row in rows[3 : 3 + len(expected)]] == [[2, 1]] * len(expected), "after those that are found"
    assert all(row[2] == 300 for row in rows)


def test_an_object_that_comes_back_goes_on_from_where_it_was_thought_to_be() -> None:
    rows = steady({1: 0}, {1: 10}, {}, {1: 30})
    assert [row[1] for row in rows] == pytest.approx([0, 2, 12, 15.6])
    assert steady({1: 0}, {1: 10}, {}, {}, {1: 100})[-1] == {1: 100}, "too late: a new object"


def test_an_object_that_was_seen_once_is_not_carried_on() -> None:
    assert steady({1: 0}, {}, {}) == [{1: 0}, {}, {}]


def test_streams_are_kept_apart() -> None:
    images = [frame(i // 2, "ab"[i % 2]) for i in range(4)]
    found = [detections({1: left}, image) for left, image in zip((0, 100, 10, 110), images, strict=True)]
    assert [row.xyxy[0, 0] for row in run(images, found)] == pytest.approx([0, 100, 2, 102])


@pytest.mark.parametrize("masks", ["dense", "compact"])
def test_a_missing_object_has_its_mask_class_and_an_id_of_its_own(masks: str) -> None:
    images = [frame(number) for number in range(4)]
    frames: list[Seen] = [{1: 0, 2: 300}, {1: 100, 2: 300}, {1: 100, 2: 300}, {2: 300}]
    found = [detections(seen, image, masks) for seen, image in zip(frames, images, strict=True)]
    last = run(images, found)[-1]
    assert last.data["class_name"].tolist() == ["c2", "c1"]
    assert last.data["detection_id"].tolist() == ["video#3/detect/0", "video#3/steady/1"]
    assert last.data["parent_id"].tolist() == ["video#3", "video#3"]
    assert last.metadata["origin"].id == "video#3"
    assert last.xyxy[1, 0] == pytest.approx(110)
    places = np.argwhere(last.mask[1])
    assert places.min(axis=0).tolist() == [20, 120]
    assert (places.max(axis=0) + 1).tolist() == [50, 170]
    assert last.area.tolist() == [1500, 1500]


def test_what_is_found_keeps_its_ids_and_what_has_no_tracker_id_its_box() -> None:
    images = [frame(0), frame(1)]
    frames: list[Seen] = [{-1: 0, 7: 50}, {-1: 40, 7: 60}]
    found = [detections(seen, image) for seen, image in zip(frames, images, strict=True)]
    row = run(images, found)[1]
    assert row.xyxy[:, 0].tolist() == [40, 52]
    assert row.data["detection_id"].tolist() == ["video#1/detect/0", "video#1/detect/1"]
    assert found[1].xyxy[1, 0] == 60


def test_boxes_found_on_a_crop_are_steadied_on_the_frame() -> None:
    images = [frame(0), frame(1)]
    crops = [image.crop(100, 0, 400, 200, id=f"{image.id}/crop") for image in images]
    found = [detections({1: 10.0 * i}, crop) for i, crop in enumerate(crops) if crop]
    assert [row.xyxy[0, 0] for row in run(images, found)] == pytest.approx([100, 102])


def test_detections_without_tracker_ids_and_frames_without_detections() -> None:
    image = frame(0)
    found = detections({1: 0}, image)
    found.tracker_id = None
    with pytest.raises(RunError, match="have no tracker ids; put a tracker, such as byte_tracker, before it"):
        run([image], [found])
    assert len(run([image], [Detections.empty()])[0]) == 0
    with pytest.raises(WorkflowError, match="does not fit 'bbox_smoothing_coefficient'"):
        run([image], [found], bbox_smoothing_coefficient=1.5)
