"""Who comes from Ultralytics relies on its arguments: the same names, the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from cropflow import ModelStore, RunError, Workflow, WorkflowError
from cropflow.image import Image
from cropflow_blocks.models.yolo import YoloModel

ROOT = Path(__file__).parents[3]


def document(model_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    step = {"type": "yolo_model@v1", "name": "find", "images": "$inputs.image", "model_id": model_id, **fields}
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.find.predictions"}],
    }


def found(store: ModelStore, model_id: str, image: Image, **fields: Any) -> sv.Detections:
    objects: sv.Detections = Workflow.load(document(model_id, fields), resources=[store]).run({"image": image})[0][
        "found"
    ]
    return objects


def predicted(store: ModelStore, model_id: str, image: Image, **arguments: Any) -> Any:
    from ultralytics import YOLO

    task = {"digits": "detect", "digits/seg": "segment", "digits/pose": "pose"}[model_id]
    weights = store.get(model_id, tasks=(task,)).info.path  # type: ignore[arg-type]
    return YOLO(str(weights)).predict(image.bgr, verbose=False, save=False, **arguments)[0]


@pytest.fixture(scope="module")
def wide(scenes: list[Image]) -> Image:
    """Two scenes side by side."""
    return Image(np.hstack([scenes[0].bgr, scenes[1].bgr[: scenes[0].height]]))


@pytest.mark.parametrize("model_id", ["digits", "digits/seg", "digits/pose"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"conf": 0.02, "iou": 0.3, "max_det": 7},
        {"imgsz": 640},
        {"imgsz": [160, 320]},
        {"classes": [0], "agnostic_nms": True, "half": True, "device": "cpu"},
    ],
    ids=str,
)
def test_arguments_mean_what_they_mean_in_ultralytics(
    store: ModelStore, wide: Image, model_id: str, arguments: dict[str, Any]
) -> None:
    ours, result = found(store, model_id, wide, **arguments), predicted(store, model_id, wide, **arguments)
    theirs = sv.Detections.from_ultralytics(result)
    assert len(ours) == len(theirs) > 3
    np.testing.assert_allclose(ours.xyxy, theirs.xyxy, atol=0.05)
    np.testing.assert_allclose(ours.confidence, theirs.confidence, atol=1e-4)  # type: ignore[arg-type]
    if model_id == "digits/pose":
        np.testing.assert_allclose(ours.data["keypoints_xy"], result.keypoints.xy.numpy(), atol=0.05)


def test_looking_twice_finds_something_else(store: ModelStore, wide: Image) -> None:
    augmented = found(store, "digits", wide, augment=True, conf=0.4)
    theirs = predicted(store, "digits", wide, augment=True, conf=0.4)
    np.testing.assert_allclose(augmented.xyxy, theirs.boxes.xyxy.numpy(), atol=0.05)
    plain = found(store, "digits", wide, conf=0.4)
    assert augmented.xyxy.shape != plain.xyxy.shape or not np.allclose(augmented.xyxy, plain.xyxy, atol=0.05)


def test_a_call_does_not_change_the_next_one(store: ModelStore, wide: Image) -> None:
    before = found(store, "digits", wide)
    found(store, "digits", wide, imgsz=640, augment=True, classes=[0], conf=0.9)
    assert np.array_equal(found(store, "digits", wide).xyxy, before.xyxy)


def test_masks_are_fine_or_have_the_steps_of_the_model(store: ModelStore, scenes: list[Image]) -> None:
    large = Image(np.repeat(np.repeat(scenes[0].bgr, 4, 0), 4, 1))
    fine, coarse = (found(store, "digits/seg", large, retina_masks=retina) for retina in (True, False))
    for ours, retina in ((fine, True), (coarse, False)):
        theirs = predicted(store, "digits/seg", large, retina_masks=retina).masks.data.numpy().astype(bool)
        if not retina:  # Ultralytics leaves these at the size of the model, here a quarter of the picture
            theirs = np.repeat(np.repeat(theirs, 4, 1), 4, 2)
        dense = np.asarray(ours.mask)
        assert dense.shape == theirs.shape
        assert ((dense & theirs).sum((1, 2)) / (dense | theirs).sum((1, 2))).min() > (
            0.98 if retina else 0.95
        )  # boxes end within a step
    blocks = np.asarray(coarse.mask).reshape(len(coarse), large.height // 4, 4, large.width // 4, 4)
    mixed = blocks.any((2, 4)) != blocks.all((2, 4))
    assert mixed.mean() < 0.002  # only where a box ends within a step


def test_classes_are_told_by_number_or_name(store: ModelStore, wide: Image) -> None:
    by_number, by_name = found(store, "digits", wide, classes=[0]), found(store, "digits", wide, classes=["digit"])
    assert len(by_number) == len(by_name) == len(found(store, "digits", wide))
    with pytest.raises(RunError, match=r"classes: the model digits-detect.pt has no class 3; they go from 0 to 0"):
        found(store, "digits", wide, classes=[3])
    with pytest.raises(
        RunError, match=r"classes: the model digits-detect.pt has no class 'digits'; did you mean 'digit'"
    ):
        found(store, "digits", wide, classes=["digits"])


def test_what_weights_cannot_do_is_refused(store: ModelStore, wide: Image, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot augment"):
        found(store, "digits/seg", wide, augment=True)
    with pytest.raises(RunError, match="'gpu' is no device; expected cpu, cuda or 0"):
        found(store, "digits", wide, device="gpu")
    with pytest.raises(WorkflowError, match="imgsz"):
        found(store, "digits", wide, imgsz=[320])


def test_the_defaults_are_those_of_ultralytics() -> None:
    from ultralytics.cfg import DEFAULT_CFG

    ours = {port.name: port.default for port in YoloModel.spec.ports if not port.required}
    theirs = {
        name: getattr(DEFAULT_CFG, name) for name in ours if name not in ("half", "imgsz", "retina_masks", "conf")
    }
    assert {name: ours[name] for name in theirs} == theirs
    assert (ours["conf"], ours["imgsz"], ours["half"], ours["retina_masks"]) == (0.25, None, False, True)
