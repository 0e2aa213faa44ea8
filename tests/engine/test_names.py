"""Whatever a model or a user calls a thing, it becomes a name that every file system takes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cropflow.names import safe_name, safe_path, tidy_path

ANY = st.text(st.characters(), min_size=1, max_size=300)
NASTY = st.text(st.sampled_from("/\\.: %~\x00\n*CONcon1é\ud800"), min_size=1, max_size=12)
NAMES = ANY | NASTY | st.sampled_from(["CON", "nul.txt", "..", ".", "COM1", "Lpt9 .x", "a" * 400, "%2F", "~"])
WINDOWS = {"CON", "PRN", "AUX", "NUL", *(f"{port}{i}" for port in ("COM", "LPT") for i in range(10))}


def legal(part: str) -> bool:
    """The rules of Windows, which are the narrowest."""
    stem = part.split(".")[0].rstrip(" ").upper()
    return (
        part not in ("", ".", "..")
        and not set(part) & set('<>:"/\\|?*')
        and all(ord(c) >= 32 for c in part)
        and part[-1] not in ". "
        and stem not in WINDOWS
        and len(part.encode("utf-8")) <= 255
    )


@given(NAMES)
def test_every_name_is_legal_everywhere(name: str) -> None:
    assert legal(safe_name(name))


@given(NAMES, NAMES)
@example("a/b", "a%2Fb")
@example("a.", "a%2E")
@example("CON", "%43ON")
@example("a" * 400, "a" * 401)
@example("\ud800", "%ED%A0%80")
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize("name", ["dog", "Straße 3", "猫", "traffic light", "a-b_c.d", "Größe (cm)", "image.[3]"])
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert safe_name(name) == name


@given(st.lists(NAMES, min_size=1, max_size=4), NAMES)
def test_every_path_is_legal_and_can_be_written(ids: list[str], label: str) -> None:
    path = tidy_path(f"{safe_name(label)}/{safe_path('/'.join(ids))}_{safe_name(label)}", ".png")
    assert all(legal(part) for part in path.split("/"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        file.parent.mkdir(parents=True)
        file.touch()
        assert file.resolve().is_relative_to(Path(folder).resolve())


def test_paths_keep_their_folders_and_never_lead_upwards() -> None:
    assert safe_path("day 1/cam/0007.jpg") == "day 1/cam/0007.jpg"
    assert safe_path("/etc/../passwd") == "etc/.%2E/passwd"
    assert safe_path("C:\\photos\\a.jpg") == "C%3A/photos/a.jpg"
