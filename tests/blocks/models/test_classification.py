"""What a document relies on that classifies: fields and outputs of each version, thresholds, ids."""

from __future__ import annotations

from typing import Any

import pytest

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import ModelStore
from cropflow.resources import DocumentFolder
from cropflow_blocks.models.classification import (
    ClassificationModelV1,
    ClassificationModelV2,
    ClassificationModelV3,
    Classifier,
)

VERSIONS = (ClassificationModelV1, ClassificationModelV2, ClassificationModelV3)
PLATFORM = {"disable_active_learning": True, "active_learning_target_dataset": None}


def make(cls: type[Classifier], store: ModelStore) -> Any:
    block = cls(store, DocumentFolder())
    block.step = "classify"
    return block


@pytest.fixture(scope="module")
def crops(scenes: list[Image]) -> list[Image]:
    """Squares around the digits 5, 9 and 6 in the first row of a sheet."""
    sheet = next(scene for scene in scenes if scene.id == "sheet/01.png")
    squares = ((13, 14, 69, 70), (79, 24, 123, 68), (197, 22, 247, 72))
    found = [sheet.crop(*box, id=f"sheet/01.png/detect/{i}") for i, box in enumerate(squares)]
    return [crop for crop in found if crop is not None]


@pytest.mark.parametrize(
    ("cls", "fields", "outputs"),
    [
        (ClassificationModelV1, {"confidence": 0.4}, ["predictions", "inference_id"]),
        (ClassificationModelV2, {"confidence": 0.4}, ["predictions", "inference_id", "model_id"]),
        (
            ClassificationModelV3,
            {"confidence_mode": "default", "custom_confidence": 0.4},
            ["predictions", "inference_id", "model_id"],
        ),
    ],
)
def test_versions_have_the_fields_and_outputs_of_existing_documents(
    cls: type[Classifier], fields: dict[str, object], outputs: list[str]
) -> None:
    spec = cls.spec
    assert {port.name: port.default for port in spec.ports if not port.required} == fields | PLATFORM
    assert [port.name for port in spec.ports if port.required] == ["images", "model_id"]
    assert spec.port("images").aliases == ("image",)
    assert [output.name for output in spec.outputs] == outputs
    assert spec.batch
    assert spec.batch_size == 64


def test_existing_documents_find_the_blocks_by_their_names() -> None:
    names = [(cls.type, *cls.aliases) for cls in VERSIONS]
    assert names == [
        (
            "classification_model@v1",
            "roboflow_core/roboflow_classification_model@v1",
            "RoboflowClassificationModel",
            "ClassificationModel",
        ),
        ("classification_model@v2", "roboflow_core/roboflow_classification_model@v2"),
        ("classification_model@v3", "roboflow_core/roboflow_classification_model@v3"),
    ]


@pytest.mark.parametrize("cls", VERSIONS)
def test_digits_are_read_and_tied_to_their_crops(cls: type[Classifier], store: ModelStore, crops: list[Image]) -> None:
    rows = make(cls, store).run(crops, "digits/cls")
    assert [row.predictions.top for row in rows] == ["5", "9", "6"]
    for crop, row in zip(crops, rows, strict=True):
        assert row.predictions.names == tuple("0123456789")
        assert row.predictions.scores.sum() == pytest.approx(1, abs=1e-3)
        assert row.predictions.origin == crop.origin
        assert row.predictions.inference_id == row.inference_id == f"{crop.id}/classify"
        assert row.predictions.to_json()["root_parent_id"] == "sheet/01.png"


def test_below_the_threshold_no_class_is_reported(store: ModelStore, crops: list[Image]) -> None:
    assert make(ClassificationModelV1, store).run(crops, "digits/cls", 1.0)[0].predictions.top is None
    block = make(ClassificationModelV3, store)
    assert block.run(crops, "digits/cls", "custom", 1.0)[0].predictions.top is None
    assert block.run(crops, "digits/cls", "default", 1.0)[0].predictions.top == "5"


def test_a_detector_is_refused_with_the_right_block(store: ModelStore, crops: list[Image]) -> None:
    with pytest.raises(ModelError, match="object_detection_model@v3"):
        make(ClassificationModelV1, store).run(crops, "digits")


def test_no_pictures_no_rows(store: ModelStore) -> None:
    assert make(ClassificationModelV1, store).run([], "digits/cls") == []
