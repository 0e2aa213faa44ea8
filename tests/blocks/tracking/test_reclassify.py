"""A classifier that remembers gives what one that is always asked gives, for a fraction of the calls."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, ModelStore, RunError, Workflow

from .conftest import ROOT
from .made import boxes, frames

Videos = dict[str, list[Image]]
Found = dict[str, list[Detections]]


def load(store: ModelStore, classifier: str = "reclassify@v1", **fields: Any) -> Workflow:
    """Crop tracked boxes, classify the crops, and put the classes back on the boxes."""
    crops = {"predictions": "$steps.crop.predictions"} if classifier == "reclassify@v1" else {}
    told = ("predictions", "asked", "age") if classifier == "reclassify@v1" else ("predictions",)
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {
                "type": "dynamic_crop@v1",
                "name": "crop",
                "images": "$inputs.image",
                "predictions": "$inputs.found",
                "square": True,
            },
            {
                "type": classifier,
                "name": "read",
                "images": "$steps.crop.crops",
                "model_id": "models/digits-classify.pt",
                **crops,
                **fields,
            },
            {
                "type": "detections_classes_replacement@v1",
                "name": "named",
                "object_detection_predictions": "$inputs.found",
                "classification_predictions": "$steps.read.predictions",
            },
        ],
        "outputs": [
            *({"type": "JsonField", "name": name, "selector": f"$steps.read.{name}"} for name in told),
            {"type": "JsonField", "name": "named", "selector": "$steps.named.predictions"},
        ],
    }
    return Workflow.load(document, base=ROOT, resources=[store])


@pytest.fixture(scope="module")
def tracked(videos: Videos, found: Found) -> Found:
    """Tracked boxes of every frame."""
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {"type": "byte_tracker@v3", "name": "track", "image": "$inputs.image", "detections": "$inputs.found"}
        ],
        "outputs": [{"type": "JsonField", "name": "tracked", "selector": "$steps.track.tracked_detections"}],
    }
    with Workflow.load(document) as workflow:
        return {
            name: [row["tracked"] for row in workflow.run({"image": images, "found": found[name]})]
            for name, images in videos.items()
        }


def run(workflow: Workflow, images: list[Image], found: list[Detections], size: int = 25) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for first in range(0, len(images), size):
        part = slice(first, first + size)
        rows += workflow.run({"image": images[part], "found": found[part]})
    return rows


def asked(rows: list[dict[str, Any]]) -> list[int]:
    """How many crops of each frame were given to the model."""
    return [sum(filter(None, row["asked"])) for row in rows]


def test_answers_are_those_of_the_classifier_for_a_fraction_of_the_calls(
    videos: Videos, tracked: Found, store: ModelStore
) -> None:
    images, found = videos["zone.mp4"], tracked["zone.mp4"]
    rows = run(load(store), images, found)
    always = run(load(store, "classification_model@v2"), images, found)
    crops = sum(len(row["predictions"]) for row in rows)
    assert crops > 200
    assert sum(asked(rows)) < 0.1 * crops
    pairs = [
        (one.top, other.top)
        for row, all_asked in zip(rows, always, strict=True)
        for one, other in zip(row["predictions"], all_asked["predictions"], strict=True)
    ]
    assert np.mean([one == other for one, other in pairs]) > 0.95
    for row, all_asked in zip(rows, always, strict=True):
        for fresh, one, other in zip(row["asked"], row["predictions"], all_asked["predictions"], strict=True):
            assert one.origin == other.origin, "remembered answers belong to the crop of this frame"
            if fresh:
                assert np.allclose(one.scores, other.scores, atol=1e-3)


def test_batches_do_not_change_what_is_asked(videos: Videos, tracked: Found, store: ModelStore) -> None:
    images, found = videos["approach.mp4"], tracked["approach.mp4"]
    wanted = run(load(store), images, found, size=1)
    for size in (8, 75):
        rows = run(load(store), images, found, size=size)
        assert [row["asked"] for row in rows] == [row["asked"] for row in wanted]
        assert [row["age"] for row in rows] == [row["age"] for row in wanted]
        assert [row["named"].class_id.tolist() for row in rows] == [row["named"].class_id.tolist() for row in wanted]


def test_a_track_is_asked_at_first_and_after_every_so_many_frames(store: ModelStore) -> None:
    rows = run(load(store, every=3), frames(8), [boxes((50, 50), ids=[1])] * 8)
    assert asked(rows) == [1, 0, 0, 1, 0, 0, 1, 0]
    assert [row["age"] for row in rows] == [[0], [1], [2], [0], [1], [2], [0], [1]]


def test_a_track_whose_box_grew_is_asked_again(store: ModelStore) -> None:
    found = []
    for side in (20, 25, 29, 30, 35, 45):
        found.append(boxes((50, 50), ids=[1]))
        found[-1].xyxy[0, 2:] = 50 + side
    assert asked(run(load(store, growth=1.5), frames(6), found)) == [1, 0, 0, 1, 0, 1]
    assert asked(run(load(store, growth=3), frames(6), found)) == [1, 0, 0, 0, 0, 0]


def test_streams_and_tracks_are_kept_apart(store: ModelStore) -> None:
    workflow = load(store)
    left, right = frames(3, "left"), frames(3, "right")
    images = [left[0], right[0], left[1], right[1], left[2]]
    rows = run(workflow, images, [boxes((50, 50), ids=[1])] * 4 + [boxes((50, 50), (150, 50), ids=[1, 2])])
    assert asked(rows) == [1, 1, 0, 0, 1]
    workflow.reset("left")
    assert asked(run(workflow, [left[2], right[2]], [boxes((50, 50), ids=[1])] * 2)) == [1, 0]


def test_frames_without_crops_and_boxes_without_area(store: ModelStore) -> None:
    flat = boxes((50, 50), (400, 50), ids=[1, 2])
    rows = run(load(store), frames(3), [boxes(ids=[]), flat, flat])
    assert [len(row["predictions"]) for row in rows] == [0, 2, 2]
    assert [row["asked"] for row in rows] == [[], [True, None], [False, None]]


def test_crops_that_were_never_tracked_are_refused(store: ModelStore) -> None:
    with pytest.raises(RunError, match="no tracker ids; put a tracker"):
        run(load(store), frames(1), [boxes((50, 50))])


def test_the_log_tells_how_many_calls_were_saved(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cropflow"), load(store) as workflow:
        run(workflow, frames(5), [boxes((50, 50), (150, 50), ids=[1, 2])] * 5)
    assert "step 'read': the model was asked for 2 of 10 crops, 8 calls were saved" in caplog.text


def test_crops_of_many_frames_and_videos_go_through_the_model_together(
    store: ModelStore,
) -> None:
    workflow = load(store)
    images = [frames(1, f"video {number}")[0] for number in range(10)]
    result = workflow.run({"image": images, "found": [boxes((50, 50), (150, 50), ids=[1, 2])] * 10})
    (report,) = [step for step in result.report.steps if step.step == "read"]
    assert (report.elements, report.calls) == (20, 1)
