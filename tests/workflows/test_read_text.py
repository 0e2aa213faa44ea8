"""The second example document reads a real photograph: a bus in a street, which comes with Ultralytics."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow import Workflow


@pytest.fixture(scope="session")
def bus() -> Path:
    spec = importlib.util.find_spec("ultralytics")  # without importing it
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "assets" / "bus.jpg"


def test_text_on_a_photograph_is_found_cut_out_read_and_drawn(workflows: Path, bus: Path) -> None:
    with Workflow.load(workflows / "read_text.yaml") as workflow:
        read, blank = workflow.run({"image": [bus, np.full((200, 300, 3), 120, np.uint8)]})
    texts = read["texts"]
    assert {"cero", "emisiones"} <= set(texts.data["class_name"])
    assert any("EMT" in text for text in texts.data["class_name"])
    cero = texts.xyxy[texts.data["class_name"] == "cero"]
    assert sv.box_iou_batch(np.array([[550.0, 545, 620, 585]]), cero)[0, 0] > 0.5
    assert len(blank["texts"]) == 0
    photograph = cv2.imread(str(bus))
    changed = (read["annotated"].bgr != photograph).any(-1)
    x0, y0, x1, y1 = (int(v) for v in cero[0])
    assert changed[y0 - 1 : y1 + 2, x0 - 1 : x1 + 2].any()
    assert not changed[700:].any()
    assert (blank["annotated"].bgr == 120).all()


def test_more_is_read_where_less_is_asked_of_it(workflows: Path, bus: Path) -> None:
    with Workflow.load(workflows / "read_text.yaml") as workflow:
        (row,) = workflow.run({"image": bus, "confidence": 0.0})
    assert len(row["texts"]) >= 5
