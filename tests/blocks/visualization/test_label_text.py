"""What labels say about a box, and that they say where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from supervision import Detections

from cropflow_blocks.visualization.label_text import label_texts


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Class", ["class 0", "class 1"]),
        ("Confidence", ["0.50", "0.90"]),
        ("Class and Confidence", ["class 0 0.50", "class 1 0.90"]),
        ("Index", ["0", "1"]),
        ("Dimensions", ["40, 35 40x30", "130, 40 60x40"]),
        ("Area", ["1200", "2400"]),
        ("Area (mask)", ["700", "80"]),
        ("Area (converted)", ["1.50", "N/A"]),
        ("Time In Zone", ["In zone: 2.25s", "In zone: 0.00s"]),
        ("Tracker Id", ["7", "8"]),
    ],
)
def test_labels_say_what_was_asked(text: str, labels: list[str]) -> None:
    found = Detections(
        np.array([[20.0, 20, 60, 50], [100, 20, 160, 60]]),
        confidence=np.array([0.5, 0.9]),
        tracker_id=np.array([7, 8]),
        data={
            "class_name": np.array(["class 0", "class 1"]),
            "area_px": np.array([700, 80]),
            "area_converted": np.array([1.5, np.nan]),
            "time_in_zone": np.array([2.25, 0.0]),
        },
    )
    assert label_texts(text, found) == labels


def test_labels_say_where_nothing_is_known() -> None:
    bare = Detections(np.array([[0.0, 0, 10, 10]]))
    for text in ("Class", "Confidence", "Area (mask)", "Area (converted)", "Time In Zone", "Tracker Id"):
        assert label_texts(text, bare) == ["N/A"]
    with pytest.raises(ValueError, match="Dimensions"):
        label_texts("Weight", bare)


def test_the_area_of_a_mask_is_counted_where_nobody_measured_it() -> None:
    mask = np.zeros((1, 20, 20), bool)
    mask[0, 2:5, 3:9] = True
    assert label_texts("Area (mask)", Detections(np.array([[0.0, 0, 20, 20]]), mask=mask)) == ["18"]
