"""Trackers keep ids over real videos, one stream by itself, whatever the batches; and say what they cannot do."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, ModelError, RunError, Workflow
from cropflow.serialize import to_json
from cropflow_blocks.tracking import association

from .conftest import ROOT, Step
from .made import boxes, frames

Videos = dict[str, list[Image]]
Found = dict[str, list[Detections]]
TRACKERS = (
    *("byte_tracker@v2", "byte_tracker@v3", "trackers_bytetrack@v1", "trackers_botsort@v1"),
    *("trackers_ocsort@v1", "trackers_sort@v1"),
)


@pytest.fixture(scope="module")
def scoring() -> ModuleType:
    folder = ROOT / "examples" / "digits"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        spec = importlib.util.spec_from_file_location("digits_score_tracks", folder / "score_tracks.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


def ids(rows: list[dict[str, Any]]) -> list[list[int]]:
    return [row["tracked_detections"].tracker_id.tolist() for row in rows]


@pytest.mark.parametrize(
    ("tracker", "share", "switches"),
    [
        ("byte_tracker@v3", 0.95, 0),
        ("trackers_bytetrack@v1", 0.93, 0),
        ("trackers_botsort@v1", 0.93, 6),
        ("trackers_ocsort@v1", 0.9, 3),
        ("trackers_sort@v1", 0.92, 4),
    ],
)
def test_digits_are_followed(
    tracker: str, share: float, switches: int, videos: Videos, found: Found, truth: Any, scoring: ModuleType, step: Step
) -> None:
    total = scoring.Tracks()
    for name, images in videos.items():
        rows = step(f"roboflow_core/{tracker}")(images, found[name])
        tracked = {i: to_json(row["tracked_detections"])["predictions"] for i, row in enumerate(rows)}
        total += scoring.compare(truth[name], tracked)
    assert total.digits > 700
    assert total.share >= share
    assert total.switches <= switches


@pytest.mark.parametrize("tracker", TRACKERS)
def test_ids_do_not_depend_on_batches_and_count_from_one(
    tracker: str, videos: Videos, found: Found, step: Step
) -> None:
    name = "crossing.mp4"
    single = ids(step(tracker)(videos[name], found[name], size=1))
    assert ids(step(tracker)(videos[name], found[name], size=8)) == single
    order = list(dict.fromkeys(id for frame in single for id in frame))
    assert sorted(order) == list(range(1, len(order) + 1))
    assert len(order) >= 6


@pytest.mark.parametrize("tracker", TRACKERS)
def test_streams_are_not_mixed(tracker: str, videos: Videos, found: Found, step: Step) -> None:
    names = ("crossing.mp4", "zone.mp4")
    alone = {name: ids(step(tracker)(videos[name], found[name])) for name in names}
    pairs = zip(*(zip(videos[name], found[name], strict=True) for name in names), strict=True)
    images, boxes = zip(*(one for pair in pairs for one in pair), strict=True)
    together = ids(step(tracker)(list(images), list(boxes)))
    assert {name: together[number::2] for number, name in enumerate(names)} == alone


def test_other_trackers_of_the_process_do_not_matter(videos: Videos, found: Found, step: Step) -> None:
    from ultralytics.trackers.basetrack import BaseTrack

    name = "zone.mp4"
    alone = ids(step("byte_tracker@v3")(videos[name], found[name]))
    run, others, mixed = step("byte_tracker@v3"), step("trackers_sort@v1"), []
    BaseTrack._count = 41
    for image, box in zip(videos[name], found[name], strict=True):
        mixed += ids(run([image], [box]))
        BaseTrack.next_id()
        others([image], [box])
    assert mixed == alone
    assert BaseTrack._count == 41 + len(alone)


def test_boxes_stay_as_they_are(videos: Videos, found: Found, step: Step) -> None:
    given = found["crossing.mp4"][20]
    masks = np.zeros((len(given), 240, 320), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, given.xyxy.astype(int), strict=True):
        mask[y0:y1, x0:x1] = True
    given = Detections(given.xyxy, masks, given.confidence, given.class_id, None, {**given.data}, given.metadata)
    (row,) = step("byte_tracker@v3")(videos["crossing.mp4"][20:21], [given])
    tracked = row["tracked_detections"]
    places = [given.data["detection_id"].tolist().index(id) for id in tracked.data["detection_id"]]
    assert len(places) >= 5
    assert np.array_equal(tracked.xyxy, given.xyxy[places])
    assert np.array_equal(np.asarray(tracked.mask), masks[places])
    assert tracked.metadata["origin"] == given.metadata["origin"]
    assert given.tracker_id is None


def test_new_objects_are_told_once(step: Step) -> None:
    run = step("byte_tracker@v3")
    found = [boxes((10, 50)), boxes((12, 50)), boxes((14, 50), (150, 50)), boxes((16, 50), (150, 50))]
    rows = run(frames(4), found)
    assert ids(rows) == [[1], [1], [1], [1, 2]], "another object counts from its second frame on"
    assert [row["new_instances"].tracker_id.tolist() for row in rows] == [[1], [], [], [2]]
    assert [row["already_seen_instances"].tracker_id.tolist() for row in rows] == [[], [1], [1], [1]]


def test_a_small_cache_forgets_whom_it_has_seen(step: Step) -> None:
    rows = step("byte_tracker@v3", instances_cache_size=1)(frames(2), [boxes((10, 50), (150, 50))] * 2)
    assert [row["new_instances"].tracker_id.tolist() for row in rows] == [[1, 2], [1, 2]]


def test_unsure_boxes_keep_a_track_alive_and_begin_none(step: Step) -> None:
    weak = boxes((14, 50), (200, 50), confidence=[0.15, 0.15])
    rows = step("byte_tracker@v3")(frames(5), [boxes((10, 50)), boxes((12, 50)), weak, weak, weak])
    assert ids(rows) == [[1]] * 5
    lost = boxes((14, 50), confidence=[0.09])
    rows = step("byte_tracker@v3")(frames(3), [boxes((10, 50)), boxes((12, 50)), lost])
    assert ids(rows) == [[1], [1], []]


@pytest.mark.parametrize(("fps", "kept", "forgotten"), [(30.0, 30, 32), (10.0, 9, 13), (None, 30, 32)])
def test_lost_objects_come_back_in_time(fps: float | None, kept: int, forgotten: int, step: Step) -> None:
    for gap, same in ((kept, True), (forgotten, False)):
        found = [*[boxes((50, 50))] * 5, *[boxes()] * gap, *[boxes((50, 50))] * 3]
        last = ids(step("byte_tracker@v3")(frames(len(found), fps=fps), found))[-1]
        assert last == ([1] if same else [2]), gap


@pytest.mark.parametrize("tracker", ["byte_tracker@v3", "trackers_sort@v1", "trackers_ocsort@v1"])
def test_an_object_counts_after_enough_frames_in_a_row(tracker: str, step: Step) -> None:
    rows = step(tracker, minimum_consecutive_frames=3)(frames(5), [boxes((10 + 2 * i, 50)) for i in range(5)])
    assert ids(rows) == [[], [], [1], [1], [1]]


def test_least_overlap_in_each_round_can_be_set(step: Step) -> None:
    """A jump by 24 of 40 pixels leaves an overlap of a quarter; the tracker still expects the object where it was."""
    still = [boxes((50, 50))] * 4
    for name, confidence in (("first", 0.9), ("second", 0.3)):
        jump = boxes((74, 50), confidence=[confidence])
        for least, same in ((0.2, True), (0.4, False)):
            run = step("trackers_botsort@v1", **{f"minimum_iou_threshold_{name}_assoc": least})
            assert ids(run(frames(5), [*still, jump]))[-1] == ([1] if same else []), (name, least)


def test_tracks_seen_once_have_a_limit_of_their_own(step: Step) -> None:
    found = [boxes(), boxes((50, 50)), boxes((74, 50)), boxes((80, 50))]
    for least, counts in ((0.2, [[], [], [1], [1]]), (0.4, [[], [], [], [1]])):
        run = step("trackers_botsort@v1", minimum_iou_threshold_unconfirmed_assoc=least)
        assert ids(run(frames(4), found)) == counts


def test_a_camera_that_moves_is_followed(step: Step) -> None:
    """The whole picture jumps by 30 pixels; only a tracker that sees this keeps its small objects."""
    rng = np.random.default_rng(0)
    world = np.kron(rng.integers(0, 255, (60, 100, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    shifts = [0, 0, 0, 30, 60, 60]
    images = [
        Image.load(world[:240, shift : shift + 320].copy(), stream="camera", frame=number, fps=10.0)
        for number, shift in enumerate(shifts)
    ]
    found = [
        Detections(np.array([[200.0 - shift, 100, 220 - shift, 120]]), confidence=np.array([0.9])) for shift in shifts
    ]
    moving = ids(step("trackers_botsort@v1", enable_cmc=True)(images, found))
    assert moving == [[], [1], [1], [1], [1], [1]]
    assert ids(step("trackers_botsort@v1")(images, found)) != moving


def test_nothing_found_and_boxes_without_area_or_confidence(step: Step) -> None:
    flat = Detections(np.array([[10.0, 10, 10, 40], [50, 50, 90, 90], [-30, -30, -9, -9]]))
    rows = step("byte_tracker@v3")(frames(3), [boxes(), flat, flat])
    assert ids(rows) == [[], [], [1, 2]]
    assert rows[2]["tracked_detections"].xyxy.tolist() == [[50, 50, 90, 90], [-30, -30, -9, -9]]
    assert "class_name" in rows[0]["tracked_detections"].data


def test_a_video_that_begins_again_is_followed_anew(step: Step) -> None:
    run, found = step("byte_tracker@v3"), [boxes((10, 50), (150, 50))] * 3
    assert ids(run(frames(3), found)) == ids(run(frames(3), found)) == [[1, 2]] * 3


def test_the_stream_is_forgotten_when_it_is_reset(step: Step) -> None:
    run = step("byte_tracker@v3")
    assert ids(run(frames(1), [boxes((10, 50))])) == [[1]]
    run.workflow.reset("made")
    assert ids(run(frames(1, first=1), [boxes((200, 50))])) == [[1]]


def test_the_same_frame_twice_is_refused(step: Step) -> None:
    run = step("byte_tracker@v3")
    with pytest.raises(RunError, match=r"frame 0 of the stream 'made' comes a second time.*detections_stitch"):
        run(frames(1) * 2, [boxes((10, 50))] * 2)


def test_metadata_tell_the_stream_of_version_1(videos: Videos, found: Found, step: Step) -> None:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowVideoMetadata", "name": "video"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [
            {
                "type": "roboflow_core/byte_tracker@v1",
                "name": "track",
                "metadata": "$inputs.video",
                "detections": "$inputs.found",
            }
        ],
        "outputs": [{"type": "JsonField", "name": "tracked_detections", "selector": "$steps.track.tracked_detections"}],
    }
    name = "crossing.mp4"
    told = [{"video_identifier": name, "frame_number": i, "fps": 15} for i in range(len(videos[name]))]
    with Workflow.load(document) as workflow:
        rows = list(workflow.run({"video": told, "found": found[name]}))
    assert ids(rows) == ids(step("byte_tracker@v3")(videos[name], found[name]))


def test_a_missing_extra_is_named(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        association, "find_spec", lambda name: None if name == "lap" else importlib.util.find_spec(name)
    )
    association._trackers.cache_clear()
    with pytest.raises((RunError, ModelError), match=r'trackers need lap.*pip install "cropflow\[yolo\]"'):
        step("byte_tracker@v3")(frames(1), [boxes((10, 50))])


def test_importing_the_blocks_loads_no_framework() -> None:
    code = "import sys, cropflow_blocks.tracking; print('torch' in sys.modules, 'ultralytics' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )


def test_frames_of_a_real_file_have_what_trackers_ask_for(videos: Videos) -> None:
    image = videos["zone.mp4"][3]
    assert (image.stream, image.frame, image.fps) == ("zone.mp4", 3, 15.0)
    assert Path(image.id).name == "zone.mp4#3"
