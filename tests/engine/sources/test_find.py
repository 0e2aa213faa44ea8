"""A source gives the pictures a user means, in the order they expect, under ids that suit every machine."""

import glob
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from cropflow.errors import ImageError
from cropflow.sources import find_source
from cropflow.sources.pattern import matching

PNG = cv2.imencode(".png", np.full((4, 6, 3), 90, np.uint8))[1].tobytes()


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    return root


def ids(source: object, **options: object) -> list[str]:
    return [picture.id for picture in find_source(source, **options).items]  # type: ignore[arg-type]


def test_a_folder_is_read_with_its_subfolders_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "b/2.png", "b/10.png", "a.JPG", "b/c/x.webp", "B/1.png", "b10/1.png", "b9/1.png")
    assert ids(tmp_path) == ["a.JPG", "B/1.png", "b/2.png", "b/10.png", "b/c/x.webp", "b9/1.png", "b10/1.png"]


def test_what_is_no_picture_is_ignored_in_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "a.png", ".b.png", "._a.png", ".hidden/c.png", "notes.txt", "labels.csv", "png", "Thumbs.db")
    assert ids(tmp_path) == ["a.png"]


def test_a_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "sub/picture.dat")
    (picture,) = find_source(tmp_path / "sub/picture.dat").items
    assert picture.id == "picture.dat"
    assert picture.load().pixels.shape == (4, 6, 3)
    assert picture.load().id == "picture.dat"


def test_a_pattern_gives_paths_from_its_first_wildcard_on(tmp_path: Path) -> None:
    make(tmp_path, "data/a/1.png", "data/b/2.png", "data/b/3.txt", "other/9.png")
    assert ids(f"{tmp_path}/data/*/*") == ["a/1.png", "b/2.png"]
    assert ids(f"{tmp_path}/data/**/*.png") == ["a/1.png", "b/2.png"]
    assert ids(f"{tmp_path}/data/?/2.png") == ["b/2.png"]


def test_a_pattern_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "2.png", "10.png", "sub/1.png")
    monkeypatch.chdir(tmp_path)
    assert ids("*.png") == ["2.png", "10.png"]
    assert ids("./sub/*.png") == ["1.png"]


def test_a_name_with_brackets_that_exists_is_no_pattern(tmp_path: Path) -> None:
    make(tmp_path, "shots [1]/a.png", "shot[2].png", "shot2.png")
    assert ids(tmp_path / "shots [1]") == ["a.png"]
    assert ids(tmp_path / "shot[2].png") == ["shot[2].png"]
    make(tmp_path, "shots 1/b.png", "all/sub[1]/c.png", "all/sub1/d.png")
    assert ids(f"{tmp_path}/shots [1]/*.png") == ["a.png"]
    assert ids(f"{tmp_path}/*/sub[1]/*.png") == ["all/sub[1]/c.png"]
    assert ids(f"{tmp_path}/*/sub[1-9]/*.png") == ["all/sub1/d.png"]
    make(tmp_path, "what?/e.png", "whats/f.png")
    assert ids(f"{tmp_path}/what?/*.png") == ["e.png"]
    assert ids(f"{tmp_path}/[s]hots*/?.png") == ["shots 1/b.png", "shots [1]/a.png"]


PATTERNS = """
    * */* ** **/* **/*.png */**/1.png **/b/* **/b/** a/**/**/*.png ./a/../**/?.png **.png [ab]/[!1].png .hidden/*
    **/.hidden/* .*/* */.*/*.png a/b/1.png* **/[ a*/b?/* a/b/../?.png
"""


@pytest.mark.parametrize("pattern", PATTERNS.split())
def test_a_pattern_gives_what_glob_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    make(tmp_path, "1.png", "a/1.png", "a/2.png", "a/b/1.png", "a/b/2.png", "a/b/c/1.png", "a/bb/5.png", "b/[")
    make(tmp_path, "b/.hidden/3.png", ".hidden/4.png")
    monkeypatch.chdir(tmp_path)
    found = {os.path.normpath(path) for path in matching(Path(pattern)) if path.is_file()}
    wanted = glob.glob(str(Path(pattern)), recursive=True)  # noqa: PTH207 - it is what users know
    assert found == {os.path.normpath(path) for path in wanted if Path(path).is_file()}
    assert found


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(make(tmp_path, "a.png")))
    assert ids("~/a.png") == ["a.png"]


def test_links_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    make(tmp_path, "data/a.png", "elsewhere/b.png")
    (tmp_path / "data/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data/loop").symlink_to(tmp_path / "data")
    (tmp_path / "data/linked/round").symlink_to(tmp_path / "data")
    assert ids(tmp_path / "data") == ["a.png", "linked/b.png"]
    assert ids(f"{tmp_path}/data/**/*.png") == ["a.png", "linked/b.png"]
    assert ids(f"{tmp_path}/data/**") == ["a.png", "linked/b.png"]
    assert ids(f"{tmp_path}/**/*.png") == [
        "data/a.png",
        "data/linked/b.png",
        "elsewhere/b.png",
        "elsewhere/round/a.png",
    ]
    assert ids(f"{tmp_path}/data/*/*.png") == ["linked/b.png"]
    assert ids(f"{tmp_path}/data/loop/*.png") == ["a.png"]


def test_a_link_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    make(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to("gone.png")
    with pytest.raises(ImageError, match=r"the link '.*b\.png' leads nowhere: there is no 'gone\.png'"):
        find_source(tmp_path / "b.png")
    assert ids(tmp_path) == ids(f"{tmp_path}/*.png") == ["a.png", "b.png"]


def test_the_folder_results_go_to_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "out/images/a.png")
    assert ids(tmp_path, skip=tmp_path / "out") == ["a.png"]
    assert ids(f"{tmp_path}/**/*.png", skip=tmp_path / "out") == ["a.png"]
    assert ids(tmp_path / "out", skip=tmp_path) == ["images/a.png"]
    assert ids(tmp_path / "out", skip=tmp_path / "out") == ["images/a.png"]


def test_a_url_needs_permission_and_has_the_name_of_its_file() -> None:
    assert ids("https://example.com/shots/car%201.jpg?size=9", allow_urls=True) == ["car 1.jpg"]
    assert ids("https://example.com", allow_urls=True) == ["example.com"]
    assert ids("https://example.com/a%2F..%2Fb.jpg", allow_urls=True) == ["a_.._b.jpg"]
    with pytest.raises(ImageError, match="--allow-urls"):
        find_source("https://example.com/a.jpg")


def test_a_source_without_pictures_says_what_was_looked_for(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt", "sub/scene.jpg")
    cases: dict[str | Path, str] = {
        tmp_path / "nothing": r"no file or folder '.*nothing'",
        tmp_path / "sub/scne.jpg": r"did you mean '.*scene\.jpg'\?",
        f"{tmp_path}/*.gif": r"no picture or video matches the pattern",
        f"{tmp_path}/*.txt": r"1 other files match it",
        "": "a source is empty",
        "x" * 5000: "cannot be read",
        "a\0b": "no file or folder",
    }
    for source, message in cases.items():
        with pytest.raises(ImageError, match=message):
            find_source(source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match=r"holds no picture.*\.jpg"):
        find_source(tmp_path / "empty")


def test_a_name_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).write_bytes(PNG)
    (picture,) = find_source(tmp_path).items
    assert picture.load().width == 6
