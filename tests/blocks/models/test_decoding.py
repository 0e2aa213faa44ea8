"""What a user of many weak boxes relies on: a low limit keeps the very boxes that a high one puts first."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision import ops

from cropflow.models import DetectSettings
from cropflow_blocks.models.decoding import found_among, rows_of_places


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("spread", [30, 300])
def test_a_limit_changes_nothing_about_the_best(spread: int, agnostic: bool) -> None:
    random = np.random.default_rng(spread)
    count = 3000
    places = [random.uniform(0, spread, (2, count)), random.uniform(5, 40, (2, count))]
    output = np.concatenate([*places, random.random((3, count)).round(2)]).astype(np.float32)[None]
    (rows,) = rows_of_places(output, 3, 0.0)
    asked = {"confidence": 0.0, "iou": 0.5, "class_agnostic": agnostic}
    everything = found_among(rows, DetectSettings(max_detections=count, **asked))  # type: ignore[arg-type]
    assert (np.diff(everything.confidence) <= 0).all()
    for most in (1, 8, len(everything.boxes) - 1, len(everything.boxes) + 9):
        found = found_among(rows, DetectSettings(max_detections=most, **asked))  # type: ignore[arg-type]
        np.testing.assert_array_equal(found.boxes, everything.boxes[:most])
        np.testing.assert_array_equal(found.class_id, everything.class_id[:most])


@pytest.mark.parametrize("agnostic", [False, True])
def test_the_weaker_one_of_two_that_overlap_goes_wherever_they_lie(agnostic: bool) -> None:
    """Beyond the edges of the picture too, and boxes without an area stay, as they overlap nothing."""
    random = np.random.default_rng(0)
    count = 500
    sizes = random.uniform(2, 30, (2, count)) * (random.random((2, count)) > 0.05)
    scores = random.random((3, count)).astype(np.float32)
    output = np.concatenate([random.uniform(-40, 40, (2, count)), sizes, scores]).astype(np.float32)[None]
    (rows,) = rows_of_places(output, 3, 0.0)
    ours = found_among(rows, DetectSettings(iou=0.3, max_detections=count, class_agnostic=agnostic))
    corners = torch.tensor(np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1))
    groups = [np.arange(count)] if agnostic else [np.flatnonzero(rows[:, 5] == class_id) for class_id in range(3)]
    kept = [group[ops.nms(corners[group], torch.tensor(rows[group, 4]), 0.3).numpy()] for group in groups]
    kept = sorted(np.concatenate(kept), key=lambda row: -rows[row, 4])
    np.testing.assert_array_equal(ours.boxes, corners.numpy()[kept])
    assert 20 < len(kept) < 480
