"""What is found on a changed picture: resized ones lead back to the input, turned ones say that they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow import Image, ModelStore, OutputFolder, Workflow
from cropflow.errors import RunError

from ..samples import ROOT, SCENES
from .documents import sheet

CLASSIFIER = str(ROOT / "models" / "digits-classify.pt")
MODEL = str(ROOT / "models" / "digits-detect.pt")


@pytest.fixture(scope="module")
def store() -> Any:
    store = ModelStore(device="cpu")
    yield store
    store.close()


def step(type: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"roboflow_core/{type}", "name": name, **fields}


def chain(task: dict[str, Any], picture: str, canvas: str) -> dict[str, Any]:
    """image → (crop →) change → detect → draw, beside detect on the input."""
    model, drawing = "roboflow_object_detection_model@v2", "bounding_box_visualization@v1"
    region = {"x_center": 200, "y_center": 120, "width": 200, "height": 200}
    found = "$steps.again.predictions"
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            step("absolute_static_crop@v1", "cut", images="$inputs.image", **region),
            step("image_preprocessing@v1", "change", image=picture, **task),
            step(model, "plain", images="$inputs.image", model_id=MODEL, confidence=0.5),
            step(model, "again", images="$steps.change.image", model_id=MODEL, confidence=0.5),
            step(drawing, "drawn", image=canvas, predictions=found),
        ],
        "outputs": [
            {"type": "JsonField", "name": "plain", "selector": "$steps.plain.predictions"},
            {"type": "JsonField", "name": "again", "selector": found},
            {"type": "JsonField", "name": "own", "selector": found, "coordinates_system": "own"},
            {"type": "JsonField", "name": "drawn", "selector": "$steps.drawn.image"},
        ],
    }


def pairs(plain: Any, again: Any) -> Any:
    """For each box the nearest one of the other answer."""
    distance = np.abs(plain.xyxy[:, None] - again.xyxy[None]).max(axis=2)
    return distance.min(axis=1)


def detect(
    store: ModelStore,
    task: dict[str, Any],
    picture: str = "$inputs.image",
    canvas: str = "$steps.change.image",
) -> dict[str, Any]:
    with Workflow.load(chain(task, picture, canvas), resources=[store]) as workflow:
        found: dict[str, Any] = workflow.run({"image": sheet()})[0]
    return found


@pytest.mark.parametrize("size", [{"width": 480, "height": None}, {"width": 400, "height": 500}])
def test_boxes_found_on_a_resized_picture_are_those_of_the_input(store: ModelStore, size: dict[str, Any]) -> None:
    row = detect(store, {"task_type": "resize", **size})
    assert len(row["plain"]) == len(row["again"]) > 15
    assert pairs(row["plain"], row["again"]).max() < 4
    scale = np.array([size["width"], size["height"] or 480] * 2) / 320
    np.testing.assert_allclose(row["own"].xyxy, row["again"].xyxy * scale, rtol=1e-4)
    assert (row["drawn"].width, row["drawn"].height) == (size["width"], size["height"] or 480)


def test_those_of_a_crop_that_was_enlarged_go_back_through_both(store: ModelStore) -> None:
    row = detect(store, {"task_type": "resize", "width": 320, "height": 320}, "$steps.cut.crops")
    assert len(row["again"]) > 5
    whole = row["plain"].xyxy
    inside = row["plain"][(whole[:, :2] > (105, 25)).all(axis=1) & (whole[:, 2:] < (295, 215)).all(axis=1)]
    assert len(inside) > 5 and pairs(inside, row["again"]).max() < 4


def test_classes_of_turned_crops_find_their_boxes(store: ModelStore) -> None:
    turn = {"task_type": "rotate", "rotation_degrees": 180}
    steps = [
        step("roboflow_object_detection_model@v2", "find", images="$inputs.image", model_id=MODEL, confidence=0.5),
        step("dynamic_crop@v1", "crop", images="$inputs.image", predictions="$steps.find.predictions"),
        step("image_preprocessing@v1", "turn", image="$steps.crop.crops", **turn),
        step("image_preprocessing@v1", "back", image="$steps.turn.image", **turn),
        *(
            step("roboflow_classification_model@v2", f"of_{name}", images=source, model_id=CLASSIFIER)
            for name, source in (("crop", "$steps.crop.crops"), ("back", "$steps.back.image"))
        ),
        *(
            step(
                "detections_classes_replacement@v1",
                f"named_{name}",
                object_detection_predictions="$steps.find.predictions",
                classification_predictions=f"$steps.of_{name}.predictions",
            )
            for name in ("crop", "back")
        ),
    ]
    outputs = [
        {"type": "JsonField", "name": name, "selector": f"$steps.named_{name}.predictions"} for name in ("crop", "back")
    ]
    inputs = [{"type": "WorkflowImage", "name": "image"}]
    found = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}
    with Workflow.load(found, resources=[store]) as workflow:
        row = workflow.run({"image": sheet()})[0]
    assert len(row["back"]) > 15
    assert row["back"].data["class_name"].tolist() == row["crop"].data["class_name"].tolist()
    np.testing.assert_array_equal(row["back"].xyxy, row["crop"].xyxy)


def test_a_turned_crop_is_saved_under_the_name_of_its_picture(tmp_path: Path) -> None:
    region = {"x_center": 100, "y_center": 100, "width": 50, "height": 60}
    steps = [
        step("absolute_static_crop@v1", "cut", images="$inputs.image", **region),
        step("image_preprocessing@v1", "turn", image="$steps.cut.crops", task_type="rotate"),
        {"type": "image_sink@v1", "name": "save", "images": "$steps.turn.image", "folder": "{source}"},
    ]
    inputs = [{"type": "WorkflowImage", "name": "image"}]
    outputs = [{"type": "JsonField", "name": "path", "selector": "$steps.save.path"}]
    found = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}
    with Workflow.load(found, resources=[OutputFolder(tmp_path)]) as workflow:
        row = workflow.run({"image": Image.load(SCENES / "sheet/01.png", id="sub/a.png")})[0]
    assert row["path"].startswith("sub/a/")
    saved = Image.load(tmp_path / row["path"])
    assert (saved.width, saved.height) == (60, 50)


@pytest.mark.parametrize(
    "task", [{"task_type": "flip", "flip_type": "both"}, {"task_type": "rotate", "rotation_degrees": 180}]
)
def test_boxes_found_on_a_turned_picture_stay_in_its_pixels(store: ModelStore, task: dict[str, Any]) -> None:
    row = detect(store, task)
    np.testing.assert_array_equal(row["own"].xyxy, row["again"].xyxy)
    assert set(row["again"].data["parent_id"]) == {"sheet"}
    assert not np.array_equal(row["drawn"].bgr, sheet().bgr[::-1, ::-1]), "nothing is drawn"


def test_drawing_them_on_the_input_is_an_error_that_says_what_to_do(store: ModelStore) -> None:
    with pytest.raises(RunError, match="give the picture that the predictions were made on"):
        detect(store, {"task_type": "rotate", "rotation_degrees": 180}, canvas="$inputs.image")
