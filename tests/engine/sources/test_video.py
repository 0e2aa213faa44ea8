"""A video is its frames, each under its number; what is wrong with a file costs one frame, not the run."""

from pathlib import Path

import numpy as np
import pytest

from cropflow.errors import ImageError
from cropflow.sources import Reading, Shot, chain, find_source
from cropflow.sources.rows import Rows

from ...films import film, serving


def shots(path: Path | str, start: int = 0, **reading: object) -> list[Shot]:
    (item,) = find_source(path, allow_urls=True).items
    return list(item.shots(Reading(**reading), start))  # type: ignore[arg-type]


def levels(found: list[Shot]) -> list[int]:
    return [round(float(np.mean(shot.image.bgr)) / 20) for shot in found]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return film(tmp_path / "v.mp4", range(0, 200, 20), fps=12)


def test_frames_know_video_number_and_rate(video: Path) -> None:
    found = shots(video)
    assert levels(found) == list(range(10))
    assert [(s.image.id, s.item, s.frame, s.total) for s in found[:2]] == [
        ("v.mp4#0", "v.mp4", 0, 10),
        ("v.mp4#1", "v.mp4", 1, 10),
    ]
    assert {(s.image.stream, s.image.fps) for s in found} == {("v.mp4", 12.0)}
    assert [s.last for s in found] == [False] * 9 + [True]


@pytest.mark.parametrize("stride", [1, 3, 4, 9, 10, 50])
def test_a_stride_keeps_numbers_and_can_be_taken_up_anywhere(video: Path, stride: int) -> None:
    whole = shots(video, stride=stride)
    assert [shot.frame for shot in whole] == list(range(0, 10, stride))
    assert levels(whole) == list(range(0, 10, stride))
    assert find_source(video).items[0].count(stride) == len(whole)
    for start in range(len(whole)):
        assert [s.frame for s in shots(video, start, stride=stride)] == [s.frame for s in whole[start:]]


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"no video at all")
    (shot,) = shots(tmp_path / "v.mp4")
    assert (shot.item, shot.frame, shot.last) == ("v.mp4", None, True)
    with pytest.raises(ImageError, match=r"v\.mp4: cannot be opened as a video"):
        shot.image.decode()


def test_a_video_that_is_cut_off_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.avi", [n % 200 for n in range(0, 900, 9)], codec="mpeg4")
    data = whole.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) * 6 // 10])
    found = shots(tmp_path / "cut.avi")
    assert 20 < len(found) < 90
    for shot in found[:-1]:
        shot.image.decode()
    with pytest.raises(ImageError, match=rf"ends after {len(found) - 1} of 100 frames"):
        found[-1].image.decode()


def test_a_folder_of_pictures_and_videos(video: Path) -> None:
    film(video.parent / "sub/w.mp4", [100, 120])
    (video.parent / "a.png").write_bytes(b"never opened")
    rows = Rows({"image": chain([find_source(video.parent)])}, Reading(stride=5))
    assert [row.id for row in rows.read()] == ["a.png", "sub/w.mp4#0", "v.mp4#0", "v.mp4#5"]
    assert rows.count() == 4
    assert [row.ends for row in rows.read()] == [(video.parent.name,), ("sub/w.mp4",), (), ("v.mp4",)]


def test_reading_goes_on_after_any_row(video: Path) -> None:
    film(video.parent / "u.mp4", [0, 20, 40])
    rows = Rows({"image": chain([find_source(video.parent)])}, Reading(stride=2))
    whole = list(rows.read())
    for number, row in enumerate(whole):
        assert [r.id for r in rows.read(row.after)] == [r.id for r in whole[number + 1 :]]


def test_two_videos_side_by_side(video: Path) -> None:
    other = film(video.parent / "other.mp4", [200] * 10)
    rows = Rows({"left": chain([find_source(video)]), "right": chain([find_source(other)])})
    assert [(row.images["left"].id, row.images["right"].id) for row in rows.read()][9] == ("v.mp4#9", "other.mp4#9")


def test_a_video_behind_a_url_needs_permission(video: Path) -> None:
    with serving(video.parent) as server:
        found = shots(f"{server.url}/v.mp4?key=secret")
        assert levels(found) == list(range(10))
        assert found[0].image.id == "v.mp4#0"
        with pytest.raises(ImageError, match="--allow-urls"):
            find_source(f"{server.url}/v.mp4")
