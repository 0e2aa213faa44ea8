"""Videos: whole files that players and browsers take, one for each stream, with the frames in order."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from cropflow import Image, OutputFolder, RunError, Stream, Workflow, WorkflowError
from cropflow_blocks.sinks import VideoSink

BLUE, GREEN, RED = (220, 30, 20), (20, 200, 40), (30, 20, 230)


def frame(
    color: tuple[int, int, int],
    stream: str | None = None,
    number: int | None = None,
    fps: float | None = None,
    size: tuple[int, int] = (48, 64),
) -> Image:
    pixels = np.full((*size, 3), color, np.uint8)
    return Image.load(pixels, id=f"{stream}#{number}", stream=stream, frame=number, fps=fps)


def document(**fields: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "video_sink@v1", "name": "video", "image": "$inputs.image", **fields}],
        "outputs": [],
    }


def save(out: Path, *images: Image, batch: int = 3, **fields: Any) -> None:
    with Workflow.load(document(**fields), resources=[OutputFolder(out)]) as workflow:
        for start in range(0, len(images), batch):
            workflow.run({"image": list(images[start : start + batch])})


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def colors(path: Path) -> list[tuple[int, ...]]:
    """The colour in the middle of every frame, as OpenCV decodes it."""
    capture, found = cv2.VideoCapture(str(path)), []
    while (pixels := capture.read()[1]) is not None:
        found.append(tuple(pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].tolist()))
    return found


def near(found: list[tuple[int, ...]], expected: list[tuple[int, int, int]]) -> bool:
    return len(found) == len(expected) and np.abs(np.subtract(found, expected)).max() <= 8


def test_a_video_has_its_frames_its_rate_and_the_form_that_browsers_play(tmp_path: Path) -> None:
    wanted = [BLUE, GREEN, RED, RED, BLUE, GREEN, BLUE]
    save(tmp_path, *(frame(color, "sub/v.avi", i, 12.5) for i, color in enumerate(wanted)))
    assert files(tmp_path) == ["videos/sub/v.mp4"]
    path = tmp_path / "videos/sub/v.mp4"
    assert near(colors(path), wanted)
    with av.open(str(path)) as video:
        (stream,) = video.streams
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.average_rate, stream.frames) == (Fraction(25, 2), 7)
        assert near([tuple(f.to_ndarray(format="bgr24")[20, 20].tolist()) for f in video.decode(stream)], wanted)
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat"), "a browser can begin before all of it is there"


def test_two_streams_side_by_side_give_two_videos(tmp_path: Path) -> None:
    pairs = [(frame(BLUE, "a.mp4", i, 10), frame((GREEN, RED)[i % 2], "b.mp4", i, 30)) for i in range(5)]
    save(tmp_path, *(image for pair in pairs for image in pair))
    assert files(tmp_path) == ["videos/a.mp4", "videos/b.mp4"]
    assert near(colors(tmp_path / "videos/a.mp4"), [BLUE] * 5)
    assert near(colors(tmp_path / "videos/b.mp4"), [GREEN, RED, GREEN, RED, GREEN])
    rates = [cv2.VideoCapture(str(tmp_path / f"videos/{name}.mp4")).get(cv2.CAP_PROP_FPS) for name in "ab"]
    assert rates == [10, 30]


@pytest.mark.parametrize("size", [(47, 64), (48, 65), (1, 1), (31, 33)])
def test_odd_sizes_get_one_pixel_more(tmp_path: Path, size: tuple[int, int]) -> None:
    save(tmp_path, *(frame(RED, "v.mp4", i, size=size) for i in range(2)))
    pixels = cv2.VideoCapture(str(tmp_path / "videos/v.mp4")).read()[1]
    assert pixels.shape[:2] == tuple(side + side % 2 for side in size)
    assert np.abs(pixels.astype(int) - RED).max() <= 12, "the pixels that are added look like their neighbours"


def test_pictures_in_memory_form_one_video_at_the_usual_rate(tmp_path: Path) -> None:
    images = [Image(np.full((30, 40, 3), color, np.uint8), id=f"{i}.png") for i, color in enumerate([RED, BLUE])]
    save(tmp_path, *images, Image(np.full((30, 40), 128, np.uint8)), batch=1)
    assert files(tmp_path) == ["videos/pictures.mp4"]
    assert near(colors(tmp_path / "videos/pictures.mp4"), [RED, BLUE, (128, 128, 128)])
    assert cv2.VideoCapture(str(tmp_path / "videos/pictures.mp4")).get(cv2.CAP_PROP_FPS) == 25


def test_fields_say_name_rate_and_quality(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    frames = [Image.load(noise, stream="v.mp4", frame=i, fps=50) for i in range(4)]
    sizes = []
    for crf in (5, 45):
        save(tmp_path, *frames, file_name="{source}-seen.mp4", folder=f"q{crf}/{{source}}", fps=29.97, crf=crf)
        path = tmp_path / f"q{crf}/v/v-seen.mp4"
        sizes.append(path.stat().st_size)
        assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(29.97)
    assert sizes[0] > 3 * sizes[1]


def test_a_frame_of_another_size_fails_alone(tmp_path: Path) -> None:
    frames = [frame(RED, "v.mp4", 0), frame(BLUE, "v.mp4", 1, size=(50, 64)), frame(GREEN, "v.mp4", 2)]
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        result = workflow.run({"image": frames}, on_error="skip")
    (error,) = result.errors
    assert error.row == 1
    assert "'v.mp4#0' began 'videos/v.mp4' with 64×48 pixels, and 'v.mp4#1' has 64×50" in str(error)
    assert near(colors(tmp_path / "videos/v.mp4"), [RED, GREEN])


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": [frame(RED, "v.mp4", i) for i in range(90)]})
        (hidden,) = files(tmp_path)
        assert Path(hidden).name.startswith(".")
    assert files(tmp_path) == ["videos/v.mp4"]


def test_a_run_that_forgets_ends_its_video(tmp_path: Path) -> None:
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": [frame(RED, "v.mp4", i) for i in range(3)]}, remember=False)
        assert files(tmp_path) == ["videos/v.mp4"]


def test_a_stream_that_is_forgotten_ends_its_video_and_the_next_gets_another_name(tmp_path: Path) -> None:
    sink = VideoSink(OutputFolder(tmp_path))
    for color in (RED, BLUE):
        stream = Stream("v.mp4", 0)
        sink.run(frame(color, "v.mp4", 0), stream)
        for value in stream.state.values():
            value.close()
    assert files(tmp_path) == ["videos/v.mp4", "videos/v~2.mp4"]
    sink.close()
    assert near(colors(tmp_path / "videos/v.mp4"), [RED])
    assert near(colors(tmp_path / "videos/v~2.mp4"), [BLUE])


def test_no_frames_leave_nothing(tmp_path: Path) -> None:
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": []})
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file_name": "{source}.avi"}, "expected: a name that ends in .mp4"),
        ({"file_name": "{class}.mp4"}, "a name with {source}; there is no {class}"),
        ({"folder": "../up"}, "a path inside the output folder"),
        ({"fps": 0}, "greater than 0"),
        ({"crf": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_fields_are_refused_when_the_document_is_compiled(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load(document(**fields), resources=[OutputFolder(tmp_path)])


def test_a_missing_package_is_told_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(WorkflowError, match=r'video_sink needs av .*pip install "cropflow\[video\]"'):
        Workflow.load(document(), resources=[OutputFolder(tmp_path)])


def test_a_video_that_cannot_be_put_in_its_place_leaves_nothing_hidden(tmp_path: Path) -> None:
    (tmp_path / "videos/v.mp4").mkdir(parents=True)
    with (
        pytest.raises(OSError, match=r"v\.mp4"),
        Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow,
    ):
        workflow.run({"image": [frame(RED, "v.mp4", 0)]})
    assert files(tmp_path) == []


def test_a_frame_that_cannot_be_read_stops_nothing_else(tmp_path: Path) -> None:
    broken = Image.load(tmp_path / "nothing.png", id="v.mp4#0", stream="v.mp4", frame=0)
    frames = [broken, frame(RED, "v.mp4", 1)]
    with Workflow.load(document(), resources=[OutputFolder(tmp_path)]) as workflow:
        with pytest.raises(RunError):
            workflow.run({"image": frames})
        workflow.run({"image": frames}, on_error="skip")
    assert near(colors(tmp_path / "videos/v.mp4"), [RED])
