"""One contract suite over every installed core block, on real pictures and real models."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Classification, Image, ModelStore
from cropflow.registry import installed
from cropflow.testing import check_block, check_declaration
from cropflow_blocks.models.quiet import ultralytics_imported

ROOT = Path(__file__).parents[2]
SCENES = ROOT / "examples" / "digits" / "scenes"
DETECTOR = str(ROOT / "models" / "digits-detect.pt")
CLASSIFIER = str(ROOT / "models" / "digits-classify.pt")
SEGMENTER = str(ROOT / "models" / "digits-segment.pt")
POSER = str(ROOT / "models" / "digits-pose.pt")
BUILT = tempfile.TemporaryDirectory()
CORE = [spec for spec in installed() if "/" not in spec.type]


def pictures() -> list[Image]:
    """Pictures of different sizes, one of them grey."""
    return [
        Image.load(SCENES / "sheet/01.png", id="sheet"),
        Image.load(SCENES / "meter/01.jpg", id="meter"),
        Image(np.full((40, 60), 120, np.uint8), id="grey"),
    ]


def boxes(image: Image, count: int) -> Detections:
    corners = [[3.4 + 9 * i, 5.6, 30.2 + 9 * i, 33.5] for i in range(count)]
    return Detections(
        xyxy=np.array(corners, float).reshape(-1, 4),
        confidence=np.linspace(0.9, 0.5, count),
        class_id=np.arange(count),
        data={
            "class_name": np.array([f"c{i}" for i in range(count)]),
            "detection_id": np.array([f"{image.id}/found/{i}" for i in range(count)]),
        },
        metadata={"origin": image.origin},
    )


def drawn() -> list[Mapping[str, Any]]:
    return [{"image": image, "predictions": boxes(image, i)} for i, image in enumerate(pictures())]


def outlined() -> list[Mapping[str, Any]]:
    """Boxes with masks, of full frames as a block of anybody's may give them."""
    examples = drawn()
    for example in examples:
        image, found = example["image"], example["predictions"]
        found.mask = np.zeros((len(found), image.height, image.width), bool)
        found.mask[:, 8:30, 6:20] = True
    return examples


def posed() -> list[Mapping[str, Any]]:
    examples = drawn()
    for example in examples:
        found = example["predictions"]
        places = np.array([[0, 0], [20, 0], [np.nan, np.nan]], np.float32)
        found.data["keypoints_xy"] = found.xyxy[:, None, :2].astype(np.float32) + places
        found.data["keypoints_confidence"] = np.full((len(found), 3), 0.9, np.float32)
        found.data["keypoints_class_id"] = np.tile(np.arange(3), (len(found), 1))
        found.data["keypoints_class_name"] = np.tile(["left", "right", "top"], (len(found), 1))
        example["edges"] = [[1, 2], [2, 3]]
    return examples


def cut() -> list[Mapping[str, Any]]:
    return [{"images": image, "predictions": boxes(image, 2 - i)} for i, image in enumerate(pictures())]


def pictures_for(model: str) -> Callable[[], list[Mapping[str, Any]]]:
    return lambda: [{"images": image, "model_id": model} for image in pictures()]


def pictures_for_untrained(architecture: str) -> Callable[[], list[Mapping[str, Any]]]:
    """Tasks without shipped weights run a packaged architecture with weights as random as they begin."""

    def examples() -> list[Mapping[str, Any]]:
        file = Path(BUILT.name) / f"{architecture}.pt"
        with ultralytics_imported(Path(BUILT.name)) as ultralytics:
            import torch

            torch.manual_seed(0)
            ultralytics.YOLO(f"{architecture}.yaml").save(file)
        return pictures_for(str(file))()

    return examples


def place(**where: float) -> Callable[[], list[Mapping[str, Any]]]:
    return lambda: [{"images": image, **where} for image in pictures()]


def classified() -> list[Mapping[str, Any]]:
    examples = []
    for number, image in enumerate(pictures()):
        found = boxes(image, number)
        crops = image.crops(found.xyxy, found.data["detection_id"].tolist())
        scores = np.array([0.1, 0.9], np.float32)
        labels = [Classification(("a", "b"), scores, 0.4, crop.origin) for crop in crops if crop is not None]
        examples.append({"object_detection_predictions": found, "classification_predictions": labels})
    return examples


EXAMPLES: dict[str, Callable[[], list[Mapping[str, Any]]]] = {
    "absolute_static_crop": place(x_center=20, y_center=25, width=31, height=17),
    "bounding_box_visualization": drawn,
    "classification_model": pictures_for(CLASSIFIER),
    "detections_classes_replacement": classified,
    "dimension_collapse": lambda: [
        {"data": [1, "two", None]},
        {"data": []},
        {"data": [image.width for image in pictures()]},
    ],
    "dynamic_crop": cut,
    "image_sink": lambda: [{"images": image, "predictions": "digit"} for image in pictures()],
    "instance_segmentation_model": pictures_for(SEGMENTER),
    "jsonl_sink": lambda: [{"data": {"width": image.width, "name": image.id}} for image in pictures()],
    "keypoint_detection_model": pictures_for(POSER),
    "keypoint_visualization": posed,
    "label_visualization": drawn,
    "mask_visualization": outlined,
    "object_detection_model": pictures_for(DETECTOR),
    "oriented_object_detection_model": pictures_for_untrained("yolo11n-obb"),
    "polygon_visualization": outlined,
    "relative_static_crop": place(x_center=0.4, y_center=0.5, width=0.3, height=0.6),
    "semantic_segmentation_model": pictures_for_untrained("yolo26n-sem"),
}


@pytest.fixture(scope="module")
def store() -> Iterator[ModelStore]:
    store = ModelStore(device="cpu")
    yield store
    store.close()


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.type)
def test_block_keeps_the_contract(spec: Any, store: ModelStore) -> None:
    examples = EXAMPLES[spec.type.partition("@")[0]]()
    check_block(spec, *examples, resources=[store], tolerance=0.05)


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.type)
def test_every_port_and_output_is_documented(spec: Any) -> None:
    check_declaration(spec)
    assert not [port.name for port in spec.ports if not port.doc]
    assert not [output.name for output in spec.outputs if not output.doc]
