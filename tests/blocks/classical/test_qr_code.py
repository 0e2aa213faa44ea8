"""Codes that a reader reads."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import RunError, WorkflowError

LEVELS = [
    "Low (~7% word recovery / highest data capacity)",
    "Medium (~15% word recovery)",
    "Quartile (~25% word recovery)",
    "High (~30% word recovery / lowest data capacity)",
]


def document(**fields: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "text"}],
        "steps": [{"type": "roboflow_core/qr_code_generator@v1", "name": "make", "text": "$inputs.text", **fields}],
        "outputs": [{"type": "JsonField", "name": "code", "selector": "$steps.make.qr_code"}],
    }


def code(text: str, **fields: Any) -> Image:
    with Workflow.load(document(**fields)) as workflow:
        made: Image = workflow.run({"text": text})[0]["code"]
    return made


def read(image: Image) -> str:
    return cv2.QRCodeDetector().detectAndDecode(image.bgr)[0]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", ["a", "hello world", "https://example.com/abc?d=1", "äöü € 日本語", "0123456789" * 5])
def test_what_is_written_is_read(text: str, level: str) -> None:
    assert read(code(text, error_correct=level)) == text


def test_modules_are_ten_pixels_and_the_border_is_counted_in_modules() -> None:
    assert code("hello").pixels.shape == (290, 290, 3)
    assert code("hello", border=0).pixels.shape == (210, 210, 3)
    assert (code("hello", border=0).pixels[:70, :10] == 0).all(), "a corner of the code, dark from the edge on"


def test_more_recovery_makes_a_larger_code() -> None:
    sizes = [code("a text of some length", error_correct=level).width for level in LEVELS]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]


def test_colours_are_red_green_blue() -> None:
    made = code("hello", fill_color="#ff0000", back_color="rgb(0, 255, 0)")
    assert made.pixels[0, 0].tolist() == [0, 255, 0] and made.pixels[45, 45].tolist() == [0, 0, 255]
    assert {tuple(color) for color in np.unique(made.pixels.reshape(-1, 3), axis=0).tolist()} == {
        (0, 255, 0),
        (0, 0, 255),
    }


def test_no_code_has_the_size_that_opencv_writes_wrongly() -> None:
    widths = {code("x" * count, border=0).width // 10 for count in range(640, 760, 15)}
    assert 101 not in widths and {97, 105} <= widths


@pytest.mark.parametrize(("text", "said"), [("", "text is empty"), ("x" * 3000, "3000 bytes.*shorten it")])
def test_texts_that_make_no_code_are_told(text: str, said: str) -> None:
    with pytest.raises(RunError, match=said):
        code(text)


@pytest.mark.parametrize("fields", [{"border": -1}, {"fill_color": "nope"}, {"error_correct": "Medium"}])
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        Workflow.load(document(**fields))
