"""Masks that are a little wrong come to lie on the edges of what they show."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv
from numpy.typing import NDArray

from cropflow import Image, ModelStore, Workflow
from cropflow.detections import stamp
from cropflow.errors import WorkflowError
from cropflow_blocks.classical.mask_edge_snap import MaskEdgeSnap

from ..samples import ROOT
from .documents import document, sheet

Mask = NDArray[np.bool_]


def egg() -> tuple[Image, Mask]:
    """A dark ellipse of 160 × 100 on a bright ground, and its true mask."""
    true = np.zeros((200, 300), np.uint8)
    cv2.ellipse(true, (150, 100), (80, 50), 0, 0, 360, 1, -1)
    pixels = np.where(true[:, :, None] > 0, np.array([40, 60, 80]), 200).astype(np.uint8)
    return Image(pixels, id="egg"), true > 0


def grown(mask: Mask, pixels: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(pixels) + 1,) * 2)
    change = cv2.dilate if pixels > 0 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), kernel)) > 0


def segmentation(image: Image, *masks: Mask) -> sv.Detections:
    stack = np.array(masks, bool).reshape(-1, image.height, image.width)
    return stamp(sv.Detections(sv.mask_to_xyxy(stack).astype(float), mask=stack), image.origin, "seg")


def snap(image: Image, found: sv.Detections, **fields: Any) -> tuple[sv.Detections, sv.Detections]:
    made = MaskEdgeSnap().run(image, found, **fields)
    return made.refined_segmentation, made.edges


def iou(one: Any, other: Any) -> float:
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("off", [7, -7, 0])
def test_masks_that_are_too_large_or_too_small_are_mended(off: int) -> None:
    image, true = egg()
    wrong = grown(true, off) if off else np.roll(true, 6, axis=1)
    refined, edges = snap(image, segmentation(image, wrong))
    assert iou(wrong, true) < 0.92 and iou(refined.mask[0], true) > 0.97
    np.testing.assert_allclose(refined.xyxy, [[70, 50, 231, 151]], atol=1.5)
    assert edges.data["class_name"].tolist() == ["edges"]
    rim = grown(true, 2) & ~grown(true, -2)
    assert edges.mask is not None and edges.mask[0].sum() > 300 and not (edges.mask[0] & ~rim).any()


def test_several_masks_are_mended_each_by_itself_and_stay_who_they_are() -> None:
    image, true = egg()
    found = segmentation(image, grown(true, 7), grown(true, -7))
    found.confidence, found.class_id = np.array([0.9, 0.8]), np.array([3, 4])
    refined, _ = snap(image, found)
    assert [iou(mask, true) > 0.97 for mask in refined.mask] == [True, True]
    assert refined.data["detection_id"].tolist() == ["egg/seg/0", "egg/seg/1"]
    assert (refined.confidence.tolist(), refined.class_id.tolist()) == ([0.9, 0.8], [3, 4])


def test_the_input_is_left_alone() -> None:
    image, true = egg()
    found = segmentation(image, grown(true, 7))
    before = found.mask.copy(), found.xyxy.copy()
    snap(image, found)
    np.testing.assert_array_equal(found.mask, before[0])
    np.testing.assert_array_equal(found.xyxy, before[1])


@pytest.mark.parametrize("fields", [{"pixel_tolerance": 3}, {"boundary_band_width": 3}])
def test_an_edge_that_is_too_far_away_is_none(fields: dict[str, int]) -> None:
    image, true = egg()
    wrong = grown(true, 7)
    refined, _ = snap(image, segmentation(image, wrong), **fields)
    np.testing.assert_array_equal(refined.mask[0], wrong)


def test_small_pieces_of_edges_are_ignored() -> None:
    image, true = egg()
    specked = image.bgr.copy()
    specked[40:43, 150:153] = 0
    wrong = grown(true, 7)
    _, some = snap(Image(specked, id="egg"), segmentation(image, wrong), min_contour_area=80.0)
    _, every = snap(Image(specked, id="egg"), segmentation(image, wrong), min_contour_area=0.0)
    assert every.mask[0][36:46, 146:156].any() and not some.mask[0][36:46, 146:156].any()


def test_holes_stay_holes() -> None:
    image, true = egg()
    ring = grown(true, 5) & ~grown(true, -30)
    refined, _ = snap(image, segmentation(image, ring))
    assert not refined.mask[0][100, 150] and iou(refined.mask[0], true & ~grown(true, -30)) > 0.95


def test_without_edges_nothing_changes() -> None:
    image, true = egg()
    plain = Image(np.full((200, 300), 90, np.uint8), id="egg")
    empty = np.zeros_like(true)
    refined, edges = snap(plain, segmentation(plain, true, empty))
    np.testing.assert_array_equal(np.asarray(refined.mask), [true, empty])
    assert len(edges) == 0 and edges.mask is not None
    assert len(snap(image, segmentation(image))[0]) == 0


def test_masks_of_a_crop_are_mended_on_the_whole() -> None:
    image, true = egg()
    crop = image.crop(40, 20, 260, 180)
    assert crop is not None
    refined, _ = snap(image, segmentation(crop, grown(true, 6)[20:180, 40:260]))
    assert iou(refined.mask[0], true) > 0.97 and refined.metadata["origin"] == image.origin


def test_boxes_without_masks_are_told() -> None:
    image, _ = egg()
    boxes = stamp(sv.Detections(np.array([[1.0, 2, 30, 40]])), image.origin, "detect")
    with pytest.raises(ValueError, match="instance segmentation model"):
        snap(image, boxes)


def test_masks_of_a_model_come_nearer_to_the_ink() -> None:
    steps = document("mask_edge_snap@v1", ["image"], {"segmentation": "$steps.seg.predictions", "pixel_tolerance": 4})
    model = {"model_id": str(ROOT / "models" / "digits-segment.pt"), "confidence": 0.5}
    seg = {"type": "roboflow_core/roboflow_instance_segmentation_model@v2", "name": "seg", "images": "$inputs.image"}
    steps["steps"].insert(0, {**seg, **model})
    steps["outputs"] = [
        {"type": "JsonField", "name": "model", "selector": "$steps.seg.predictions"},
        {"type": "JsonField", "name": "snapped", "selector": "$steps.step.refined_segmentation"},
    ]
    store = ModelStore(device="cpu")
    with Workflow.load(steps, resources=[store]) as workflow:
        row = workflow.run({"image": sheet()})[0]
    store.close()
    ink = cv2.cvtColor(sheet().bgr, cv2.COLOR_BGR2GRAY) < 140
    before, after = (iou(np.asarray(row[name].mask).any(axis=0), ink) for name in ("model", "snapped"))
    assert row["snapped"].data["detection_id"].tolist() == row["model"].data["detection_id"].tolist()
    assert after > before > 0.4


@pytest.mark.parametrize(
    "fields", [{"pixel_tolerance": 0}, {"sigma": 0.0}, {"min_contour_area": 10_001.0}, {"boundary_band_width": 0}]
)
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    steps = document("mask_edge_snap@v1", ["image"], {"segmentation": "$inputs.seg", **fields})
    steps["inputs"].append({"type": "WorkflowBatchInput", "name": "seg", "kind": ["instance_segmentation_prediction"]})
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        Workflow.load(steps)
