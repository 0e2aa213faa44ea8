"""A list gives what its lines name, and a line that names nothing costs itself alone."""

import os
from pathlib import Path

import pytest

from cropflow.errors import ImageError
from cropflow.sources import Reading, find_source


def test_a_list_names_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("in/a.png", "in/b.png", "deep/down/c.png", "d.png", "e.jpg", "v.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    listed = tmp_path / "list.txt"
    listed.write_text(
        f"# mine\nin\n{tmp_path}/v.mp4\n\ndeep/**/*.png\n./d.png\nd.png\nhttp://h/e.jpg?1\nhttp://h/e.jpg?2\n"
    )
    items = find_source(listed, allow_urls=True).items
    assert [item.id for item in items] == [
        "in/a.png", "in/b.png", "v.mp4", "deep/down/c.png", "d.png", "d~2.png", "e.jpg", "e~2.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names nothing"),
        ("# only this", "names nothing"),
        ("\na.png\nother.txt", r"line 3 names another list, 'other\.txt'"),
        ("#\ngone.png", r"list\.txt', line 2: there is no file or folder '.*gone\.png'"),
        ("gone.png\ngone/*.png", "line 1: there is no file .*; the other lines name nothing that is there either"),
        ("a.png\nhttp://h/a.png", "line 2: http://h/a.png: .*--allow-urls"),
        ("live:http://h/a.png\ngone.png\nhttp://h/a.png", "line 3: .*--allow-urls"),
    ],
)
def test_a_wrong_list(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(ImageError, match=message):
        find_source(tmp_path / "list.txt")


def test_what_is_not_there_costs_its_own_line(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png", "empty/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    lost = ("sub/bb.png", "sub/*.gif", "empty", "../gone.mp4", "x" * 3000, "a\0b")
    (tmp_path / "list.txt").write_text("\n".join(["# mine", "a.png", *lost, "sub/b.png"]))
    items = find_source(tmp_path / "list.txt").items
    assert [item.id for item in items] == ["a.png", *lost[:3], "gone.mp4", *lost[4:], "sub/b.png"]
    messages = []
    for item in items[1:-1]:
        (shot,) = item.shots(Reading())
        assert shot.image.id == item.id
        with pytest.raises(ImageError) as caught:
            shot.image.decode()
        messages.append(str(caught.value))
    starts = [f"the list '{tmp_path / 'list.txt'}', line {number}: " for number in range(3, 9)]
    told = [message.removeprefix(start) for message, start in zip(messages, starts, strict=True)]
    near = os.path.join(tmp_path, "sub", "b")  # noqa: PTH118
    assert told[0].startswith(f"there is no file or folder '{near}b.png'")
    assert told[0].endswith(f"did you mean '{near}.png'?")
    assert told[1].startswith("no picture or video matches the pattern")
    assert told[2].startswith("the folder ") and "holds no picture" in told[2]
    assert told[3].startswith("there is no file or folder")
    assert "too long" in told[4]


def test_what_is_not_beside_the_list_may_be_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here/a.png", "here/b.png", "lists/b.png", "lists/what?/c.png", "lists/whats/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "lists/list.txt").write_text("a.png\nb.png\n0\n")
    a, b, camera = find_source("../lists/list.txt").items
    assert (a.place, b.place.parent, camera.id) == (Path("a.png"), Path("../lists"), "camera-0")  # type: ignore[attr-defined]
    (tmp_path / "lists/what?/list.txt").write_text("*.png\ngone.png")
    assert [item.id for item in find_source(tmp_path / "lists/what?/list.txt").items] == ["c.png", "gone.png"]
