"""Templates of file names: filled in from what is known of a picture, and refused where they cannot be meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow import Image
from cropflow.names import safe_name
from cropflow_blocks.sinks.template import check_file_name, check_template, index_of, place, source_of

NASTY = st.text(st.sampled_from("/\\.: %~\x00\n*CONcon1é\ud800{}"), min_size=1, max_size=12)


@given(NASTY, NASTY)
def test_what_is_filled_in_never_leads_out_of_its_folder(id: str, label: str) -> None:
    image = Image(np.zeros((2, 2, 3), np.uint8), id=id)
    top, *parts = place("{class}", "{source}_{class}-{index}.png", image, label, None).split("/")
    assert top == safe_name(label) and parts
    assert all(part not in ("", ".", "..") and not set(part) & set('<>:"\\|?*\x00\n') for part in parts)


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
        ("{}.png", "a name with {source}, {class}, {index}, {id}, {confidence}; there is no"),
        ("{class!r}.png", "there is no"),
        ("{class.png", "braces around placeholders only"),
        ("class}.png", "braces around placeholders only"),
        ("{{class}}.png", "braces around placeholders only"),
        ("../{source}.png", r"a path inside the output folder, without '\.\.'"),
        ("/tmp/{source}.png", "without '/' at its beginning"),
        ("a:b.png", "without ':'"),
    ],
)
def test_a_wrong_template_says_what_would_be_right(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_template(template)


@pytest.mark.parametrize("name", ["{source}", "{source}.gif", "{source}.{class}", ".png"])
def test_only_pictures_that_can_be_written_have_a_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"ends in one of \.png, \.jpg, \.jpeg, \.webp"):
        check_file_name(name)
