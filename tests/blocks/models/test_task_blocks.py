"""What documents rely on in the blocks of all tasks: names, fields, defaults, outputs, kinds, refused weights."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow import Workflow, WorkflowError
from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import ModelStore
from cropflow.registry import installed
from cropflow.resources import DocumentFolder
from cropflow_blocks.models.keypoints import (
    KeypointDetectionModelV1,
    KeypointDetectionModelV2,
    KeypointDetectionModelV3,
)
from cropflow_blocks.models.oriented import OrientedObjectDetectionModel
from cropflow_blocks.models.segmentation import (
    InstanceSegmentationModelV1,
    InstanceSegmentationModelV2,
    InstanceSegmentationModelV3,
    InstanceSegmentationModelV4,
)
from cropflow_blocks.models.semantic import SemanticSegmentationModelV1, SemanticSegmentationModelV2

ROOT = Path(__file__).parents[3]
SEGMENT, POSE = "roboflow_core/roboflow_instance_segmentation_model", "roboflow_core/roboflow_keypoint_detection_model"
OLD, NEW = {"confidence": 0.4}, {"confidence_mode": "best", "custom_confidence": 0.4}
BOXES = {
    "class_filter": None,
    "iou_threshold": 0.3,
    "max_detections": 300,
    "class_agnostic_nms": False,
}
PLATFORM = {"max_candidates": 3000, "disable_active_learning": True, "active_learning_target_dataset": None}
MASKS = {"mask_decode_mode": "accurate", "tradeoff_factor": 0.0}
DENSE = {"enforce_dense_masks_in_inference_models": True}
POINTS = {"keypoint_confidence": 0.0}
SEGMENTS = "instance_segmentation_prediction"
POSES = "keypoint_detection_prediction"
SEMANTIC = "semantic_segmentation_prediction"
CASES: list[tuple[Any, tuple[str, ...], dict[str, object], list[str]]] = [
    (
        InstanceSegmentationModelV1,
        (f"{SEGMENT}@v1", "RoboflowInstanceSegmentationModel", "InstanceSegmentationModel"),
        OLD | BOXES | PLATFORM | MASKS | DENSE,
        [SEGMENTS],
    ),
    (InstanceSegmentationModelV2, (f"{SEGMENT}@v2",), OLD | BOXES | PLATFORM | MASKS | DENSE, [SEGMENTS]),
    (InstanceSegmentationModelV3, (f"{SEGMENT}@v3",), NEW | BOXES | PLATFORM | MASKS | DENSE, [SEGMENTS]),
    (
        InstanceSegmentationModelV4,
        (f"{SEGMENT}@v4",),
        NEW | BOXES | PLATFORM | MASKS,
        [SEGMENTS, f"rle_{SEGMENTS}"],
    ),
    (
        KeypointDetectionModelV1,
        (f"{POSE}@v1", "RoboflowKeypointDetectionModel", "KeypointsDetectionModel"),
        OLD | BOXES | PLATFORM | POINTS,
        [POSES],
    ),
    (KeypointDetectionModelV2, (f"{POSE}@v2",), OLD | BOXES | PLATFORM | POINTS, [POSES]),
    (
        KeypointDetectionModelV3,
        (f"{POSE}@v3",),
        NEW | {"confidence_mode": "default"} | BOXES | PLATFORM | POINTS,
        [POSES],
    ),
    (SemanticSegmentationModelV1, ("roboflow_core/roboflow_semantic_segmentation_model@v1",), {}, [SEMANTIC]),
    (SemanticSegmentationModelV2, ("roboflow_core/roboflow_semantic_segmentation_model@v2",), NEW, [SEMANTIC]),
    (OrientedObjectDetectionModel, (), OLD | BOXES, ["rotated_object_detection_prediction"]),
]


def made(cls: Any, store: ModelStore) -> Any:
    block = cls(store, DocumentFolder(ROOT / "workflows"))
    block.step = "find"
    return block


@pytest.mark.parametrize(("cls", "aliases", "fields", "kinds"), CASES, ids=[case[0].type for case in CASES])
def test_names_fields_and_outputs_are_those_of_existing_documents(
    cls: Any, aliases: tuple[str, ...], fields: dict[str, object], kinds: list[str]
) -> None:
    spec = cls.spec
    assert spec.type in {found.type for found in installed()}
    assert cls.aliases == aliases
    assert {port.name: port.default for port in spec.ports if not port.required} == fields
    assert [port.name for port in spec.ports if port.required] == ["images", "model_id"]
    assert spec.port("images").aliases == ("image",)
    outputs = {output.name: [kind.name for kind in output.kinds] for output in spec.outputs}
    first = cls in (InstanceSegmentationModelV1, KeypointDetectionModelV1)
    model = {} if first else {"model_id": ["model_id"]}
    assert outputs == {"inference_id": ["string" if first else "inference_id"], "predictions": kinds} | model


@pytest.mark.parametrize(
    ("versions", "model_id"),
    [
        (
            [
                InstanceSegmentationModelV1,
                InstanceSegmentationModelV2,
                InstanceSegmentationModelV3,
                InstanceSegmentationModelV4,
            ],
            "digits/seg",
        ),
        ([KeypointDetectionModelV1, KeypointDetectionModelV2, KeypointDetectionModelV3], "digits/pose"),
    ],
)
def test_all_versions_find_the_same(store: ModelStore, scenes: list[Image], versions: list[Any], model_id: str) -> None:
    first, *others = [made(cls, store).run(scenes[:2], model_id) for cls in versions]
    assert [row.inference_id for row in first] == ["form/01.png/find", "form/02.png/find"]
    for rows in others:
        for row, expected in zip(rows, first, strict=True):
            assert row.model_id == model_id
            assert len(row.predictions) > 3
            assert np.array_equal(row.predictions.xyxy, expected.predictions.xyxy)
            assert set(row.predictions.data) == set(expected.predictions.data)


@pytest.mark.parametrize(
    ("cls", "model_id"), [(InstanceSegmentationModelV4, "digits/seg"), (KeypointDetectionModelV3, "digits/pose")]
)
def test_settings_reach_the_model(store: ModelStore, scenes: list[Image], cls: Any, model_id: str) -> None:
    def count(**fields: Any) -> int:
        return len(made(cls, store).run(scenes[:1], model_id, **fields)[0].predictions)

    usual = count()
    assert usual == count(confidence_mode="default", custom_confidence=1.0) > 3
    assert count(confidence_mode="custom", custom_confidence=1.0) == 0
    assert count(confidence_mode="custom", custom_confidence=0.01, iou_threshold=1.0) > usual
    assert count(max_detections=2) == 2
    assert count(class_filter=["digit"]) == usual
    with pytest.raises(ModelError, match="did you mean 'digit'"):
        count(class_filter=["digits"])


@pytest.mark.parametrize(
    ("cls", "right", "wrong", "advice"),
    [
        (InstanceSegmentationModelV1, "digits/seg", "digits/pose", "keypoint_detection_model@v3"),
        (KeypointDetectionModelV1, "digits/pose", "digits/seg", "instance_segmentation_model@v4"),
        (OrientedObjectDetectionModel, None, "digits", "object_detection_model@v3"),
        (SemanticSegmentationModelV2, None, "digits/cls", "classification_model@v3"),
    ],
)
def test_weights_of_another_task_are_refused_with_the_right_block(
    store: ModelStore, scenes: list[Image], cls: Any, right: str | None, wrong: str, advice: str
) -> None:
    with pytest.raises(ModelError, match=advice):
        made(cls, store).run(scenes[:1], wrong)
    assert right is None or len(made(cls, store).run(scenes[:1], right)) == 1


def test_fields_without_an_effect_are_named_once(
    store: ModelStore, scenes: list[Image], caplog: pytest.LogCaptureFixture
) -> None:
    block = made(InstanceSegmentationModelV2, store)
    with caplog.at_level(logging.WARNING, "cropflow"):
        block.run(scenes[:1], "digits/seg")
        assert not caplog.records
        for _ in range(2):
            block.run(scenes[:1], "digits/seg", mask_decode_mode="fast", disable_active_learning=False)
    (record,) = caplog.records
    assert record.getMessage() == (
        "step 'find': disable_active_learning, mask_decode_mode: accepted for existing documents, no effect here"
    )


@pytest.mark.parametrize("drawer", ["mask_visualization@v1", "polygon_visualization@v2", "keypoint_visualization@v1"])
def test_shapes_of_a_plain_detector_are_refused_before_anything_runs(store: ModelStore, drawer: str) -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "object_detection_model@v3", "name": "find", "images": "$inputs.image", "model_id": "digits"},
            {"type": drawer, "name": "draw", "image": "$inputs.image", "predictions": "$steps.find.predictions"},
        ],
        "outputs": [{"type": "JsonField", "name": "drawn", "selector": "$steps.draw.image"}],
    }
    with pytest.raises(WorkflowError, match="object_detection_prediction, but 'predictions' takes"):
        Workflow.load(document, resources=[store])
