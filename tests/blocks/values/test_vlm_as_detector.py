"""Boxes that language models wrote: each family has its form, and what cannot be read is told and not raised."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow, WorkflowError
from cropflow_blocks.values import VlmAsDetector, VlmAsDetectorV2

PICTURE = Image(np.zeros((100, 200, 3), np.uint8), id="a.jpg")
OLD = ("anthropic-claude", "google-gemini")
NEW = ("anthropic-claude", "google-gemini", "openai")
THOUSANDTHS = ("qwen", "zai", "zai-flash")


def read(data: Any, model: str, version: Any = VlmAsDetectorV2, task: str = "object-detection") -> Any:
    text = data if isinstance(data, str) else json.dumps(data)
    return version().run(PICTURE, text, ["cat", "dog"], model, task)


def corners(**more: Any) -> dict[str, Any]:
    return {"x_min": 0.1, "y_min": 0.2, "x_max": 0.5, "y_max": 0.6, "class_name": "cat", **more}


@pytest.mark.parametrize(("version", "models"), [(VlmAsDetector, OLD), (VlmAsDetectorV2, NEW)])
def test_parts_of_the_picture(version: Any, models: tuple[str, ...]) -> None:
    data = {"detections": [corners(confidence=0.75), corners(x_min=-0.1, x_max=1.5, class_name="bird", confidence="7")]}
    for model in models:
        failed, found, answer = read(data, model, version)
        assert (failed, answer) == (False, "a.jpg/")
        np.testing.assert_allclose(found.xyxy, [[20, 20, 100, 60], [0, 20, 200, 60]], atol=1e-4)
        assert found.class_id.tolist() == [0, -1] and found.confidence.tolist() == [0.75, 1.0]
        assert found.data["class_name"].tolist() == ["cat", "bird"]
        assert found.data["image_dimensions"].tolist() == [[100, 200]] * 2


BOX = [{"box_2d": [100, 20, 150, 60], "label": "dog", "confidence": 0.5}]


@pytest.mark.parametrize(
    ("version", "model", "box"),
    [
        *((VlmAsDetector, model, [4, 10, 12, 15]) for model in OLD),
        (VlmAsDetectorV2, "google-gemini", [4, 10, 12, 15]),
        *((VlmAsDetectorV2, model, [100, 20, 150, 60]) for model in ("anthropic-claude", "openai")),
        *((VlmAsDetectorV2, model, [20, 2, 30, 6]) for model in THOUSANDTHS),
        (VlmAsDetectorV2, "spacexai", [200, 20, 200, 60]),
    ],
)
def test_four_numbers_in_the_units_of_the_model(version: Any, model: str, box: list[int]) -> None:
    for data in (BOX, {"detections": BOX}, "Sure:\n```json\n" + json.dumps(BOX) + "\n```"):
        failed, found, _ = read(data, model, version)
        assert not failed
        np.testing.assert_allclose(found.xyxy, [box], atol=1e-4)
        assert (found.class_id.tolist(), found.confidence.tolist()) == ([1], [0.5])


def test_muse_counts_corners_in_thousandths() -> None:
    item = {"x_min": 100, "y_min": 200, "x_max": 500, "y_max": 600, "label": "cat"}
    np.testing.assert_allclose(read([item], "muse").predictions.xyxy, [[20, 20, 100, 60]], atol=1e-4)


@pytest.mark.parametrize(
    ("task", "data", "names", "ids"),
    [
        ("object-detection", {"bboxes": [[10, 20, 50, 60]], "labels": ["cat"]}, ["cat"], [0]),
        ("phrase-grounded-object-detection", {"bboxes": [[10, 20, 50, 60]], "labels": ["a cat"]}, ["a cat"], [-1]),
        ("open-vocabulary-object-detection", {"bboxes": [[10, 20, 50, 60]], "bboxes_labels": ["dog"]}, ["dog"], [1]),
        ("object-detection-and-caption", {"bboxes": [[10, 20, 50, 60]], "labels": ["a red cat"]}, ["a red cat"], [0]),
        ("region-proposal", {"bboxes": [[10, 20, 50, 60]], "labels": [""]}, ["roi"], [0]),
        (
            "ocr-with-text-detection",
            {"quad_boxes": [[10, 20, 50, 22, 48, 60, 12, 58]], "labels": ["hello"]},
            ["hello"],
            [0],
        ),
    ],
)
def test_florence_has_a_form_for_each_task(task: str, data: Any, names: list[str], ids: list[int]) -> None:
    for version in (VlmAsDetector, VlmAsDetectorV2):
        failed, found, _ = read(data, "florence-2", version, task)
        assert not failed and found.xyxy.tolist() == [[10, 20, 50, 60]]
        assert (found.data["class_name"].tolist(), found.class_id.tolist()) == (names, ids)


@pytest.mark.parametrize("model", ["google-gemini", "qwen", "muse"])
def test_nothing_found_is_an_answer(model: str) -> None:
    failed, found, _ = read({"detections": []}, model)
    assert not failed and len(found) == 0 and found.xyxy.shape == (0, 4)
    assert {"class_name", "inference_id"} <= set(found.data)


@pytest.mark.parametrize("model", [*NEW, "spacexai", "florence-2"])
@pytest.mark.parametrize(
    "data",
    [
        "nope",
        "",
        "null",
        '"detections"',
        "[1]",
        {"x": 1},
        {"detections": 5},
        {"detections": [corners(x_min="left")]},
        {"detections": [corners(x_min=10**400)]},
        {"detections": [corners(y_max=None)]},
        '{"detections": [{"x_min": NaN, "y_min": 0, "x_max": 1, "y_max": 1, "class_name": "cat"}]}',
        [{"box_2d": [1, 2, 3], "label": "cat"}],
        {"bboxes": [[1, 2, 3, 4]], "labels": []},
    ],
)
def test_what_cannot_be_read_is_told(model: str, data: Any) -> None:
    assert read(data, model)[:2] == (True, None)


@pytest.mark.parametrize("model", THOUSANDTHS)
def test_models_that_are_less_exact_lose_only_the_broken_ones(model: str) -> None:
    found = read([{"bbox_2d": [1, 2, 3]}, {"bbox_2d": [10, 20, 30, 40]}, {}, 7], model).predictions
    np.testing.assert_allclose(found.xyxy, [[2, 2, 6, 4]], atol=1e-4)
    assert found.data["class_name"].tolist() == ["unknown"]


def document(**fields: Any) -> dict[str, Any]:
    step = {"type": "roboflow_core/vlm_as_detector@v1", "name": "read", "image": "$steps.crop.crops"}
    crop = {"type": "relative_static_crop@v1", "name": "crop", "images": "$inputs.image", "x_center": 0.75}
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "text", "kind": ["language_model_output"]},
            {"type": "WorkflowParameter", "name": "classes", "default_value": ["cat"]},
        ],
        "steps": [
            {**crop, "y_center": 0.5, "width": 0.5, "height": 1.0},
            {**step, "vlm_output": "$inputs.text", "classes": "$inputs.classes", **fields},
        ],
        "outputs": [
            {"type": "JsonField", "name": "found", "selector": "$steps.read.predictions"},
            {"type": "JsonField", "name": "failed", "selector": "$steps.read.error_status"},
        ],
    }


def test_boxes_on_crops_come_back_in_the_picture_and_a_bad_text_costs_its_own_only() -> None:
    written = document(model_type="google-gemini", task_type="object-detection")
    with Workflow.load(written) as workflow:
        rows = workflow.run({"image": [PICTURE, PICTURE], "text": [json.dumps([corners()]), "no"]})
    np.testing.assert_allclose(rows[0]["found"].xyxy, [[110, 20, 150, 60]], atol=1e-4)
    assert rows[0]["found"].data["detection_id"].tolist() == ["a.jpg/crop/read/0"]
    assert [row["failed"] for row in rows] == [False, True] and rows[1]["found"] is None


def test_a_model_that_does_not_do_the_task_is_refused() -> None:
    with pytest.raises(WorkflowError, match="google-gemini does no region-proposal"):
        Workflow.load(document(model_type="google-gemini", task_type="region-proposal"))
