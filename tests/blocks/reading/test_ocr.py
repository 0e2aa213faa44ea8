"""Whole pictures are read in the order people read, by the types that existing documents name."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cropflow import Image, RunError, Workflow
from cropflow.serialize import to_json

from .drawn import paper, put, sign, turned, write


def ocr(*pictures: Any, type: str = "roboflow_core/ocr_model@v1", **fields: Any) -> list[dict[str, Any]]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": type, "name": "ocr", "images": "$inputs.image", **fields}],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.ocr.*"}],
    }
    with Workflow.load(document) as workflow:
        return [row["all"] for row in workflow.run({"image": list(pictures)})]


def test_lines_are_read_from_top_to_bottom() -> None:
    picture = paper(300, 640)
    write(picture, "second line", 40, 200)
    write(picture, "Here", 40, 80)
    write(picture, "and there", 400, 86)
    (row,) = ocr(picture)
    assert row["result"] == "Here and there\nsecond line"
    assert row["predictions"].data["class_name"].tolist() == ["Here", "and there", "second line"]
    assert row["predictions"].data["prediction_type"].tolist() == ["ocr"] * 3
    assert (row["predictions"].confidence > 0.9).all()
    assert (row["parent_id"], row["root_parent_id"], row["prediction_type"]) == ("image.[0]", "image.[0]", "ocr")


def test_several_pictures_keep_their_texts() -> None:
    rows = ocr(sign("one", "two"), paper(100, 100), sign("three"))
    assert [row["result"] for row in rows] == ["one\ntwo", "", "three"]
    assert [len(row["predictions"]) for row in rows] == [2, 0, 1]
    assert to_json(rows[1]["predictions"])["predictions"] == []


@pytest.mark.parametrize("degrees", [-20, 30, 90, 180, 270])
def test_turned_text_is_read(degrees: float) -> None:
    picture = paper(420, 420)
    write(picture, "Turn me around", 80, 220)
    assert ocr(turned(picture, degrees))[0]["result"] == "Turn me around"


def test_slanted_lines_stay_apart() -> None:
    picture = paper(500, 500)
    put(picture, sign("Hello World", "second line", "third").bgr, 40, 140)
    assert ocr(turned(picture, 30))[0]["result"] == "Hello World\nsecond line\nthird"


def test_what_is_found_on_a_crop_names_crop_and_picture() -> None:
    picture = paper(400, 700)
    put(picture, sign("On a crop").bgr, 250, 200)
    document: dict[str, Any] = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "absolute_static_crop@v1", "name": "crop", "images": "$inputs.image",
             "x_center": 460, "y_center": 250, "width": 420, "height": 100},
            {"type": "OCRModel", "name": "ocr", "image": "$steps.crop.crops"},
        ],
        "outputs": [
            {"type": "JsonField", "name": "all", "selector": "$steps.ocr.*"},
            {"type": "JsonField", "name": "crop", "selector": "$steps.crop.crops"},
        ],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        (row,) = workflow.run({"image": Image(picture)})
    found = row["all"]
    assert found["result"] == "On a crop"
    assert (found["parent_id"], found["root_parent_id"]) == (row["crop"].id, "image")
    x0, y0, _, _ = found["predictions"].xyxy[0]
    assert 250 < x0 < 300 and 200 < y0 < 260


def test_pp_ocr_reads_the_whole_picture_where_nothing_is_to_be_found() -> None:
    image = sign("One line")
    (row,) = ocr(image, type="roboflow_core/pp_ocr@v1", text_detection="none")
    assert row["result"] == "One line"
    assert row["predictions"].xyxy.tolist() == [[0, 0, image.width, image.height]]


def test_pp_ocr_gives_boxes_only_where_nothing_is_to_be_read() -> None:
    (row,) = ocr(sign("One", "Two"), type="roboflow_core/pp_ocr@v1", text_recognition="none")
    assert row["result"] == ""
    assert row["predictions"].data["class_name"].tolist() == ["text", "text"]


def test_pp_ocr_with_neither_half_is_refused() -> None:
    with pytest.raises(RunError, match="both 'none', which leaves nothing to do"):
        ocr(sign("One"), type="pp_ocr@v1", text_detection="none", text_recognition="none")


@pytest.mark.parametrize("language", ["English", "Latin", "Japanese", "Simplified Chinese"])
def test_easy_ocr_reads_what_the_model_knows(language: str, caplog: pytest.LogCaptureFixture) -> None:
    (row,) = ocr(sign("Hello World"), type="roboflow_core/easy_ocr@v1", language=language)
    assert row["result"] == "Hello World"
    assert not caplog.records


@pytest.mark.parametrize("language", ["Korean", "Kannada", "Telugu"])
def test_easy_ocr_says_which_languages_it_cannot_read(language: str) -> None:
    with pytest.raises(RunError, match=f"no letters of {language}; it reads English, Japanese, Latin"):
        ocr(sign("Hello"), type="EasyOCR", language=language)


@pytest.mark.parametrize(
    ("type", "fields", "told"),
    [
        ("pp_ocr@v1", {"text_detection": "medium"}, "text_detection: 'medium' is accepted"),
        ("easy_ocr@v1", {"quantize": True}, "quantize: accepted"),
    ],
)
def test_fields_without_effect_are_told_once(
    type: str, fields: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [sign("Hello").bgr[20:80, :140].copy()] * 9  # more than one call takes
    with caplog.at_level(logging.WARNING, "cropflow"):
        rows = ocr(*pictures, type=type, **fields)
    assert {row["result"] for row in rows} == {"Hello"}
    assert [told in record.getMessage() for record in caplog.records] == [True]
