"""What is gone, still there and new between two looks at a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Workflow
from cropflow.detections import stamp
from cropflow.image.origin import Origin


def boxes(*rows: list[float], classes: list[int] | None = None, source: str = "before") -> Detections:
    classes = classes or [0] * len(rows)
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        class_id=np.array(classes, int),
        data={"class_name": np.array([f"c{i}" for i in classes], str)},
    )
    return stamp(found, Origin("image", 300, 200), source)


def compared(before: Detections, now: Detections, **fields: Any) -> tuple[Any, ...]:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": name, "kind": ["object_detection_prediction"]}
            for name in ("before", "now")
        ],
        "steps": [
            {
                "type": "roboflow_core/detections_difference@v1",
                "name": "change",
                "reference_predictions": "$inputs.before",
                "candidate_predictions": "$inputs.now",
                **fields,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.change.*"}],
    }
    with Workflow.load(document) as workflow:
        row = workflow.run({"before": [before], "now": [now]})[0]["all"]
    ids = [row[f"{what}_detections"].data["detection_id"].tolist() for what in ("removed", "persisted", "new")]
    assert (row["removed_count"], row["new_count"]) == (len(ids[0]), len(ids[2]))
    return (*ids, row["verified"])


TWO = boxes([0, 0, 40, 40], [150, 150, 190, 190])


def test_a_box_that_moved_a_little_is_still_there() -> None:
    now = boxes([5, 5, 45, 45], source="now")
    assert compared(TWO, now) == (["image/before/1"], ["image/now/0"], [], True)
    assert compared(TWO, now, min_removed_to_verify=2)[3] is False


def test_the_cheapest_pairs_belong_together() -> None:
    now = boxes([140, 150, 180, 190], [2, 0, 42, 40], [250, 0, 255, 5], source="now")
    assert compared(TWO, now) == ([], ["image/now/0", "image/now/1"], ["image/now/2"], False)


def test_what_a_pair_may_cost() -> None:
    now = boxes([20, 0, 60, 40], [150, 150, 190, 190], source="now")
    assert compared(TWO, now, reject_cost=0.01)[:3] == (["image/before/0"], ["image/now/1"], ["image/now/0"])


def test_classes_cost_or_forbid() -> None:
    now = boxes([0, 0, 40, 40], [150, 150, 190, 190], classes=[1, 0], source="now")
    assert compared(TWO, now)[0] == []
    assert compared(TWO, now, class_strict=True)[:3] == (["image/before/0"], ["image/now/1"], ["image/now/0"])


@pytest.mark.parametrize("empty", [boxes(), boxes(source="now")])
def test_empty_pictures(empty: Detections) -> None:
    assert compared(TWO, empty)[:3] == (["image/before/0", "image/before/1"], [], [])
    assert compared(empty, TWO)[2] == ["image/before/0", "image/before/1"]
    assert compared(empty, empty) == ([], [], [], False)
