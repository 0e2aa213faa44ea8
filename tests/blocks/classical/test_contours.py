"""Outlines of regions: how many, where, and drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import WorkflowError
from cropflow.serialize import to_json

from .documents import document, load, run, sheet


def regions() -> Image:
    """A square with a hole, and a small dim rectangle."""
    pixels = np.zeros((60, 80), np.uint8)
    pixels[10:40, 10:40] = 255
    pixels[20:30, 20:30] = 0
    pixels[5:9, 60:70] = 3
    return Image(pixels, id="regions")


def test_outer_outlines_are_found_and_holes_are_not() -> None:
    found = run("contours_detection@v1", regions())
    assert found["number_contours"] == 2
    corners = sorted(contour.reshape(-1, 2).tolist() for contour in found["contours"])
    assert corners == [[[10, 10], [10, 39], [39, 39], [39, 10]], [[60, 5], [60, 8], [69, 8], [69, 5]]]
    assert found["hierarchy"].shape == (1, 2, 4)


def test_they_are_drawn_in_magenta_on_grey() -> None:
    drawn = run("contours_detection@v1", regions(), line_thickness=1)["image"].pixels
    assert drawn.shape == (60, 80, 3)
    assert drawn[10, 10].tolist() == [255, 0, 255] and drawn[15, 15].tolist() == [255, 255, 255]
    assert (drawn[25, 25] == 0).all()


@pytest.mark.parametrize(("thickness", "pixels"), [(0, 0), (1, 4 * 29 + 2 * 9 + 2 * 3), (-1, 30 * 30 + 40)])
def test_no_line_a_thin_one_and_filled(thickness: int, pixels: int) -> None:
    drawn = run("contours_detection@v1", regions(), line_thickness=thickness)["image"].pixels
    assert int((drawn == (255, 0, 255)).all(axis=2).sum()) == pixels


def test_all_black_is_an_empty_answer_with_a_json_form() -> None:
    found = run("contours_detection@v1", Image(np.zeros((9, 9, 3), np.uint8), id="black"))
    assert (found["number_contours"], found["contours"], found["hierarchy"].shape) == (0, [], (1, 0, 4))
    assert json.loads(json.dumps(to_json(found)))["hierarchy"] == [[]]


def test_digits_on_paper_after_a_threshold() -> None:
    steps = document("contours_detection@v1", [], {"image": "$steps.ink.image"})
    steps["inputs"] = [{"type": "WorkflowImage", "name": "image"}]
    ink = {"type": "roboflow_core/threshold@v1", "name": "ink", "image": "$inputs.image"}
    steps["steps"].insert(0, {**ink, "threshold_type": "binary_inv", "thresh_value": 110})
    steps["steps"].insert(0, {"type": "roboflow_core/convert_grayscale@v1", "name": "grey", "image": "$inputs.image"})
    steps["steps"][1]["image"] = "$steps.grey.image"
    with Workflow.load(steps) as workflow:
        found = workflow.run({"image": sheet()})[0]["all"]
    assert 18 <= found["number_contours"] <= 25  # the sheet shows 20 digits


def test_a_thickness_that_means_nothing_is_refused() -> None:
    with pytest.raises(WorkflowError, match="line_thickness"):
        load("contours_detection@v1", line_thickness=-2)
