"""Zones around masks; cases and numbers are those of existing documents."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Image, Workflow, WorkflowError
from cropflow.detections import stamp, to_root
from cropflow_blocks.transform.simplify import corners_of, fitted

Mask = NDArray[np.bool_]


def filled(*corners: list[int]) -> Mask:
    mask = np.zeros((400, 600), np.uint8)
    cv2.fillPoly(mask, [np.array(corners)], 1)
    return mask.astype(bool)


def disc() -> Mask:
    mask = np.zeros((400, 600), np.uint8)
    cv2.circle(mask, (400, 200), 80, 1, -1)
    return mask.astype(bool)


QUAD = filled([100, 60], [300, 80], [320, 260], [90, 240])
CORNERS = [[100, 60], [90, 240], [320, 260], [300, 80]]
TRIANGLE = filled([100, 100], [300, 100], [100, 300])


def found(*masks: Mask, box: list[float] | None = None, compact: bool = False) -> Detections:
    dense = np.array(masks, bool).reshape(-1, 400, 600)
    xyxy = np.array([box or [0, 0, 600, 400]] * len(dense), np.float32).reshape(-1, 4)
    return Detections(xyxy, mask=CompactMask.from_dense(dense, xyxy, (400, 600)) if compact else dense)


def run(predictions: Detections, corners: int = 4, **fields: Any) -> dict[str, Any]:
    step = {
        "type": "roboflow_core/dynamic_zone@v1",
        "name": "zone",
        "predictions": "$inputs.found",
        "required_number_of_vertices": corners,
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["instance_segmentation_prediction"]}],
        "steps": [step],
        "outputs": [
            {"type": "JsonField", "name": "out", "selector": "$steps.zone.*", "coordinates_system": "own"},
        ],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({"found": [predictions]})[0]["out"]


@pytest.mark.parametrize("compact", [True, False])
def test_every_mask_has_a_zone(compact: bool) -> None:
    row = run(found(QUAD, disc(), compact=compact))
    assert row["zones"] == [CORNERS, [[400, 120], [320, 200], [400, 280], [480, 200]]]
    assert row["simplification_converged"] is True
    zoned = row["predictions"]
    assert zoned.data["polygon"].tolist() == row["zones"]
    assert zoned.area.tolist() == [39011, 12961]
    assert zoned.xyxy[0].tolist() == [0, 0, 600, 400]


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (2, [[-2, -42], [-22, 318], [438, 358], [398, -2]]),
        (0.5, [[151, 111], [146, 201], [261, 211], [251, 121]]),
        (0, [[202, 162]] * 4),
    ],
)
def test_zones_are_scaled_around_their_centre(ratio: float, expected: list[list[int]]) -> None:
    row = run(found(QUAD), scale_ratio=ratio)
    assert row["zones"] == [expected]
    assert row["predictions"].mask.shape == (1, 400, 600)
    assert row["predictions"].area[0] >= 1, "masks end at the border"


def test_as_many_corners_as_asked_for_however_round_or_pointed_the_mask() -> None:
    assert run(found(QUAD), 3)["zones"] == [[[100, 60], [90, 240], [320, 260]]]
    six = run(found(disc()), 6)
    assert len(six["zones"][0]) == 6
    triangle = run(found(TRIANGLE))
    assert (len(triangle["zones"][0]), triangle["simplification_converged"]) == (4, False)
    assert run(found(QUAD, TRIANGLE))["simplification_converged"] is False


def test_only_the_largest_part_counts() -> None:
    assert run(found(QUAD | filled([400, 300], [420, 300], [420, 320], [400, 320])))["zones"] == [CORNERS]


def test_fitted_sides_lie_along_the_outline_not_at_its_outermost_points() -> None:
    """A spike on one side pulls a corner out; the fitted zone, of the middle of each side, is the square again."""
    square = filled([100, 100], [300, 100], [300, 300], [100, 300])
    rounded = square.copy()
    for y, x in ((100, 100), (100, 300), (300, 100), (300, 300)):
        rounded[max(y - 12, 0) : y + 13, max(x - 12, 0) : x + 13] = False
    plain = np.array(run(found(rounded))["zones"][0])
    better = np.array(run(found(rounded), apply_least_squares=True, midpoint_fraction=0.6)["zones"][0])
    true = np.array([[100, 100], [100, 300], [300, 300], [300, 100]])

    def off(zone: NDArray[Any]) -> float:
        return max(float(np.abs(zone - corner).sum(axis=1).min()) for corner in true)

    assert off(better) <= 2 < off(plain)
    assert run(found(QUAD), apply_least_squares=True)["zones"] == [CORNERS]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12), st.integers(3, 7))
def test_any_mask_gives_that_many_corners_of_its_own(points: list[tuple[int, int]], count: int) -> None:
    mask = np.zeros((64, 64), np.uint8)
    cv2.fillPoly(mask, [np.array(points)], 1)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea).reshape(-1, 2)
    places, converged = corners_of(outline, count)
    assert len(places) == count
    assert places == sorted(places)
    assert not converged or len(set(places)) == count
    assert np.isfinite(fitted(outline, places, 0.5)).all()


def test_masks_that_are_empty_or_not_there() -> None:
    row = run(found())
    assert (row["zones"], row["simplification_converged"], len(row["predictions"])) == ([], False, 0)
    assert row["predictions"].data["polygon"].shape == (0, 0, 2)
    empty = run(found(np.zeros((400, 600), bool), box=[10, 20, 50, 70]))
    assert empty["zones"] == [[[10, 20], [10, 70], [50, 70], [50, 20]]]


def test_zones_of_a_crop_go_back_to_the_picture() -> None:
    picture = Image(np.zeros((800, 900, 3), np.uint8), id="image")
    crop = picture.crop(200, 300, 800, 700, id="crop")
    assert crop is not None
    zoned = to_root(run(stamp(found(QUAD), crop.origin, "detect"))["predictions"])
    assert zoned.data["polygon"][0].tolist() == [[x + 200, y + 300] for x, y in CORNERS]
    assert zoned.data["detection_id"].tolist() == ["crop/detect/0"]
    assert zoned.mask.shape == (1, 800, 900)


def test_a_zone_goes_on_to_perspective_correction() -> None:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "courts", "kind": ["instance_segmentation_prediction"]},
        ],
        "steps": [
            {
                "type": "DynamicZone",
                "name": "zone",
                "predictions": "$inputs.courts",
                "required_number_of_vertices": 4,
            },
            {
                "type": "PerspectiveCorrection",
                "name": "flat",
                "images": "$inputs.image",
                "predictions": "$inputs.courts",
                "perspective_polygons": "$steps.zone.zones",
                "transformed_rect_width": 200,
                "transformed_rect_height": 100,
            },
        ],
        "outputs": [
            {"type": "JsonField", "name": "found", "selector": "$steps.flat.corrected_coordinates"},
        ],
    }
    pictures = [np.zeros((400, 600, 3), np.uint8)] * 2
    with Workflow.load(document) as workflow:
        rows = workflow.run({"image": pictures, "courts": [found(QUAD), found()]})
    assert np.rint(rows[0]["found"].xyxy).tolist() == [[0, 0, 199, 99]]
    assert rows[1]["found"] is None, "a picture without a court has no surface"


@pytest.mark.parametrize(("field", "value"), [("required_number_of_vertices", 2), ("midpoint_fraction", 2)])
def test_fields_that_make_no_zone_are_refused(field: str, value: float) -> None:
    with pytest.raises(WorkflowError, match=f"does not fit '{field}'"):
        run(found(QUAD), **{field: value})
