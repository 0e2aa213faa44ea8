"""Detect, crop, classify, rename in whole workflows: names on the right boxes, whatever is lost on the way."""

import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
import supervision as sv
from supervision import Detections

from cropflow import Block, Classification, Image, KindOf, Workflow, take
from cropflow_blocks.fusion.classes_replacement import DetectionsClassesReplacement
from cropflow_blocks.fusion.dimension_collapse import DimensionCollapse
from cropflow_blocks.models.classification import ClassificationModelV2
from cropflow_blocks.models.detection import ObjectDetectionModelV2
from cropflow_blocks.transform.dynamic_crop import DynamicCrop
from cropflow_blocks.transform.static_crop import RelativeStaticCrop

ROOT = Path(__file__).parents[3]
SCENES = ROOT / "examples/digits/scenes"
OURS = (DynamicCrop, RelativeStaticCrop, DetectionsClassesReplacement, DimensionCollapse)


class Blobs(Block):
    """Bright blobs on black, from left to right, and a box of zero area before them."""

    type = "test/blobs@v1"

    class Output(NamedTuple):
        predictions: Detections

    def run(self, image: Image) -> Output:
        _, _, stats, _ = cv2.connectedComponentsWithStats((image.bgr[..., 0] > 0).astype(np.uint8))
        boxes = stats[1:, :4] + np.pad(stats[1:, :2], ((0, 0), (2, 0)))
        boxes = np.vstack([[[5, 5, 5, 9]], boxes[boxes[:, 0].argsort()]]) if len(boxes) else np.zeros((0, 4))
        return self.Output(sv.Detections(boxes.astype(np.float32), class_id=np.zeros(len(boxes), int)))


class Shade(Block):
    """The brightness of the middle of a picture, as a class."""

    type = "test/shade@v1"

    class Output(NamedTuple):
        predictions: Classification
        text: str

    def run(self, image: Image) -> Output:
        value = int(image.bgr[image.height // 2, image.width // 2, 0])
        names = tuple(map(str, range(256)))
        return self.Output(Classification(names, np.eye(256)[value], 0.5, image.origin), names[value])


class Backwards(Block):
    """The detections from last to first, without the last."""

    type = "test/backwards@v1"

    class Output(NamedTuple):
        predictions: Annotated[Detections, KindOf("predictions")]

    def run(self, predictions: Detections) -> Output:
        return self.Output(take(predictions, slice(None, None, -1))[1:])


def blobs(*shades: int) -> np.ndarray:
    picture = np.zeros((60, 200, 3), np.uint8)
    for i, shade in enumerate(shades):
        picture[20 : 30 + 5 * i, 20 + 40 * i : 40 + 40 * i] = shade
    return picture


def run(steps: list[dict[str, Any]], outputs: dict[str, str], images: list[np.ndarray]) -> list[dict[str, Any]]:
    detect = {"type": "test/blobs@v1", "name": "detect", "image": "$inputs.image"}
    crop = {
        "type": "roboflow_core/dynamic_crop@v1",
        "name": "crop",
        "image": "$inputs.image",
        "predictions": "$steps.detect.predictions",
    }
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [detect, crop, *steps],
        "outputs": [{"type": "JsonField", "name": n, "selector": s} for n, s in outputs.items()],
    }
    with Workflow.load(document, blocks=(*OURS, Blobs, Shade, Backwards)) as workflow:
        return list(workflow.run({"image": images}))


def rename(detections: str, answers: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "roboflow_core/detections_classes_replacement@v1",
        "name": "rename",
        "object_detection_predictions": detections,
        "classification_predictions": answers,
        **fields,
    }


SHADE = {"type": "test/shade@v1", "name": "shade", "image": "$steps.crop.crops"}
RENAMED = {"found": "$steps.rename.predictions"}


def names(row: dict[str, Any]) -> list[str]:
    return list(row["found"].data["class_name"])


def test_every_image_gets_the_names_of_its_own_crops() -> None:
    steps = [SHADE, rename("$steps.detect.predictions", "$steps.shade.predictions")]
    rows = run(steps, RENAMED, [blobs(10, 20, 30), blobs(), blobs(40)])
    assert [names(row) for row in rows] == [["10", "20", "30"], [], ["40"]]
    assert rows[2]["found"].data["detection_id"].tolist() == ["image.[2]/detect/1"]


def test_names_follow_boxes_that_were_reordered_and_filtered() -> None:
    backwards = {"type": "test/backwards@v1", "name": "back", "predictions": "$steps.detect.predictions"}
    steps = [SHADE, backwards, rename("$steps.back.predictions", "$steps.shade.predictions")]
    rows = run(steps, RENAMED, [blobs(10, 20, 30)])
    assert names(rows[0]) == ["20", "10"]


def test_the_box_without_area_gets_the_fallback() -> None:
    steps = [SHADE, rename("$steps.detect.predictions", "$steps.shade.predictions", fallback_class_name="none")]
    assert names(run(steps, RENAMED, [blobs(10, 20)])[0]) == ["none", "10", "20"]


def test_texts_name_boxes_by_position_with_missing_crops_in_place() -> None:
    steps = [SHADE, rename("$steps.detect.predictions", "$steps.shade.text")]
    assert names(run(steps, RENAMED, [blobs(10, 20)])[0]) == ["10", "20"]


def test_a_region_of_each_crop_names_the_box_of_the_crop() -> None:
    middle: dict[str, Any] = {
        "type": "roboflow_core/relative_statoic_crop@v1",
        "name": "middle",
        "images": "$steps.crop.crops",
        "x_center": 0.5,
        "y_center": 0.5,
        "width": 0.5,
        "height": 0.5,
    }
    steps = [
        middle,
        {**SHADE, "image": "$steps.middle.crops"},
        rename("$steps.detect.predictions", "$steps.shade.predictions"),
    ]
    assert names(run(steps, RENAMED, [blobs(10, 20)])[0]) == ["10", "20"]


def test_collapsing_keeps_the_place_of_a_missing_crop() -> None:
    collapse = {"type": "DimensionCollapse", "name": "all", "data": "$steps.shade.text"}
    rows = run([SHADE, collapse], {"list": "$steps.all.output"}, [blobs(10, 20), blobs()])
    assert [row["list"] for row in rows] == [[None, "10", "20"], []]


def test_the_prediction_of_each_crop_lands_on_its_box_in_the_picture() -> None:
    outputs = {"own": "$steps.crop.predictions", "all": "$steps.detect.predictions"}
    [row] = run([], outputs, [blobs(10, 20)])
    assert row["own"][0] is None
    for i in (1, 2):
        assert row["own"][i].xyxy.tolist() == row["all"].xyxy[[i]].tolist()  # moved to the picture by default


def test_real_models_read_the_digits_of_a_picture() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "object_detection_model@v2",
                "name": "detect",
                "images": "$inputs.image",
                "model_id": "models/digits-detect.pt",
            },
            {
                "type": "dynamic_crop@v1",
                "name": "crop",
                "images": "$inputs.image",
                "predictions": "$steps.detect.predictions",
                "square": True,
            },
            {
                "type": "classification_model@v2",
                "name": "classify",
                "images": "$steps.crop.crops",
                "model_id": "models/digits-classify.pt",
            },
            rename("$steps.detect.predictions", "$steps.classify.predictions"),
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.rename.predictions"}],
    }
    blocks = (*OURS, ObjectDetectionModelV2, ClassificationModelV2)
    truth = json.loads((ROOT / "examples/digits/truth.json").read_text())
    pictures = ["sheet/01.png", "form/01.png"]
    with Workflow.load(document, blocks=blocks, base=ROOT) as workflow:
        rows = workflow.run({"image": [str(SCENES / name) for name in pictures]})
        right = [_right(row["found"], truth[name]) for row, name in zip(rows, pictures, strict=True)]
    assert sum(right) >= 0.9 * sum(len(truth[name]) for name in pictures)


def _right(found: sv.Detections, truth: list[dict[str, Any]]) -> int:
    overlap = sv.box_iou_batch(np.array([row["box"] for row in truth], float), found.xyxy)
    nearest = overlap.argmax(axis=1)
    return sum(
        str(row["digit"]) == found.data["class_name"][i] and overlap[n, i] > 0.5
        for n, (row, i) in enumerate(zip(truth, nearest, strict=True))
    )
