"""What users of segmentation and pose weights rely on: all that Ultralytics finds, in the keys documents know."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from supervision.detection.compact_mask import CompactMask

from cropflow.detections import from_json, to_json
from cropflow.image import Image
from cropflow.models import DetectSettings, LoadedModel

Pictures = Sequence[NDArray[np.uint8]]
SHAPES = DetectSettings(shapes=True)
POINT_KEYS = {"keypoints_xy", "keypoints_confidence", "keypoints_class_id", "keypoints_class_name"}


@pytest.fixture(scope="session")
def pictures(scenes: list[Image]) -> Pictures:
    """Whole scenes and pieces of them, of several shapes, one with nothing on it."""
    first = scenes[0].bgr
    pieces = [first[:200], first[:200].copy(), first[:, :150], first[40:90, 30:100], first[:2, :3]]
    return [scene.bgr for scene in scenes[::3]] + pieces + [np.zeros((50, 60, 3), np.uint8)]


def full_hd(scene: Image) -> NDArray[np.uint8]:
    """A picture of 1920 × 1080 with the scene twice, side by side."""
    half = cv2.resize(scene.bgr, (960, 1080), interpolation=cv2.INTER_CUBIC)
    return np.hstack([half, half])


def overlaps(one: sv.Detections, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    dense = np.asarray(one.mask)
    return (dense & masks).sum((1, 2)) / (dense | masks).sum((1, 2))


def same(one: sv.Detections, other: sv.Detections) -> bool:
    """Whether both found the same, up to what another batch changes in the last digits."""
    return (
        len(one) == len(other)
        and set(one.data) == set(other.data)
        and np.allclose(one.xyxy, other.xyxy, atol=0.05)
        and np.allclose(one.confidence, other.confidence, atol=1e-4)
        and np.allclose(one.data.get("keypoints_xy", 0), other.data.get("keypoints_xy", 0), atol=0.05)
        and (one.mask is None or bool((overlaps(one, np.asarray(other.mask)) > 0.98).all()))
    )


def test_masks_are_those_of_ultralytics_in_the_resolution_of_the_picture(
    segmenter: LoadedModel, pictures: Pictures
) -> None:
    from ultralytics import YOLO

    yolo = YOLO(str(segmenter.info.path))
    for picture, found in zip(pictures, segmenter.detect(pictures, SHAPES), strict=True):
        expected = yolo.predict(picture, conf=0.4, iou=0.3, retina_masks=True, verbose=False, save=False)[0]
        assert isinstance(found.mask, CompactMask)
        assert found.mask.shape == (len(found), *picture.shape[:2])
        assert np.allclose(found.xyxy, expected.boxes.xyxy.numpy(), atol=0.05)
        if len(found):
            assert (overlaps(found, expected.masks.data.numpy().astype(bool)) > 0.95).all()


def test_key_points_are_those_of_ultralytics(poser: LoadedModel, pictures: Pictures) -> None:
    from ultralytics import YOLO

    yolo = YOLO(str(poser.info.path))
    for picture, found in zip(pictures, poser.detect(pictures, SHAPES), strict=True):
        expected = yolo.predict(picture, conf=0.4, iou=0.3, verbose=False, save=False)[0].keypoints
        assert found.data["keypoints_xy"].shape == (len(found), 4, 2)
        assert np.allclose(found.data["keypoints_xy"], expected.xy.numpy().reshape(-1, 4, 2), atol=0.05)
        if len(found):
            assert np.allclose(found.data["keypoints_confidence"], expected.conf.numpy(), atol=1e-4)
        assert all(row == [0, 1, 2, 3] for row in found.data["keypoints_class_id"].tolist())
        assert all(row == ["0", "1", "2", "3"] for row in found.data["keypoints_class_name"].tolist())


def test_nearly_all_digits_have_a_mask_and_four_corners(
    segmenter: LoadedModel, poser: LoadedModel, detector: LoadedModel, scenes: list[Image]
) -> None:
    """The three models look at the same digits: inside the box a mask, close around it the corners."""
    for scene in scenes:
        boxes = detector.detect([scene.bgr], DetectSettings())[0].xyxy
        masks, poses = (model.detect([scene.bgr], SHAPES)[0] for model in (segmenter, poser))
        corners = poses.data["keypoints_xy"]
        around = np.hstack([corners.min(1), corners.max(1)])
        inside = sv.mask_to_xyxy(np.asarray(masks.mask)).astype(float)
        for found, least in ((inside, 0.5), (around, 0.5)):
            assert (sv.box_iou_batch(boxes, found).max(1) > least).mean() > 0.7


def test_shapes_are_given_when_asked_for(segmenter: LoadedModel, poser: LoadedModel, scenes: list[Image]) -> None:
    for model in (segmenter, poser):
        plain = model.detect([scenes[0].bgr], DetectSettings())[0]
        rich = model.detect([scenes[0].bgr], SHAPES)[0]
        assert set(plain.data) == {"class_name"}
        assert plain.mask is None
        assert np.array_equal(plain.xyxy, rich.xyxy)


def test_empty_answers_carry_the_keys(segmenter: LoadedModel, poser: LoadedModel) -> None:
    nothing = np.zeros((50, 60, 3), np.uint8)
    (masks,), (poses,) = segmenter.detect([nothing], SHAPES), poser.detect([nothing], SHAPES)
    assert len(masks) == len(poses) == 0
    assert masks.mask is not None and masks.mask.shape == (0, 50, 60)
    assert set(poses.data) == POINT_KEYS | {"class_name"}
    assert poses.data["keypoints_xy"].shape == (0, 4, 2)


@settings(max_examples=8)
@given(data=st.data())
def test_a_picture_gets_the_same_answer_in_any_company(
    segmenter: LoadedModel, poser: LoadedModel, pictures: Pictures, data: st.DataObject
) -> None:
    order = data.draw(st.lists(st.integers(0, len(pictures) - 1), max_size=8))
    for model in (segmenter, poser):
        answers = model.detect([pictures[index] for index in order], SHAPES)
        assert len(answers) == len(order)
        for index, found in zip(order, answers, strict=True):
            assert same(found, model.detect([pictures[index]], SHAPES)[0])


def test_threads_with_different_settings_do_not_disturb_each_other(
    segmenter: LoadedModel, poser: LoadedModel, scenes: list[Image]
) -> None:
    asked = [DetectSettings(0.05, shapes=True), DetectSettings(0.9), DetectSettings(0.5, max_detections=2, shapes=True)]
    jobs = [(model, scene.bgr, how) for model in (segmenter, poser) for scene in scenes[:5] for how in asked] * 2
    alone = [model.detect([picture], how)[0] for model, picture, how in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: job[0].detect([job[1]], job[2])[0], jobs))
    assert all(same(one, other) for one, other in zip(alone, together, strict=True))
    assert len({len(found) for found in together}) > 3


def test_masks_of_a_full_frame_stay_small(segmenter: LoadedModel, scenes: list[Image]) -> None:
    asked = DetectSettings(0.01, iou=0.9, max_detections=28, shapes=True)
    found = segmenter.detect([full_hd(scenes[0])], asked)[0]
    assert len(found) == 28
    assert np.asarray(found.mask[:1]).nbytes == 1920 * 1080
    assert sum(runs.nbytes for runs in found.mask._rles) < 40_000


def test_pictures_are_not_kept(segmenter: LoadedModel, poser: LoadedModel, scenes: list[Image]) -> None:
    picture = scenes[0].bgr.copy()
    gone = weakref.ref(picture)
    answers = [model.detect([picture], SHAPES) for model in (segmenter, poser)]
    del picture
    gc.collect()
    assert gone() is None
    assert all(len(found) == 1 for found in answers)


def test_key_points_and_outlines_survive_json(segmenter: LoadedModel, poser: LoadedModel, scenes: list[Image]) -> None:
    poses = poser.detect([scenes[0].bgr], SHAPES)[0]
    back = from_json(to_json(poses))
    np.testing.assert_allclose(back.data["keypoints_xy"], poses.data["keypoints_xy"], atol=1e-3)
    masks = segmenter.detect([scenes[0].bgr], SHAPES)[0]
    assert all(len(entry["points"]) > 3 for entry in to_json(masks)["predictions"])
