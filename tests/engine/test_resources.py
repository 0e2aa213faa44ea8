"""The output folder: nothing that one writer put there is lost to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from cropflow import OutputFolder


def test_a_folder_may_be_named_as_text(tmp_path: Path) -> None:
    folder = OutputFolder(str(tmp_path / "out"))
    assert folder.path == tmp_path / "out"
    assert folder.write("a.txt", b"a") == "a.txt"
    assert (tmp_path / "out/a.txt").read_bytes() == b"a"


def test_two_writers_that_are_open_at_once_share_a_file_that_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("old\n")
    folder = OutputFolder(tmp_path, fresh=True)
    with folder.append("log.jsonl") as one, folder.append("sub/../log.jsonl") as other:
        for number in range(2):
            for name, file in (("one", one), ("other", other)):
                file.write(f"{name} {number}\n".encode())
                file.flush()
    assert (tmp_path / "log.jsonl").read_text() == "one 0\nother 0\none 1\nother 1\n"


def test_files_whose_names_differ_in_case_are_both_begun_anew(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path, fresh=True)
    for name in ("log.jsonl", "LOG.jsonl"):
        (tmp_path / name).write_text("old\n")
        folder.append(name).close()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b""}


@pytest.mark.parametrize("name", ["results.jsonl", "sub/../results.jsonl", "Results.JSONL", "results.jsonl/a.png"])
def test_a_reserved_name_is_refused(tmp_path: Path, name: str) -> None:
    folder = OutputFolder(tmp_path / "out", reserved=("results.jsonl",))
    folder.write("sub/../other.txt", b"")
    for write in (folder.append, folder.file, lambda name: folder.write(name, b"")):
        with pytest.raises(ValueError, match=r"'results\.jsonl' .* choose another name"):
            write(name)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["other.txt"]
    folder.write("sub/results.jsonl", b"")


def test_a_link_that_leads_out_is_refused_in_a_folder_that_was_written_to_before(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out")
    folder.write("a/1.txt", b"first")
    (tmp_path / "secret.txt").write_text("kept")
    (tmp_path / "out/a/2.txt").symlink_to(tmp_path / "secret.txt")
    for name in ("a/2.txt", "a/..", "a/../../3.txt"):
        with pytest.raises(ValueError, match="leads out of the output folder"):
            folder.write(name, b"second")
    (tmp_path / "out/b").mkdir()
    (tmp_path / "out/a/3.txt").symlink_to(tmp_path / "out/b/3.txt")
    assert [folder.write(f"a/{number}.txt", b"third") for number in (3, 4)] == ["a/3.txt", "a/4.txt"]
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.txt")}
    assert written == {"a/1.txt", "a/2.txt", "a/3.txt", "a/4.txt", "b/3.txt"}
    assert (tmp_path / "secret.txt").read_text() == "kept"


def test_a_folder_that_becomes_a_link_leads_nowhere(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out")
    folder.write("a/1.txt", b"first")
    (tmp_path / "out/a").rename(tmp_path / "elsewhere")
    (tmp_path / "out/a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="leads out of the output folder"):
        folder.write("a/2.txt", b"second")


def test_a_folder_that_is_moved_away_meanwhile_is_made_anew(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out")
    folder.write("a/1.txt", b"first")
    (tmp_path / "out").rename(tmp_path / "yesterday")
    folder.write("a/2.txt", b"second")
    assert (tmp_path / "out/a/2.txt").read_bytes() == b"second"


def test_a_number_that_tells_files_apart_is_no_index_of_a_crop(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path)
    names = ["a/1-3.png", "a/1-3.png", "a/1-3.PNG", "a/1-3~2.png"]
    assert [folder.write(name, b"") for name in names] == ["a/1-3.png", "a/1-3~2.png", "a/1-3~3.PNG", "a/1-3~2~2.png"]
