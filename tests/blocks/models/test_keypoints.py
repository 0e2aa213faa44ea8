"""The threshold of key points: unsure points vanish from drawings and documents, and keep their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cropflow.detections import to_json
from cropflow.image import Image
from cropflow.models import ModelStore
from cropflow.resources import DocumentFolder
from cropflow_blocks.models.keypoints import KeypointDetectionModelV2


def poses(store: ModelStore, image: Image, **fields: Any) -> Any:
    block = KeypointDetectionModelV2(store, DocumentFolder(Path.cwd()))
    block.step = "find"
    return block.run([image], "digits/pose", **fields)[0].predictions


def test_all_points_are_kept_by_default(store: ModelStore, scenes: list[Image]) -> None:
    assert np.isfinite(poses(store, scenes[0], confidence=0.1).data["keypoints_xy"]).all()


def test_unsure_points_are_left_out_and_the_others_keep_their_place(store: ModelStore, scenes: list[Image]) -> None:
    everything = poses(store, scenes[0], confidence=0.1)
    sure = everything.data["keypoints_confidence"]
    middle = float(np.median(sure))
    found = poses(store, scenes[0], confidence=0.1, keypoint_confidence=middle)
    gone = np.isnan(found.data["keypoints_xy"]).any(axis=2)
    assert np.array_equal(gone, sure < middle)
    assert 0 < gone.mean() < 1
    kept = found.data["keypoints_xy"][~gone]
    np.testing.assert_allclose(kept, everything.data["keypoints_xy"][~gone], atol=0.05)
    assert found.data["keypoints_xy"].dtype == np.float32
    for entry, row in zip(to_json(found)["predictions"], ~gone, strict=True):
        assert [point["class_id"] for point in entry["keypoints"]] == np.flatnonzero(row).tolist()


def test_nothing_found_is_nothing_to_leave_out(store: ModelStore) -> None:
    found = poses(store, Image(np.zeros((40, 40, 3), np.uint8)), keypoint_confidence=0.5)
    assert found.data["keypoints_xy"].shape == (0, 4, 2)
