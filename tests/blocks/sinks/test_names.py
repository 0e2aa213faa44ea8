"""Whatever a model or a user calls a class, it becomes a path that exists and stays in its folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cropflow import Image
from cropflow_blocks.sinks.names import safe_name, safe_path
from cropflow_blocks.sinks.template import check_file_name, check_template, index_of, place, source_of

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
    image = Image(np.zeros((2, 2, 3), np.uint8), id="/".join(ids))
    path = place("{class}/{id}", "{source}_{class}-{index}.png", image, label, None)
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


def crop(root: str, id: str, **box: Any) -> Image:
    found = Image(np.zeros((20, 20, 3), np.uint8), id=root).crop(2, 2, 12, 12, id=id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("root", "source"),
    [
        ("a.jpg", "a"),
        ("sub/a.jpeg", "sub/a"),
        ("image", "image"),
        ("image.[3]", "image.[3]"),
        ("v.mp4#17", "v#17"),
        ("v1.2/a", "v1.2/a"),
        (".jpg", ".jpg"),
    ],
)
def test_the_source_is_the_input_without_its_extension(root: str, source: str) -> None:
    assert source_of(crop(root, f"{root}/detect/3")) == source


@pytest.mark.parametrize(
    ("id", "index"),
    [
        ("a/1.jpg", ""),
        ("a/1.jpg/detect/3", "3"),
        ("a/1.jpg/detect/3/parts/0", "3-0"),
        ("a/1.jpg/detect_2/12", "12"),
        ("somewhere/7", ""),
    ],
)
def test_the_index_is_that_of_the_box(id: str, index: str) -> None:
    assert index_of(crop("a/1.jpg", id)) == index


def test_a_copy_of_a_crop_keeps_its_place() -> None:
    picture = crop("a.jpg", "a.jpg/detect/3").copy()
    assert (source_of(picture), index_of(picture)) == ("a", "3")


@pytest.mark.parametrize(
    ("folder", "name", "label", "confidence", "path"),
    [
        ("{class}", "{source}_{class}-{index}.png", "dog", 0.9, "dog/sub/a_dog-3.png"),
        ("{class}", "{source}_{class}-{index}.png", None, None, "sub/a-3.png"),
        ("", "{class} {confidence}.JPG", "dog", 0.876, "dog 0.88.JPG"),
        ("x/./y", "{id}.webp", None, None, "x/y/sub/a.jpg/detect/3.webp"),
        ("", "{class}.png", None, None, "unnamed.png"),
        ("{class}", "{class}.png", "a/b", None, "a%2Fb/a%2Fb.png"),
        ("", "{class}.png", "{index}", None, "{index}.png"),
    ],
)
def test_templates_are_filled_in(
    folder: str, name: str, label: str | None, confidence: float | None, path: str
) -> None:
    assert place(folder, name, crop("sub/a.jpg", "sub/a.jpg/detect/3"), label, confidence) == path


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{klass}.png", r"there is no \{klass\}; did you mean \{class\}\?"),
        ("{}.png", "use {source}, {class}, {index}, {id}, {confidence}"),
        ("{class!r}.png", "there is no"),
        ("../{source}.png", r"'\.\.' cannot stand"),
        ("/tmp/{source}.png", "'/' cannot stand"),
        ("a:b.png", "':' cannot stand"),
    ],
)
def test_a_wrong_template_says_what_would_be_right(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_template(template)


@pytest.mark.parametrize("name", ["{source}", "{source}.gif", "{source}.{class}", ".png"])
def test_only_pictures_that_can_be_written_have_a_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"end in one of \.png, \.jpg, \.jpeg, \.webp"):
        check_file_name(name)
