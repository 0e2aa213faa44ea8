"""Isolated objects are, pixel by pixel, what the recipe that people follow by hand gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, ModelStore, RunError, Workflow

ROOT = Path(__file__).parents[3]
SCENES = sorted((ROOT / "examples/digits/scenes").glob("*/*"))
MODEL = ROOT / "models/digits-segment.pt"


def document(**fields: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "instance_segmentation_model@v2", "name": "segment", "images": "$inputs.image",
             "model_id": str(MODEL), "confidence": 0.25, "iou_threshold": 0.7},
            {"type": "isolate@v1", "name": "isolate", "images": "$inputs.image",
             "predictions": "$steps.segment.predictions", **fields},
        ],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": selector, "coordinates_system": "own"}
            for name, selector in (("objects", "$steps.segment.predictions"), ("crops", "$steps.isolate.crops"),
                                   ("own", "$steps.isolate.predictions"))
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def store() -> Iterator[ModelStore]:
    store = ModelStore(device="cpu")
    yield store
    store.close()


@pytest.fixture(scope="module")
def guide(store: ModelStore) -> dict[Path, Any]:
    """What Ultralytics itself answers about every scene."""
    store.get(str(MODEL), tasks=("segment",))  # imports it as quietly as we can
    from ultralytics import YOLO

    yolo = YOLO(MODEL)
    options = {"imgsz": 320, "conf": 0.25, "iou": 0.7, "retina_masks": True, "verbose": False, "device": "cpu"}
    return {scene: yolo.predict(cv2.imread(str(scene)), **options)[0] for scene in SCENES}


def by_hand(answer: Any, transparent: bool, cut: bool) -> list[np.ndarray]:
    """The recipe: fill the outline in a mask, put it over the picture, cut the box out."""
    made = []
    for one in answer:
        mask = np.zeros(answer.orig_img.shape[:2], np.uint8)
        outline = one.masks.xy[0].astype(np.int32).reshape(-1, 1, 2)
        cv2.drawContours(mask, [outline], -1, (255, 255, 255), cv2.FILLED)
        if transparent:
            whole = np.dstack([answer.orig_img, mask])
        else:
            whole = cv2.bitwise_and(answer.orig_img, cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))
        x0, y0, x1, y1 = one.boxes.xyxy.numpy().squeeze().astype(np.int32)
        made.append(whole[y0:y1, x0:x1] if cut else whole)
    return made


@pytest.mark.parametrize("size", ["box", "full"])
@pytest.mark.parametrize("background", ["color", "transparent"])
def test_equals_the_recipe_on_every_shipped_picture(
    store: ModelStore, guide: dict[Path, Any], background: str, size: str
) -> None:
    with Workflow.load(document(background=background, size=size), resources=[store]) as workflow:
        rows = workflow.run({"image": SCENES})
    assert sum(len(row["crops"]) for row in rows) > 180
    for scene, row in zip(SCENES, rows, strict=True):
        expected = by_hand(guide[scene], background == "transparent", size == "box")
        places = guide[scene].boxes.xyxy.numpy()
        assert len(row["crops"]) == len(expected)
        for found, box in zip(row["crops"], row["objects"].xyxy, strict=True):
            nearest = int(np.abs(places - box).sum(1).argmin())
            np.testing.assert_array_equal(found.pixels, expected[nearest])


def square(x0: int, y0: int, x1: int, y1: int, hole: bool = False) -> Detections:
    mask = np.zeros((1, 40, 60), bool)
    mask[0, y0:y1, x0:x1] = True
    if hole:
        mask[0, (y0 + y1) // 2, (x0 + x1) // 2] = False
    return Detections(np.array([[x0, y0, x1, y1]], float) + 0.7, mask=mask, class_id=np.zeros(1, int))


def run(boxes: Detections, image: Image | None = None, **fields: Any) -> Any:
    wanted = document(**fields)
    wanted["inputs"].append(
        {"type": "WorkflowBatchInput", "name": "boxes", "kind": ["instance_segmentation_prediction"]}
    )
    wanted["steps"] = [{**wanted["steps"][1], "predictions": "$inputs.boxes"}]
    wanted["outputs"] = wanted["outputs"][1:]
    picture = image or Image(np.full((40, 60, 3), (10, 20, 30), np.uint8), id="p")
    with Workflow.load(wanted) as workflow:
        return workflow.run({"image": [picture], "boxes": [boxes]})[0]


def test_a_coloured_background_and_the_hole_of_an_object() -> None:
    (crop,) = run(square(10, 10, 20, 20, hole=True), background_color="#ff8000", size="full")["crops"]
    assert crop.pixels[15, 15].tolist() == [10, 20, 30]
    assert crop.pixels[5, 5].tolist() == [0, 128, 255]
    assert (crop.width, crop.height) == (60, 40)


def test_boxes_are_cut_down_and_the_picture_knows_where_it_was() -> None:
    row = run(square(10, 10, 20, 20), background="original")
    (crop,) = row["crops"]
    assert (crop.width, crop.height) == (10, 10) and crop.id == row["own"][0].data["detection_id"][0]
    assert crop.origin.to_parent.offset_x == 10
    assert row["own"][0].xyxy[0].round(3).tolist() == [0.7, 0.7, 10.7, 10.7]


def test_an_object_over_the_edge_and_one_beside_the_picture() -> None:
    over, beside = square(50, 30, 60, 40), square(50, 30, 60, 40)
    over.xyxy = np.array([[50.0, 30, 75, 55]])
    beside.xyxy = np.array([[70.0, 30, 80, 40]])
    assert run(over)["crops"][0].pixels.shape == (10, 10, 3)
    assert run(beside)["crops"] == [None]


def test_nothing_found() -> None:
    assert run(Detections(np.zeros((0, 4)), mask=np.zeros((0, 40, 60), bool)))["crops"] == []


def test_masks_of_another_picture_are_refused() -> None:
    with pytest.raises(RunError, match=r"masks are 60×40 pixels but image 'q' is 30×30"):
        run(square(1, 1, 9, 9), Image(np.zeros((30, 30, 3), np.uint8), id="q"))
