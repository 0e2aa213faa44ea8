"""`workflow.stream`: pictures, videos and cameras go through in order, and steps remember each stream by itself."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest

from cropflow import Block, Image, ImageError, InputError, Maybe, RunError, Stream, Workflow

from ..films import film, serving

MODELS = Path(__file__).parents[2] / "models"


class Seen(Block):
    """Counts the frames of a stream."""

    type = "odd/seen@v1"

    class Output(NamedTuple):
        count: int
        level: int

    def run(self, image: Image, stream: Stream) -> Output:
        stream.state["count"] = stream.state.get("count", 0) + 1
        level = round(float(np.mean(image.bgr)))
        if level > 190:
            raise ValueError("too bright")
        return self.Output(stream.state["count"], level)


DOCUMENT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [{"type": "odd/seen@v1", "name": "seen", "image": "$inputs.image"}],
    "outputs": [{"type": "JsonField", "name": "count", "selector": "$steps.seen.count"}],
}
PAIR = {
    **DOCUMENT,
    "inputs": [{"type": "WorkflowImage", "name": name} for name in ("image", "other")],
}


@pytest.fixture
def workflow() -> Iterator[Workflow]:
    with Workflow.load(DOCUMENT, blocks=[Seen]) as workflow:
        yield workflow


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    film(tmp_path / "a.mp4", range(0, 100, 10))
    film(tmp_path / "b.mp4", range(0, 70, 10))
    return tmp_path


def told(workflow: Workflow, *arguments: Any, **options: Any) -> list[tuple[str, Any]]:
    with workflow.stream(*arguments, **options) as running:
        return [(result.id, result["count"]) for result in running]


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_each_video_is_a_stream_of_its_own_whatever_the_batch(workflow: Workflow, videos: Path, size: int) -> None:
    expected = [*((f"a.mp4#{n}", n + 1) for n in range(10)), *((f"b.mp4#{n}", n + 1) for n in range(7))]
    assert told(workflow, videos, batch_size=size) == expected


def test_a_stream_that_ended_begins_anew(workflow: Workflow, videos: Path) -> None:
    assert told(workflow, [videos / "b.mp4"]) == told(workflow, videos / "b.mp4")


def test_results_know_where_they_come_from(workflow: Workflow, videos: Path) -> None:
    results = list(workflow.stream(videos, stride=4))
    places = [(r.source, r.frame) for r in results]
    assert places == [
        ("a.mp4", 0),
        ("a.mp4", 4),
        ("a.mp4", 8),
        ("b.mp4", 0),
        ("b.mp4", 4),
    ]
    assert dict(results[0]) == {"count": 1} and results[0].errors == ()


def test_results_have_a_json_form_as_those_of_a_run(videos: Path) -> None:
    outputs = [{"type": "JsonField", "name": "image", "selector": "$inputs.image"}, *DOCUMENT["outputs"]]
    with Workflow.load({**DOCUMENT, "outputs": outputs}, blocks=[Seen]) as workflow:
        (result,) = workflow.stream(videos / "a.mp4", stride=10)
        whole = workflow.run({"image": result["image"]})
    assert result.to_dict() == whole.to_dict()[0]
    assert json.loads(result.to_json(indent=1)) == result.to_dict()
    assert result.to_dict()["image"]["type"] == "base64"


def test_what_fails_is_skipped_or_ends_it(workflow: Workflow, tmp_path: Path) -> None:
    bright = film(tmp_path / "bright.mp4", [10, 220, 30])
    results = list(workflow.stream(bright, on_error="skip"))
    assert [(r["count"], len(r.errors)) for r in results] == [(1, 0), (None, 1), (3, 0)]
    assert "too bright" in str(results[1].errors[0])
    with pytest.raises(RunError, match="too bright"):
        list(workflow.stream(bright))


def test_a_callback_can_stop_it(workflow: Workflow, videos: Path) -> None:
    seen: list[str] = []
    running = workflow.stream(videos, batch_size=2)

    def look(result: Any) -> None:
        seen.append(result.id)
        if len(seen) == 3:
            running.stop()

    running.each(look)
    assert seen == ["a.mp4#0", "a.mp4#1", "a.mp4#2", "a.mp4#3"]


def test_leaving_early_ends_the_reader(workflow: Workflow, videos: Path) -> None:
    with workflow.stream(videos, batch_size=1) as running:
        assert next(iter(running)).id == "a.mp4#0"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cropflow-reader")]


def test_a_stream_that_is_cut_off_begins_anew(workflow: Workflow, videos: Path, tmp_path: Path) -> None:
    whole = told(workflow, videos / "a.mp4")
    with workflow.stream(videos / "a.mp4", batch_size=2) as running:
        next(iter(running))
    assert told(workflow, videos / "a.mp4") == whole
    film(tmp_path / "bright.mp4", [10, 20, 250, 30])
    for _ in range(2):
        with (
            pytest.raises(RunError, match=r"bright\.mp4#2: ValueError: too bright"),
            workflow.stream(tmp_path / "bright.mp4", batch_size=1) as running,
        ):
            list(running)
    assert workflow._memory.states == {}


def test_a_picture_that_cannot_be_read_has_its_place_in_the_stream(tmp_path: Path) -> None:
    class Place(Block):
        """Tells where in its stream an element is."""

        type = "odd/place@v1"

        class Output(NamedTuple):
            place: str

        def run(self, image: Maybe[Image], stream: Stream) -> Output:
            return self.Output(f"{stream.id} {stream.frame}")

    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        cv2.imwrite(str(folder / name), np.zeros((8, 8, 3), np.uint8))
    (folder / "b.png").write_bytes(b"no picture")
    steps = [{"type": "odd/place@v1", "name": "seen", "image": "$inputs.image"}]
    outputs = [{"type": "JsonField", "name": "place", "selector": "$steps.seen.place"}]
    with Workflow.load({**DOCUMENT, "steps": steps, "outputs": outputs}, blocks=[Place]) as workflow:
        with workflow.stream(folder, on_error="skip") as running:
            assert [result["place"] for result in running] == ["pictures 0", "pictures 1", "pictures 2"]
        assert workflow.run({"image": np.zeros((8, 8, 3), np.uint8)})[0]["place"] == " 0"


def test_cameras_share_a_run_and_are_remembered_apart(workflow: Workflow, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        cameras = [f"{server.url}/cam-{level}.mjpg" for level in (40, 90, 160)]
        found: dict[str, list[int]] = {}
        for result in workflow.stream(cameras, frames="every", reconnects=0):
            found.setdefault(result.source[-7:], []).append(result["count"])
    assert found == {name: list(range(1, 11)) for name in ("40.mjpg", "90.mjpg", "60.mjpg")}


def test_a_slow_workflow_passes_frames_over(workflow: Workflow, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.frames, server.pause = 40, 0.005
        running = workflow.stream(f"{server.url}/cam-40.mjpg", reconnects=0)
        taken = [(threading.Event().wait(0.05), result.frame)[1] for result in running]
    assert taken == sorted(set(taken)) and len(taken) < 30  # type: ignore[type-var]
    assert running.dropped == {running.source.named[0]: 40 - len(taken)}


def test_several_inputs(videos: Path) -> None:
    with Workflow.load(PAIR, blocks=[Seen]) as workflow:
        assert len(told(workflow, {"image": videos / "b.mp4", "other": videos / "b.mp4"})) == 7
        with pytest.raises(InputError, match="a mapping from their names"):
            workflow.stream(videos)
        with pytest.raises(InputError, match="no image input 'imgae'"):
            workflow.stream({"imgae": videos, "other": videos})
        with pytest.raises(InputError, match="'other' needs a source"):
            workflow.stream({"image": videos})


def test_a_picture_that_goes_with_every_row_is_read_once(videos: Path) -> None:
    broken = videos / "broken.png"
    broken.write_bytes(b"no picture")
    sources = {"image": videos / "b.mp4", "other": broken}
    with Workflow.load(PAIR, blocks=[Seen]) as workflow, workflow.stream(sources, on_error="skip") as running:
        (done,) = running.batches()
        assert len(done.batch.rows) == 7
        assert len(done.result.errors) == 1
        assert all(len(errors) == 1 for _, _, errors in done.rows())


def test_wrong_use(workflow: Workflow, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no file or folder"):
        workflow.stream(tmp_path / "gone.mp4")
    for option in ("stride", "batch_size"):
        with pytest.raises(ValueError, match=option):
            workflow.stream(0, **{option: -1})


@pytest.mark.parametrize("many", [lambda one: one, lambda one: [one], lambda one: iter([one])])
@pytest.mark.parametrize("frame", [np.zeros((4, 4, 3), np.uint8), Image(np.zeros((4, 4, 3), np.uint8)), b"JPEG"])
def test_frames_in_memory_are_no_source(workflow: Workflow, frame: Any, many: Callable[[Any], Any]) -> None:
    with pytest.raises(InputError, match="frames in memory go to `run`"):
        workflow.stream(many(frame))


def test_sources_may_come_from_a_generator(workflow: Workflow, videos: Path) -> None:
    assert len(told(workflow, videos.glob("*.mp4"))) == 17


def test_digits_in_a_video_are_found_the_same_in_any_batch(tmp_path: Path) -> None:
    scene = Path(__file__).parents[2] / "examples/digits/scenes/meter/01.jpg"
    picture = Image.load(scene).bgr
    frames = [np.roll(picture, 4 * number, axis=1) for number in range(6)]
    film(tmp_path / "meter.mp4", frames)
    document = {
        **DOCUMENT,
        "steps": [
            {"type": "object_detection_model@v2", "name": "detect", "images": "$inputs.image",
             "model_id": str(MODELS / "digits-detect.pt")},
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.detect.predictions"}],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        workflow.warm_up()
        single = list(workflow.stream(tmp_path / "meter.mp4", batch_size=1))
        several = list(workflow.stream(tmp_path / "meter.mp4", batch_size=4))
    assert len(single) == len(several) == 6
    for one, other in zip(single, several, strict=True):
        assert len(one["found"]) > 2
        np.testing.assert_allclose(one["found"].xyxy, other["found"].xyxy, atol=0.05)
        assert list(one["found"].data["detection_id"]) == list(other["found"].data["detection_id"])
        assert one["found"].data["detection_id"][0].startswith(one.id + "/detect/")
