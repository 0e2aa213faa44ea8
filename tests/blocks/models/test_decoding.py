"""What a user of many weak boxes relies on: a low limit keeps the very boxes that a high one puts first."""

from __future__ import annotations

import numpy as np
import pytest

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
