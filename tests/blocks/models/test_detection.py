"""What a document relies on that detects: fields and outputs of each version, thresholds, classes, ids."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import LoadedModel, ModelStore
from cropflow.resources import DocumentFolder
from cropflow.workflow import Workflow
from cropflow_blocks.models.detection import (
    Detector,
    ObjectDetectionModelV1,
    ObjectDetectionModelV2,
    ObjectDetectionModelV3,
)

ROOT = Path(__file__).parents[3]

VERSIONS = (ObjectDetectionModelV1, ObjectDetectionModelV2, ObjectDetectionModelV3)
COMMON = {
    "class_filter": None,
    "iou_threshold": 0.3,
    "max_detections": 300,
    "class_agnostic_nms": False,
    "max_candidates": 3000,
    "disable_active_learning": True,
    "active_learning_target_dataset": None,
}


def make(cls: type[Detector], store: ModelStore) -> Any:
    block = cls(store, DocumentFolder(ROOT / "workflows"))
    block.step = "detect"
    return block


@pytest.mark.parametrize(
    ("cls", "fields", "outputs"),
    [
        (ObjectDetectionModelV1, {"confidence": 0.4}, ["inference_id", "predictions"]),
        (ObjectDetectionModelV2, {"confidence": 0.4}, ["inference_id", "predictions", "model_id"]),
        (
            ObjectDetectionModelV3,
            {"confidence_mode": "best", "custom_confidence": 0.4},
            ["inference_id", "predictions", "model_id"],
        ),
    ],
)
def test_versions_have_the_fields_and_outputs_of_existing_documents(
    cls: type[Detector], fields: dict[str, object], outputs: list[str]
) -> None:
    spec = cls.spec
    assert {port.name: port.default for port in spec.ports if not port.required} == fields | COMMON
    assert [port.name for port in spec.ports if port.required] == ["images", "model_id"]
    assert spec.port("images").aliases == ("image",)
    assert [output.name for output in spec.outputs] == outputs
    assert spec.batch
    assert spec.batch_size == 16


def test_existing_documents_find_the_blocks_by_their_names() -> None:
    names = [(cls.type, *cls.aliases) for cls in VERSIONS]
    assert names == [
        (
            "object_detection_model@v1",
            "roboflow_core/roboflow_object_detection_model@v1",
            "RoboflowObjectDetectionModel",
            "ObjectDetectionModel",
        ),
        ("object_detection_model@v2", "roboflow_core/roboflow_object_detection_model@v2"),
        ("object_detection_model@v3", "roboflow_core/roboflow_object_detection_model@v3"),
    ]


def test_all_versions_find_the_same(store: ModelStore, scenes: list[Image]) -> None:
    answers = [make(cls, store).run(scenes[:3], "digits") for cls in VERSIONS]
    for first, second, third in zip(*answers, strict=True):
        assert len(first.predictions) > 3
        assert np.array_equal(first.predictions.xyxy, second.predictions.xyxy)
        assert np.array_equal(first.predictions.xyxy, third.predictions.xyxy)
        assert first.inference_id == second.inference_id == third.inference_id
        assert second.model_id == third.model_id == "digits"


def test_ids_tell_picture_and_step_and_never_change(store: ModelStore, scenes: list[Image]) -> None:
    ids = [row.inference_id for row in make(ObjectDetectionModelV2, store).run(scenes[:2], "digits")]
    assert ids == ["form/01.png/detect", "form/02.png/detect"]


def test_the_mode_decides_which_threshold_counts(store: ModelStore, scenes: list[Image]) -> None:
    block = make(ObjectDetectionModelV3, store)

    usual = block.run(scenes[:1], "digits")[0].predictions
    middle = float(np.median(usual.confidence))

    def count(mode: str) -> int:
        return len(block.run(scenes[:1], "digits", mode, middle)[0].predictions)

    assert len(usual) == count("best") == count("default") > count("custom") > 0


def test_settings_reach_the_model(store: ModelStore, scenes: list[Image]) -> None:
    block = make(ObjectDetectionModelV1, store)
    usual = len(block.run(scenes[:1], "digits")[0].predictions)
    assert len(block.run(scenes[:1], "digits", max_detections=2)[0].predictions) == 2
    assert len(block.run(scenes[:1], "digits", confidence=0.05, iou_threshold=1.0)[0].predictions) > usual
    assert len(block.run(scenes[:1], "digits", confidence=1.0)[0].predictions) == 0


def test_classes_are_kept_by_name(store: ModelStore, scenes: list[Image]) -> None:
    block = make(ObjectDetectionModelV1, store)
    everything = block.run(scenes[:1], "digits")[0].predictions
    for names in (["digit"], []):
        assert len(block.run(scenes[:1], "digits", class_filter=names)[0].predictions) == len(everything)
    with pytest.raises(ModelError, match=r"class_filter: .* no class 'digits'; did you mean 'digit'"):
        block.run(scenes[:1], "digits", class_filter=["digit", "digits"])


def test_model_paths_are_relative_to_the_document(
    store: ModelStore, scenes: list[Image], detector: LoadedModel
) -> None:
    block = make(ObjectDetectionModelV1, store)
    assert len(block.run(scenes[:1], "../models/digits-detect.pt")[0].predictions) > 3
    assert store.get("../models/digits-detect.pt", ROOT / "workflows") is detector


def test_a_classifier_is_refused_with_the_right_block(store: ModelStore, scenes: list[Image]) -> None:
    with pytest.raises(ModelError, match="classification_model@v3"):
        make(ObjectDetectionModelV1, store).run(scenes[:1], "digits/cls")


def test_no_pictures_no_rows(store: ModelStore) -> None:
    assert make(ObjectDetectionModelV1, store).run([], "digits") == []


@pytest.mark.parametrize("field", [{"disable_active_learning": False}, {"active_learning_target_dataset": "mine"}])
def test_fields_of_the_platform_are_answered_with_one_warning(
    store: ModelStore, scenes: list[Image], caplog: pytest.LogCaptureFixture, field: dict[str, object]
) -> None:
    block = make(ObjectDetectionModelV1, store)
    with caplog.at_level(logging.WARNING, "cropflow"):
        block.run(scenes[:1], "digits")
        assert not caplog.records
        block.run(scenes[:1], "digits", **field)
        block.run(scenes[:1], "digits", **field)
    assert len(caplog.records) == 1
    assert "step 'detect'" in caplog.text
    assert "no effect" in caplog.text


def test_a_picture_the_model_fails_on_takes_no_other_down(store: ModelStore) -> None:
    """Memory that runs out for one picture is the failure of that picture, found by splitting the batch."""
    workflow = Workflow.load(
        {
            "version": "1.0",
            "inputs": [{"type": "WorkflowImage", "name": "image"}],
            "steps": [
                {"type": "object_detection_model@v2", "name": "detect", "images": "$inputs.image", "model_id": "digits"}
            ],
            "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.detect.predictions"}],
        },
        resources=[store],
    )
    model = store.get("digits").model
    working = model._direct  # type: ignore[attr-defined]

    class Weak:
        """The real network, with too little memory for pictures seven pixels wide."""

        def detect(self, images: list[np.ndarray], settings: object) -> object:
            if any(picture.shape[1] == 7 for picture in images):
                raise MemoryError("out of memory")
            return working.detect(images, settings)

    model._direct = Weak()  # type: ignore[attr-defined]
    try:
        pictures = [np.zeros((20, width, 3), np.uint8) for width in (20, 7, 20)]
        result = workflow.run({"image": pictures}, on_error="skip")
    finally:
        model._direct = working  # type: ignore[attr-defined]
    assert [row["found"] is None for row in result] == [False, True, False]
    (error,) = result.errors
    assert error.row == 1 and "out of memory" in str(error)
