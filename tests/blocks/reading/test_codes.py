"""Codes that were drawn here are found where they are and say what was put into them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from supervision import Detections

from cropflow import Image, Workflow
from cropflow.serialize import to_json
from cropflow_blocks.reading.codes import BarcodeDetector, QRCodeDetector

from .drawn import Pixels, ean13, paper, put, qr, turned


def run(block: str, *pictures: Pixels) -> list[Detections]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": block, "name": "codes", "images": "$inputs.image"}],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.codes.predictions"}],
    }
    with Workflow.load(document) as workflow:
        return [row["found"] for row in workflow.run({"image": list(pictures)})]


def qr_codes(picture: Pixels) -> Detections:
    return run("roboflow_core/qr_code_detector@v1", picture)[0]


def bar_codes(picture: Pixels) -> Detections:
    return run("roboflow_core/barcode_detector@v1", picture)[0]


def texts(found: Detections) -> list[str]:
    return [str(text) for text in found.data["data"]]


def test_several_qr_codes_are_read_where_they_are() -> None:
    picture = paper()
    places = [put(picture, qr("first"), 30, 40), put(picture, qr("zweiter Code: äöü €", 4), 300, 60)]
    places.append(put(picture, qr("https://example.org/?a=1&b=2"), 60, 240))
    found = qr_codes(picture)
    assert texts(found) == ["first", "zweiter Code: äöü €", "https://example.org/?a=1&b=2"]
    np.testing.assert_allclose(found.xyxy, places, atol=1.5)
    assert found.data["class_name"].tolist() == ["qr_code"] * 3
    assert found.data["prediction_type"].tolist() == ["qrcode-detection"] * 3
    assert found.class_id.tolist() == [0, 0, 0] and found.confidence.tolist() == [1, 1, 1]


@pytest.mark.parametrize("degrees", [-70, -20, 30, 45, 90, 180])
def test_a_turned_qr_code_lies_inside_its_box(degrees: float) -> None:
    picture = paper(320, 320)
    put(picture, qr("turned around", 4), 100, 100)
    found = qr_codes(turned(picture, degrees))
    assert texts(found) == ["turned around"]
    (corners,) = found.data["xyxyxyxy"]
    side = 21 * 4
    np.testing.assert_allclose(np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1), side, atol=5)
    np.testing.assert_allclose(found.xyxy[0], [*corners.min(0), *corners.max(0)])


def test_small_qr_codes_are_read() -> None:
    picture = paper(200, 400)
    put(picture, qr("three pixels a module", 3), 40, 40)
    put(picture, qr("aslant", 3), 200, 60)
    assert texts(qr_codes(turned(picture, 12))) == ["three pixels a module", "aslant"]


def test_a_qr_code_that_cannot_be_decoded_has_an_empty_text() -> None:
    picture = paper()
    put(picture, qr("fine"), 40, 60)
    put(picture, qr("spoilt", 6), 300, 60)
    noise = np.random.default_rng(0).integers(0, 2, (10, 10), np.uint8) * 255
    put(picture, np.kron(noise, np.ones((6, 6), np.uint8))[..., None].repeat(3, 2), 300 + 54, 60 + 54)
    assert texts(qr_codes(picture)) == ["fine", ""]


@pytest.mark.parametrize("block", [QRCodeDetector.type, BarcodeDetector.type])
@pytest.mark.parametrize("size", [(400, 640), (1, 1), (3, 500)])
def test_no_code_gives_no_detections(block: str, size: tuple[int, int]) -> None:
    (found,) = run(block, paper(*size))
    assert len(found) == 0 and found.xyxy.shape == (0, 4)
    assert {"class_name", "detection_id", "data", "prediction_type", "parent_id"} <= found.data.keys()
    assert to_json(found)["predictions"] == []


@pytest.mark.parametrize("degrees", [0, 8, -25])
def test_several_bar_codes_are_read_where_they_are(degrees: float) -> None:
    picture = paper(400, 700)
    put(picture, ean13("4006381333931"), 60, 80)
    put(picture, ean13("5901234123457"), 380, 220)
    found = bar_codes(turned(picture, degrees))
    assert sorted(texts(found)) == ["4006381333931", "5901234123457"]
    assert found.data["class_name"].tolist() == ["barcode"] * 2
    assert found.data["prediction_type"].tolist() == ["barcode-detection"] * 2
    if degrees == 0:  # 95 modules of 2 pixels, without the quiet zone; OpenCV finds them roughly
        bars = np.array([[82, 80, 272, 160], [402, 220, 592, 300]], float)
        assert (sv.box_iou_batch(bars, found.xyxy).diagonal() > 0.6).all()


def test_a_bar_code_with_a_wrong_bar_is_left_out() -> None:
    picture = paper()
    x0, y0, x1, y1 = put(picture, ean13("4006381333931"), 60, 80)
    middle = (x0 + x1) // 2
    picture[y0:y1, middle - 40 : middle] = picture[y0:y1, middle - 40 : middle][:, ::-1]
    assert len(bar_codes(picture)) == 0


def test_each_picture_has_its_own_codes() -> None:
    one, two = paper(), paper(300, 300)
    put(one, qr("one"), 40, 60)
    put(two, qr("two"), 90, 100)
    found = run(QRCodeDetector.type, one, paper(), two)
    assert [texts(codes) for codes in found] == [["one"], [], ["two"]]
    assert [codes.data["parent_id"].tolist() for codes in found] == [["image.[0]"], [], ["image.[2]"]]
    assert found[2].data["detection_id"].tolist() == ["image.[2]/codes/0"]


def test_codes_on_crops_are_given_in_pixels_of_the_picture() -> None:
    picture = paper()
    place = put(picture, qr("on a crop"), 340, 200)
    document: dict[str, Any] = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "roboflow_core/absolute_static_crop@v1", "name": "crop", "images": "$inputs.image",
             "x_center": 420, "y_center": 260, "width": 300, "height": 260},
            {"type": "QRCodeDetection", "name": "codes", "image": "$steps.crop.crops"},
        ],
        "outputs": [
            {"type": "JsonField", "name": "found", "selector": "$steps.codes.predictions"},
            {"type": "JsonField", "name": "own", "selector": "$steps.codes.predictions", "coordinates_system": "own"},
        ],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        (row,) = workflow.run({"image": Image(picture)})
    np.testing.assert_allclose(row["found"].xyxy[0], place, atol=1.5)
    np.testing.assert_allclose(row["own"].xyxy[0], np.array(place) - (270, 130, 270, 130), atol=1.5)
    np.testing.assert_allclose(row["found"].data["xyxyxyxy"][0][0], place[:2], atol=1.5)
    (wire,) = to_json(row["found"])["predictions"]
    assert (wire["class"], wire["data"], wire["confidence"]) == ("qr_code", "on a crop", 1.0)
