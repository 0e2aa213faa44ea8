"""Lines of text are found where they were written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from supervision import Detections

from cropflow import Image, Workflow
from cropflow.serialize import to_json
from cropflow_blocks.reading.reader import TextReader

from .drawn import paper, put, sign, turned, write


def find(*pictures: Any, **fields: Any) -> list[Detections]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "text_detection_model@v1", "name": "find", "image": "$inputs.image", **fields}],
        "outputs": [{"type": "JsonField", "name": "text", "selector": "$steps.find.predictions"}],
    }
    with Workflow.load(document) as workflow:
        return [row["text"] for row in workflow.run({"image": list(pictures)})]


def test_lines_are_found_in_reading_order() -> None:
    picture = paper(300, 640)
    write(picture, "below", 40, 240)
    write(picture, "right", 400, 84)
    write(picture, "left", 40, 80)
    nothing, found = find(paper(120, 160), picture)
    assert len(nothing) == 0 and nothing.data["xyxyxyxy"].shape == (0, 4, 2)
    written = np.array([[40, 55, 110, 82], [400, 60, 490, 92], [40, 215, 150, 242]], float)
    assert (sv.box_iou_batch(written, found.xyxy).diagonal() > 0.5).all()
    assert found.data["class_name"].tolist() == ["text"] * 3
    assert found.data["prediction_type"].tolist() == ["ocr"] * 3
    assert found.data["detection_id"].tolist() == [f"image.[1]/find/{i}" for i in range(3)]
    assert (found.confidence > 0.5).all() and (found.confidence <= 1).all()


def test_slanted_text_has_slanted_corners() -> None:
    picture = paper(400, 400)
    write(picture, "A longer line", 90, 210)
    (found,) = find(turned(picture, 30))
    (corners,) = found.data["xyxyxyxy"]
    along = corners[1] - corners[0]
    assert np.degrees(np.arctan2(-along[1], along[0])) == pytest.approx(30, abs=4)
    np.testing.assert_allclose(found.xyxy[0], [*corners.min(0), *corners.max(0)])


def test_the_confidence_belongs_to_its_box(reader: TextReader) -> None:
    """RapidOCR sorts boxes and leaves their scores behind: what a threshold keeps must be what was said to be above."""
    picture = paper()
    for words, x, y, size in (("faint", 40, 300, 0.6), ("Clear as day", 40, 80, 1.2), ("ok", 420, 180, 2.0)):
        write(picture, words, x, y, size)
    corners, likely = reader.find(picture, 0.3)
    assert len(likely) == 3
    for limit in (np.sort(likely)[:-1] + np.sort(likely)[1:]) / 2:
        kept, sure = reader.find(picture, float(limit))
        assert (sure >= limit).all()
        assert sorted(kept.tolist()) == sorted(corners[likely >= limit].tolist())


def test_the_threshold_drops_boxes() -> None:
    image = sign("Hello World", "12.50 EUR")
    (found,) = find(image)
    limit = float(found.confidence.mean())
    (kept,) = find(image, confidence=limit)
    assert 0 < len(kept) < len(found)
    assert (kept.confidence >= limit).all()


def test_boxes_on_crops_are_given_in_pixels_of_the_picture() -> None:
    picture = paper(400, 700)
    put(picture, sign("On a crop").bgr, 250, 200)
    document: dict[str, Any] = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "absolute_static_crop@v1", "name": "crop", "images": "$inputs.image",
             "x_center": 460, "y_center": 250, "width": 420, "height": 100},
            {"type": "text_detection_model@v1", "name": "find", "images": "$steps.crop.crops"},
        ],
        "outputs": [
            {"type": "JsonField", "name": "text", "selector": "$steps.find.predictions"},
            {"type": "JsonField", "name": "crop", "selector": "$steps.crop.crops"},
        ],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        (row,) = workflow.run({"image": Image(picture)})
    written = np.array([[280, 235, 430, 262]], float)
    assert sv.box_iou_batch(written, row["text"].xyxy)[0, 0] > 0.5
    (wire,) = to_json(row["text"])["predictions"]
    assert wire["parent_id"] == row["crop"].id
    np.testing.assert_allclose(np.min(wire["xyxyxyxy"], axis=0), row["text"].xyxy[0, :2])


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (30, 2000), (900, 2), (5, 40)])
def test_pictures_of_any_shape(size: tuple[int, int]) -> None:
    (found,) = find(paper(*size))
    assert len(found) == 0


def test_text_on_a_strip_is_found_inside_the_strip() -> None:
    strip = paper(30, 1200)
    write(strip, "a long strip with words", 10, 22, 0.8)
    (found,) = find(strip)
    x0, y0, x1, y1 = found.xyxy[0]
    assert (x0, y0) >= (0, 0) and 250 < x1 < 330 and y1 <= 30
