"""Areas of masks and boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Workflow, WorkflowError

FOUND = Detections(np.array([[10, 10, 30, 20], [0, 0, 5, 5]], np.float32))


def measured(found: Detections, **fields: Any) -> Detections:
    step = {
        "type": "roboflow_core/mask_area_measurement@v1",
        "name": "area",
        "predictions": "$inputs.found",
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]}],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.area.predictions"}],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({"found": [found]})[0]["out"]


def test_boxes_and_units() -> None:
    found = measured(FOUND, pixels_per_unit=10)
    assert found.data["area_px"].tolist() == [200, 25]
    assert found.data["area_converted"].tolist() == [2, 0.25]
    assert "area_px" not in FOUND.data
    assert measured(Detections.empty()).data["area_px"].tolist() == []


@pytest.mark.parametrize("compact", [True, False])
def test_pixels_of_masks(compact: bool) -> None:
    dense = np.zeros((2, 40, 50), bool)
    dense[0, 10:20, 10:17] = True
    found = Detections(FOUND.xyxy, mask=CompactMask.from_dense(dense, FOUND.xyxy, (40, 50)) if compact else dense)
    assert measured(found).data["area_px"].tolist() == [70, 0]


def test_a_unit_has_a_length() -> None:
    with pytest.raises(WorkflowError, match="this value does not fit 'pixels_per_unit'"):
        measured(FOUND, pixels_per_unit=0)
