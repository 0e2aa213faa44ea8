"""Sharpness as a number that falls when a picture is blurred, and a drawing that leaves the input alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow import Image, Workflow
from cropflow.detections import stamp
from cropflow.errors import WorkflowError
from cropflow_blocks.classical.camera_focus import CameraFocusV2

from .documents import load, meter, run, run_all, sheet

NOTHING = {
    "show_zebra_warnings": False,
    "grid_overlay": "None",
    "show_hud": False,
    "show_focus_peaking": False,
    "show_center_marker": False,
}


def blurred(size: int) -> Image:
    return Image(np.asarray(cv2.GaussianBlur(sheet().bgr, (size, size), 0)), id="blurred")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_sharpest_picture_has_the_highest_value(version: str) -> None:
    pictures = [sheet(), blurred(3), blurred(9), blurred(25)]
    found = [row["all"]["focus_measure"] for row in run_all(f"camera_focus@{version}", pictures)]
    assert found == sorted(found, reverse=True) and found[0] > 5 * found[-1] > 0


def test_a_step_has_the_value_that_can_be_worked_out() -> None:
    step = np.zeros((10, 20), np.uint8)
    step[:, 10:] = 100
    image = Image(step, id="step")
    assert run("camera_focus@v1", image)["focus_measure"] == 2 * 100**2 / 20  # two of twenty columns rise by 100
    assert run("camera_focus@v2", image)["focus_measure"] == 2 * 400**2 / 20  # Sobel sees four times the step


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9, 3), (9, 2), (30, 50, 4)])
def test_plain_and_tiny_pictures_are_not_sharp(shape: tuple[int, ...], version: str) -> None:
    image = Image(np.full(shape, 128, np.uint8), id="plain")
    found = run(f"camera_focus@{version}", image)
    assert found["focus_measure"] == 0
    assert (found["image"].width, found["image"].height) == (image.width, image.height)


def test_version_1_shows_the_edges_in_grey() -> None:
    made = run("camera_focus@v1", meter())["image"]
    assert made.pixels.shape == (224, 320) and made.origin == meter().origin


def test_nothing_is_drawn_if_nothing_is_asked_for() -> None:
    made = run("camera_focus@v2", meter(), **NOTHING)["image"]
    np.testing.assert_array_equal(made.bgr, meter().bgr)


def marked(color: tuple[int, int, int], image: Image, **fields: Any) -> int:
    made = run("camera_focus@v2", image, **{**NOTHING, **fields})["image"]
    return int((made.bgr == color).all(axis=2).sum())


def test_stripes_lie_where_it_is_too_bright_or_too_dark() -> None:
    pixels = np.full((80, 80, 3), 128, np.uint8)
    pixels[:40], pixels[40:60] = 255, 2
    image = Image(pixels, id="exposed")
    zebra: dict[str, Any] = {"show_zebra_warnings": True}
    assert marked((0, 0, 255), image, **zebra) == 40 * 80 / 2
    assert marked((255, 64, 0), image, **zebra) == 20 * 80 / 2
    assert marked((255, 64, 0), image, **zebra, underexposed_threshold_percent=0.0) == 0
    assert marked((0, 0, 255), image, **zebra, overexposed_threshold_percent=50.0) == (40 + 20) * 80 / 2


def test_sharp_edges_are_green_and_blurred_ones_are_not() -> None:
    green = (0, 255, 0)
    sharp, soft = (marked(green, image, show_focus_peaking=True) for image in (sheet(), blurred(25)))
    assert sharp > 1000 and soft == 0


@pytest.mark.parametrize(("grid", "lines"), [("None", 0), ("2x2", 1), ("3x3", 2), ("5x5", 4)])
def test_a_grid_of_n_has_one_line_less_in_each_direction(grid: str, lines: int) -> None:
    image = Image(np.zeros((100, 100, 3), np.uint8), id="black")
    assert marked((128, 128, 128), image, grid_overlay=grid) == 200 * lines - lines**2


def test_the_cross_is_in_the_middle_and_the_panel_in_the_corner() -> None:
    image = Image(np.full((300, 400, 3), 100, np.uint8), id="plain")
    cross = run("camera_focus@v2", image, **{**NOTHING, "show_center_marker": True})["image"].bgr
    y, x = np.nonzero((cross != 100).any(axis=2))
    assert (x.mean(), y.mean()) == (200, 150)
    panel = run("camera_focus@v2", image, **{**NOTHING, "show_hud": True})["image"].bgr
    y, x = np.nonzero((panel != 100).any(axis=2))
    assert x.max() < 200 and y.max() < 100 and (panel == 255).all(axis=2).any()


def boxes(image: Image, *corners: list[float]) -> sv.Detections:
    return stamp(sv.Detections(np.array(corners, float).reshape(-1, 4)), image.origin, "found")


def measures(image: Image, detections: sv.Detections) -> list[float]:
    block = CameraFocusV2()
    return block.run(image, detections=detections).bbox_focus_measures


def test_each_box_has_a_measure_of_its_own() -> None:
    ink, paper, none, over = [118, 20, 165, 70], [120, 230, 160, 255], [50, 50, 50, 90], [-20, -20, 30, 30]
    found = measures(sheet(), boxes(sheet(), ink, paper, none, over))
    assert found[0] > 100 * found[1] > 0
    assert found[2] == 0 and found[3] > 0
    assert measures(sheet(), boxes(sheet())) == []


def test_a_box_around_all_has_the_measure_of_the_whole() -> None:
    found = CameraFocusV2().run(sheet(), detections=boxes(sheet(), [0, 0, 320, 320]))
    assert found.bbox_focus_measures == [found.focus_measure]


def test_boxes_found_on_a_crop_are_measured_where_the_crop_was() -> None:
    crop = sheet().crop(100, 10, 200, 90)
    assert crop is not None
    assert measures(sheet(), boxes(crop, [18, 10, 65, 60])) == measures(sheet(), boxes(sheet(), [118, 20, 165, 70]))


def test_a_document_with_matches_of_a_template() -> None:
    steps = [
        {
            "type": "roboflow_core/template_matching@v1",
            "name": "match",
            "image": "$inputs.image",
            "template": "$inputs.template",
        },
        {
            "type": "roboflow_core/camera_focus@v2",
            "name": "focus",
            "image": "$inputs.image",
            "detections": "$steps.match.predictions",
        },
    ]
    inputs = [{"type": "WorkflowImage", "name": name} for name in ("image", "template")]
    outputs = [{"type": "JsonField", "name": "all", "selector": "$steps.focus.bbox_focus_measures"}]
    with Workflow.load({"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}) as workflow:
        piece = Image(sheet().bgr[100:140, 60:100].copy(), id="piece")
        found = workflow.run({"image": sheet(), "template": piece})[0]["all"]
    assert len(found) > 10 and min(found) > 0


@pytest.mark.parametrize(
    "fields",
    [{"underexposed_threshold_percent": -1.0}, {"overexposed_threshold_percent": 101.0}, {"grid_overlay": "9x9"}],
)
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("camera_focus@v2", **fields)
