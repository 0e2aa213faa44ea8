"""Masks and key points through crops: what is found on a crop lies right on the whole, and a cut-out is clean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from numpy.typing import NDArray

from cropflow import Workflow
from cropflow.detections import stamp, to_root
from cropflow.image import Image
from cropflow.models import DetectSettings, LoadedModel, ModelStore

GREEN = (0, 255, 0)
LEFT, TOP = 137, 51
FIND = {"images": "$inputs.image", "confidence": 0.5}


def chain(model: str, task: str, **crop: Any) -> dict[str, Any]:
    """Segment or pose → crop → the same on every crop."""
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": task, "name": "whole", "model_id": model, **FIND},
            {
                "type": "dynamic_crop@v1",
                "name": "crop",
                "images": "$inputs.image",
                "predictions": "$steps.whole.predictions",
                **crop,
            },
            {"type": task, "name": "part", "model_id": model, **FIND, "images": "$steps.crop.crops"},
        ],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$steps.{selector}", "coordinates_system": "own"}
            for name, selector in [
                ("whole", "whole.predictions"),
                ("crops", "crop.crops"),
                ("cut", "crop.predictions"),
                ("part", "part.predictions"),
            ]
        ],
    }


def result(store: ModelStore, image: Image, document: dict[str, Any]) -> Any:
    with Workflow.load(document, resources=[store]) as workflow:
        return workflow.run({"image": image})[0]


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def cut_to(mask: NDArray[np.bool_], crop: Image) -> NDArray[np.bool_]:
    """The part of a mask of the whole picture that the crop shows, as a mask of the whole picture."""
    place = crop.origin.to_root
    x, y = round(place.offset_x), round(place.offset_y)
    seen = np.zeros_like(mask)
    seen[y : y + crop.height, x : x + crop.width] = mask[y : y + crop.height, x : x + crop.width]
    return seen


@pytest.fixture(scope="module")
def scene(scenes: list[Image]) -> Image:
    return scenes[0]


def test_a_cut_out_shows_nothing_but_the_digit(store: ModelStore, segmenter: LoadedModel, scene: Image) -> None:
    document = chain(
        "digits/seg", "instance_segmentation_model@v2", mask_opacity=1.0, background_color="#00ff00", padding=6
    )
    row = result(store, scene, document)
    masks = np.asarray(segmenter.detect([scene.bgr], DetectSettings(0.5, shapes=True))[0].mask)
    assert len(row["crops"]) == len(masks) > 3
    for crop, mask in zip(row["crops"], masks, strict=True):
        place = crop.origin.to_root
        x, y = round(place.offset_x), round(place.offset_y)
        here = mask[y : y + crop.height, x : x + crop.width]
        original = scene.bgr[y : y + crop.height, x : x + crop.width]
        assert 0.1 < here.mean() < 0.9
        assert (crop.bgr[~here] == GREEN).all()
        assert (crop.bgr[here] == original[here]).all()
        assert (crop.bgr[0] == GREEN).all() and (crop.bgr[:, -1] == GREEN).all()


def test_the_cut_out_holds_the_ink_of_the_digit(store: ModelStore, scene: Image) -> None:
    """Inside the mask the picture differs from what lies around the digit, so the right pixels are kept."""
    document = chain("digits/seg", "instance_segmentation_model@v2", mask_opacity=1.0, padding=6)
    row = result(store, scene, document)
    clear = 0
    for crop, cut in zip(row["crops"], row["cut"], strict=True):
        inside = np.asarray(cut.mask)[0]
        place = crop.origin.to_root
        x, y = round(place.offset_x), round(place.offset_y)
        pixels = scene.bgr[y : y + crop.height, x : x + crop.width].astype(float)
        around = np.median(pixels[~inside], axis=0)
        clear += np.linalg.norm(np.median(pixels[inside], axis=0) - around) > 40
    assert clear >= 0.8 * len(row["crops"])


def test_a_crop_carries_its_mask_and_kind(store: ModelStore, scene: Image) -> None:
    document = chain("digits/seg", "instance_segmentation_model@v2")
    document["steps"].append(
        {
            "type": "mask_visualization@v1",
            "name": "draw",
            "image": "$steps.crop.crops",
            "predictions": "$steps.crop.predictions",
        }
    )
    document["outputs"].append({"type": "JsonField", "name": "drawn", "selector": "$steps.draw.image"})
    row = result(store, scene, document)
    whole = np.asarray(row["whole"].mask)
    for crop, cut, drawn, mask in zip(row["crops"], row["cut"], row["drawn"], whole, strict=True):
        assert cut.mask.shape == (1, crop.height, crop.width)
        assert iou(np.asarray(to_root(cut).mask)[0], cut_to(mask, crop)) == 1.0
        tinted = (drawn.bgr != crop.bgr).any(axis=2)
        assert tinted.any() and not (tinted & ~np.asarray(cut.mask)[0]).any()


def on_wall(scene: Image) -> Image:
    """A picture twice as large with the scene somewhere on it, so that a crop shows the model just the scene."""
    wall = np.full((2 * scene.height, 2 * scene.width, 3), 90, np.uint8)
    wall[TOP : TOP + scene.height, LEFT : LEFT + scene.width] = scene.bgr
    return Image(wall, id="wall")


def found_on_crop(store: ModelStore, scene: Image, model: str, task: str) -> sv.Detections:
    """Cut the scene out of the wall, find things on it, and give them in the coordinates of the wall."""
    width, height = scene.width, scene.height
    cut = {"x_center": LEFT + width // 2, "y_center": TOP + height // 2, "width": width, "height": height}
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "absolute_static_crop@v1", "name": "crop", "images": "$inputs.image", **cut},
            {"type": task, "name": "find", "images": "$steps.crop.crops", "model_id": model, "confidence": 0.5},
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.find.predictions"}],
    }
    found: sv.Detections = result(store, on_wall(scene), document)["found"]
    return found


def test_masks_found_on_a_crop_lie_on_the_whole(store: ModelStore, segmenter: LoadedModel, scene: Image) -> None:
    alone = segmenter.detect([scene.bgr], DetectSettings(0.5, shapes=True))[0]
    found = found_on_crop(store, scene, "digits/seg", "instance_segmentation_model@v2")
    assert len(found) == len(alone) > 3
    assert found.mask.shape[1:] == (2 * scene.height, 2 * scene.width)
    for mask, expected in zip(np.asarray(found.mask), np.asarray(alone.mask), strict=True):
        on_scene = mask[TOP : TOP + scene.height, LEFT : LEFT + scene.width]
        assert on_scene.sum() == mask.sum()
        assert iou(on_scene, expected) > 0.99


def test_key_points_found_on_a_crop_lie_on_the_whole(store: ModelStore, poser: LoadedModel, scene: Image) -> None:
    alone = poser.detect([scene.bgr], DetectSettings(0.5, shapes=True))[0]
    found = found_on_crop(store, scene, "digits/pose", "keypoint_detection_model@v2")
    assert len(found) == len(alone) > 3
    expected = alone.data["keypoints_xy"] + [LEFT, TOP]
    np.testing.assert_allclose(found.data["keypoints_xy"], expected, atol=0.05)


def test_a_crop_and_the_whole_agree_about_masks(store: ModelStore, segmenter: LoadedModel, scene: Image) -> None:
    """A crop of the same width is seen at the same scale, so digits that are not cut have the same masks."""
    crop = scene.crop(0, 64, scene.width, scene.height, id="part")
    assert crop is not None
    settings = DetectSettings(0.5, shapes=True)
    part, whole = (segmenter.detect([image.bgr], settings)[0] for image in (crop, scene))
    on_root = np.asarray(to_root(stamp(part, crop.origin, "find")).mask)
    inside = np.asarray(whole.mask)[whole.xyxy[:, 1] > 70]
    best = [max(iou(mask, other) for other in on_root) for mask in inside]
    assert len(best) > 3
    assert min(best) > 0.9


def test_what_is_found_on_crops_of_digits_stays_in_its_crop(store: ModelStore, scene: Image) -> None:
    row = result(store, scene, chain("digits/seg", "instance_segmentation_model@v2", padding="200%"))
    found = 0
    for crop, part, mask in zip(row["crops"], row["part"], np.asarray(row["whole"].mask), strict=True):
        on_root = to_root(part)
        assert set(part.data["parent_id"]) <= {crop.id}
        for other in np.asarray(on_root.mask):
            assert not (other & ~cut_to(np.ones_like(other), crop)).any()
        found += any(iou(mask, other) > 0.6 for other in np.asarray(on_root.mask))
    assert found >= 0.6 * len(row["crops"])


def test_key_points_move_into_the_crop_of_their_box(store: ModelStore, scene: Image) -> None:
    row = result(store, scene, chain("digits/pose", "keypoint_detection_model@v2"))
    points = row["whole"].data["keypoints_xy"]
    assert len(points) > 3
    for crop, cut, expected in zip(row["crops"], row["cut"], points, strict=True):
        place = crop.origin.to_root
        moved = cut.data["keypoints_xy"][0] + [place.offset_x, place.offset_y]
        np.testing.assert_allclose(moved, expected, atol=1e-3)
        np.testing.assert_allclose(to_root(cut).data["keypoints_xy"][0], expected, atol=1e-3)
