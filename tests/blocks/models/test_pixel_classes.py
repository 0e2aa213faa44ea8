"""Semantic segmentation without shipped weights: networks that learn in a second which pixels are red."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cropflow.detections import to_json
from cropflow.models import DetectSettings, LoadedModel, Model
from cropflow_blocks.models.ultralytics import UltralyticsLoader

PIXELS = {
    "scales": {"p": [0.33, 0.25, 1024]},
    "backbone": [[-1, 1, "Conv", [64, 3, 2]], [-1, 1, "Conv", [64, 3, 2]], [-1, 1, "Conv", [64, 3, 1]]],
    "head": [[[1, 2], 1, "SemanticSegment", ["nc"]]],
}


def load(path: Path) -> Model:
    return UltralyticsLoader().load(path, device="cpu", image_size=64, cache_dir=path.parent / "cache")


@pytest.fixture(scope="module", autouse=True)
def ultralytics(detector: LoadedModel) -> None:
    """Let the adapter import Ultralytics first, so that these tests run under its settings."""


def red_left_blue_right(width: int = 80, height: int = 40, border: int = 30) -> NDArray[np.uint8]:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :border], picture[:, border:] = (0, 0, 255), (255, 0, 0)
    return picture


def learned(names: dict[int, str], path: Path) -> Model:
    """A network that learned in a second which pixels are red; with one class, blue is the background."""
    import torch
    from ultralytics.nn.tasks import SemanticSegmentationModel

    torch.manual_seed(0)
    network = SemanticSegmentationModel({**PIXELS, "nc": len(names)}, ch=3, nc=len(names), verbose=False).train()
    rgb, target = colours()
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        found: Any = network(rgb)[0]
        found = torch.nn.functional.interpolate(found, target.shape[1:], mode="bilinear")
        red = (target == 0).float()
        loss = torch.nn.functional.cross_entropy(found, target) if len(names) > 1 else binary(found[:, 0], red)
        loss.backward()
        optimizer.step()
    network.names, network.args = names, {"imgsz": 64, "task": "semantic"}
    torch.save({"model": network.eval(), "train_args": network.args}, path)
    return load(path)


def binary(found: Any, target: Any) -> Any:
    import torch

    return torch.nn.functional.binary_cross_entropy_with_logits(found, target)


def colours() -> tuple[Any, Any]:
    """Pictures in RGB that are red on one side of a line and blue on the other, and the class of every pixel."""
    import torch

    pictures = torch.zeros(16, 3, 64, 64)
    target = torch.zeros(16, 64, 64, dtype=torch.long)
    for index, border in enumerate(range(2, 66, 4)):
        pictures[index, 0, :, :border] = pictures[index, 2, :, border:] = 1
        target[index, :, border:] = 1
    return torch.cat([pictures, pictures.flip(3)]), torch.cat([target, target.flip(2)])


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return learned({0: "red", 1: "blue"}, tmp_path_factory.mktemp("semantic") / "two.pt")


@pytest.fixture(scope="module")
def one_class(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return learned({0: "red"}, tmp_path_factory.mktemp("semantic") / "one.pt")


def test_every_class_is_one_entry_with_its_pixels(two_classes: Model) -> None:
    picture = red_left_blue_right()
    (found,) = two_classes.detect([picture], DetectSettings(0, shapes=True))
    assert two_classes.info.task == "semantic"
    assert found.data["class_name"].tolist() == ["red", "blue"]
    assert found.class_id.tolist() == [0, 1]
    red, blue = np.asarray(found.mask)
    assert red[:, :26].all() and blue[:, 34:].all()
    assert (red ^ blue).all()
    for mask, (x0, y0, x1, y1) in zip((red, blue), found.xyxy.astype(int), strict=True):
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
        assert mask[:, x0].any() and mask[:, x1 - 1].any() and mask[y0].any() and mask[y1 - 1].any()
    assert ((found.confidence > 0.5) & (found.confidence <= 1)).all()


def test_a_class_that_is_not_there_has_no_entry(two_classes: Model, one_class: Model) -> None:
    blue = red_left_blue_right(border=0)
    assert two_classes.detect([blue], DetectSettings(0))[0].data["class_name"].tolist() == ["blue"]
    nothing = one_class.detect([blue], DetectSettings(0))[0]
    assert len(nothing) == 0
    assert nothing.mask is not None and nothing.mask.shape == (0, 40, 80)
    assert nothing.data["class_name"].dtype.kind == "U"


def test_a_single_class_is_told_from_the_background(one_class: Model) -> None:
    (found,) = one_class.detect([red_left_blue_right()], DetectSettings(0, shapes=True))
    assert found.data["class_name"].tolist() == ["red"]
    assert np.asarray(found.mask)[0, :, :26].all()
    assert not np.asarray(found.mask)[0, :, 34:].any()
    assert 0.5 < found.confidence[0] <= 1


def test_pixels_below_the_confidence_belong_to_no_class(two_classes: Model) -> None:
    picture = red_left_blue_right()
    everything, sure = (two_classes.detect([picture], DetectSettings(confidence))[0] for confidence in (0, 0.9))
    assert np.asarray(everything.mask).sum() == picture.shape[0] * picture.shape[1]
    assert 0 < np.asarray(sure.mask).sum() < np.asarray(everything.mask).sum()
    unsure = ~np.asarray(sure.mask).any(axis=0)
    assert unsure[:, 26:34].any() and not unsure[:, 5:20].any()
    assert (sure.confidence >= 0.9).all()


def test_only_the_classes_asked_for_are_given(two_classes: Model) -> None:
    (found,) = two_classes.detect([red_left_blue_right()], DetectSettings(0, classes=(1,)))
    assert found.data["class_name"].tolist() == ["blue"]


def test_classes_of_pixels_are_the_same_in_any_company(two_classes: Model) -> None:
    batch = [red_left_blue_right(), red_left_blue_right(50, 90), red_left_blue_right(border=60)]
    for picture, found in zip(batch, two_classes.detect(batch, DetectSettings(0)), strict=True):
        (alone,) = two_classes.detect([picture], DetectSettings(0))
        assert np.array_equal(np.asarray(found.mask), np.asarray(alone.mask))
        np.testing.assert_allclose(found.confidence, alone.confidence, atol=1e-5)


def test_threads_with_different_thresholds_do_not_disturb_each_other(two_classes: Model) -> None:
    shared = LoadedModel(two_classes)
    jobs = [(red_left_blue_right(border=border), share) for border in (20, 40, 60) for share in (0.0, 0.9)] * 5
    alone = [np.asarray(two_classes.detect([picture], DetectSettings(share))[0].mask) for picture, share in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda job: shared.detect([job[0]], DetectSettings(job[1]))[0].mask, jobs)
        assert all(np.array_equal(one, np.asarray(other)) for one, other in zip(alone, together, strict=True))


def test_the_packaged_architecture_runs(tmp_path: Path) -> None:
    from ultralytics import YOLO

    YOLO("yolo26n-sem.yaml").save(tmp_path / "weights.pt")
    (found,) = load(tmp_path / "weights.pt").detect([red_left_blue_right()], DetectSettings(0))
    assert len(found) >= 1
    assert np.asarray(found.mask).any(axis=0).all()
    assert to_json(found)["predictions"][0]["class"] in map(str, range(19))
