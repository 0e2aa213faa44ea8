"""What whoever comes from Ultralytics relies on: the usual networks give its results, whatever runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv

from cropflow.models import DetectSettings, Model
from cropflow_blocks.models.direct import DirectModel
from cropflow_blocks.models.onnx import OnnxLoader
from cropflow_blocks.models.predictor import UltralyticsModel
from cropflow_blocks.models.quiet import ultralytics_imported
from cropflow_blocks.models.ultralytics import UltralyticsLoader

from .sameness import Export, Pictures, predicted, rows, same_boxes

Loaded = Callable[..., tuple[Path, Model]]


@pytest.fixture(params=[".onnx", ".pt"])
def loaded(request: pytest.FixtureRequest, export: Export) -> Loaded:
    """Load weights, as an export and as they are."""

    def loaded(weights: str, image_size: int | None = None, **arguments: Any) -> tuple[Path, Model]:
        path = export(weights, **arguments).with_suffix(request.param)
        loader: Any = UltralyticsLoader() if request.param == ".pt" else OnnxLoader()
        model = loader.load(path, device="cpu", image_size=image_size, cache_dir=path.parent / "cache")
        assert isinstance(model._direct if isinstance(model, UltralyticsModel) else model, DirectModel)
        return path, model

    return loaded


SETTINGS = [
    DetectSettings(),
    DetectSettings(confidence=0.02, iou=0.7, max_detections=8),
    DetectSettings(confidence=0.01, iou=0.1, class_agnostic=True),
    DetectSettings(classes=()),
    DetectSettings(image_size=(160, 320)),
    DetectSettings(image_size=(200, 350)),
    DetectSettings(image_size=(640, 640), confidence=0.1),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_boxes_are_those_of_ultralytics(loaded: Loaded, pictures: Pictures, settings: DetectSettings) -> None:
    path, model = loaded("detect")
    for picture, ours in zip(pictures, model.detect(pictures, settings), strict=True):
        theirs = predicted(
            path, picture, list(settings.image_size or (320, 320)), conf=settings.confidence, iou=settings.iou,
            max_det=settings.max_detections, agnostic_nms=settings.class_agnostic,
            classes=None if settings.classes is None else [99],
        )  # fmt: skip
        same_boxes(ours, theirs)


def test_a_name_may_ask_for_a_size(loaded: Loaded, pictures: Pictures) -> None:
    path, model = loaded("detect", image_size=500)
    for picture, ours in zip(pictures[:4], model.detect(pictures[:4], DetectSettings()), strict=True):
        same_boxes(ours, predicted(path, picture, 500, conf=0.4, iou=0.3))


@pytest.mark.parametrize("architecture", ["yolo11n.yaml", "yolo26n.yaml"])
def test_many_classes_and_heads_that_choose_themselves(loaded: Loaded, pictures: Pictures, architecture: str) -> None:
    path, model = loaded(architecture, image_size=160, imgsz=160)
    assert (model.info.image_size, len(model.info.names)) == ((160, 160), 80)
    usual = np.concatenate([predicted(path, picture, 160, conf=0.0).boxes.conf.numpy() for picture in pictures[:4]])
    conf = float(np.median(usual))
    for classes in (None, (3, 40, 41, 77)):
        asked = DetectSettings(confidence=conf, iou=1.0, classes=classes)
        for picture, ours in zip(pictures[:4], model.detect(pictures[:4], asked), strict=True):
            theirs = predicted(path, picture, 160, conf=conf, iou=1.0, classes=classes, max_det=300)
            np.testing.assert_allclose(rows(ours), rows(sv.Detections.from_ultralytics(theirs)), atol=0.02)
            assert classes or len(ours) > 5


def test_masks_and_key_points_are_those_of_ultralytics(loaded: Loaded, pictures: Pictures) -> None:
    asked = DetectSettings(shapes=True)
    paths, models = zip(*map(loaded, ("segment", "pose")), strict=True)
    segments, poses = (model.detect(pictures, asked) for model in models)
    for picture, ours, posed in zip(pictures, segments, poses, strict=True):
        theirs = predicted(paths[0], picture, 320, conf=0.4, iou=0.3, retina_masks=True)
        places = same_boxes(ours, theirs)
        if len(ours):
            dense, masks = np.asarray(ours.mask), theirs.masks.data.numpy().astype(bool)[places]
            assert ((dense & masks).sum((1, 2)) / (dense | masks).sum((1, 2))).min() > 0.95
        theirs = predicted(paths[1], picture, 320, conf=0.4, iou=0.3)
        places = same_boxes(posed, theirs)
        np.testing.assert_allclose(posed.data["keypoints_xy"], theirs.keypoints.xy.numpy()[places], atol=0.02)


def test_scores_are_those_of_ultralytics(loaded: Loaded, pictures: Pictures) -> None:
    path, model = loaded("classify")
    scores = model.classify(pictures)
    for ours, picture in zip(scores, pictures, strict=True):
        np.testing.assert_allclose(ours, predicted(path, picture, 32).probs.data.numpy(), atol=1e-5)
    assert model.classify([]).shape == (0, 10)


def test_the_best_are_chosen_before_masks_are_made(loaded: Loaded, pictures: Pictures) -> None:
    path, model = loaded("yolo26n-seg.yaml", image_size=160, imgsz=160)
    asked = DetectSettings(confidence=1e-6, iou=1.0, max_detections=12, shapes=True)
    for picture, ours in zip(pictures[:4], model.detect(pictures[:4], asked), strict=True):
        theirs = predicted(path, picture, 160, conf=1e-6, iou=1.0, max_det=12, retina_masks=True)
        np.testing.assert_allclose(rows(ours), rows(sv.Detections.from_ultralytics(theirs)), atol=0.02)


def test_weights_whose_names_do_not_fit_their_classes_are_left_to_ultralytics(tmp_path: Path) -> None:
    with ultralytics_imported(tmp_path) as ultralytics:
        yolo = ultralytics.YOLO("yolo11n.yaml")
        yolo.model.names = {0: "one", 1: "two"}
        yolo.save(tmp_path / "few.pt")
    model = UltralyticsLoader().load(tmp_path / "few.pt", device="cpu", image_size=64, cache_dir=tmp_path)
    assert model._direct is None
