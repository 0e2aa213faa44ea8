"""A surface seen at an angle becomes a rectangle. Cases are those of existing documents, but for whole pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Image, RunError, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.transform.plane import Plane, four_corners

SQUARE = [[100, 100], [300, 100], [300, 300], [100, 300]]
ROAD = [[200, 100], [300, 100], [400, 300], [100, 300]]
BOXES = [[150, 150, 200, 250], [10, 10, 50, 60]]
SMALL = {"transformed_rect_width": 100, "transformed_rect_height": 50}


def picture() -> Image:
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[100:300, 100:300] = (10, 200, 30)
    return Image(pixels, id="image")


def boxes(*rows: list[float], image: Image | None = None, **more: Any) -> Detections:
    found = Detections(np.array(rows, np.float32).reshape(-1, 4), **more)
    return stamp(found, (image or picture()).origin, "detect")


def run(found: Detections | None, zone: Any, image: Image | None = None, **fields: Any) -> dict[str, Any]:
    step = {
        "type": "roboflow_core/perspective_correction@v1",
        "name": "flat",
        "images": "$inputs.image",
        "perspective_polygons": "$inputs.zone",
        **({} if found is None else {"predictions": "$inputs.found"}),
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowParameter", "name": "zone"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.flat.*"}],
    }
    with Workflow.load(document) as workflow:
        inputs = {"image": [image or picture()], "zone": zone, "found": [boxes() if found is None else found]}
        return workflow.run(inputs)[0]["out"]


def whole(found: Detections) -> list[list[int]]:
    return np.rint(found.xyxy).astype(int).tolist()


@pytest.mark.parametrize("zone", [SQUARE, SQUARE[::-1], SQUARE[2:] + SQUARE[:2], [SQUARE]])
def test_boxes_lie_in_the_rectangle_in_whatever_order_the_corners_come(zone: Any) -> None:
    row = run(boxes(*BOXES), zone)
    assert whole(row["corrected_coordinates"]) == [[250, 250, 500, 749], [-450, -450, -250, -200]]
    assert (row["extended_transformed_rect_width"], row["extended_transformed_rect_height"]) == (1000, 1000)
    assert row["corrected_coordinates"].data["detection_id"].tolist() == ["image/detect/0", "image/detect/1"]
    assert row["warped_image"].width == 600, "the picture itself, as nobody asked for another"


def test_a_box_seen_at_an_angle_is_the_box_around_its_corners() -> None:
    found = run(boxes(BOXES[0]), ROAD)["corrected_coordinates"]
    assert found.xyxy[0].tolist() == pytest.approx([-166.5, 499.5, 299.7, 899.1], abs=0.2)
    assert np.array(whole(run(boxes(BOXES[0]), SQUARE, **SMALL)["corrected_coordinates"])).tolist() == [
        [25, 12, 50, 37]
    ]


@pytest.mark.parametrize(
    ("zone", "order"),
    [
        ([[200, 100], [300, 200], [200, 300], [100, 200]], [0, 1, 2, 3]),
        ([[250, 100], [300, 250], [150, 300], [100, 150]], [3, 0, 1, 2]),
        ([[100, 200], [300, 100], [340, 180], [140, 290]], [0, 1, 2, 3]),
        ([[0, 200], [400, 190], [420, 210], [10, 230]], [0, 1, 2, 3]),
        ([[100, 100], [300, 300], [300, 100], [100, 300]], [0, 2, 1, 3]),
    ],
    ids=["on its corner", "turned", "slanted", "flat", "crossed"],
)
def test_the_first_corner_is_the_one_at_the_upper_left(zone: list[list[int]], order: list[int]) -> None:
    corners = four_corners(zone, "zone")
    assert corners is not None
    assert corners.tolist() == [zone[i] for i in order]


@given(st.permutations(ROAD))
def test_any_order_is_the_same_plane(zone: list[list[int]]) -> None:
    corners = four_corners(zone, "zone")
    assert corners is not None
    expected = [[0, 0], [99, 0], [99, 49], [0, 49]]
    np.testing.assert_allclose(Plane.of(corners, 100, 50).place(np.array(ROAD)), expected, atol=1e-6)


def test_the_picture_of_the_rectangle_is_one_of_its_own() -> None:
    row = run(boxes(BOXES[0]), SQUARE, warp_image=True, **SMALL)
    warped = row["warped_image"]
    assert (warped.width, warped.height) == (100, 50)
    assert (warped.bgr[:49, :99, 1] == 200).all(), "pixel 300 is the first outside of the green square"
    assert warped.origin == row["corrected_coordinates"].metadata["origin"], "so that boxes can be drawn on it"
    assert run(None, SQUARE, warp_image=True, **SMALL)["corrected_coordinates"] is None


@pytest.mark.parametrize("compact", [True, False])
def test_masks_and_points_move_with_their_boxes(compact: bool) -> None:
    masks = np.zeros((3, 400, 600), bool)
    masks[0, 150:250, 150:200] = True
    masks[1, 10:30, 10:30] = True
    rows = [*BOXES, [200, 200, 210, 210]]
    mask = CompactMask.from_dense(masks, np.array(rows), (400, 600)) if compact else masks
    points = np.array([[[100, 100], [300, 300], [np.nan, np.nan]]] * 3, np.float32)
    found = boxes(*rows, mask=mask, data={"keypoints_xy": points, "rect": points, "angle": np.zeros(3)})
    flat = run(found, SQUARE, **SMALL)["corrected_coordinates"]
    assert whole(flat) == [[25, 12, 49, 37], [-45, -22, -35, -17], [50, 24, 54, 27]]
    assert flat.mask.shape == (3, 50, 100)
    assert flat.area.tolist() == [pytest.approx(625, abs=40), 0, 0]
    assert flat.mask[0][15:35, 27:47].all()
    np.testing.assert_allclose(flat.data["keypoints_xy"][0], [[0, 0], [99, 49], [np.nan, np.nan]], atol=1e-4)
    assert not {"rect", "angle"} & set(flat.data)
    assert found.xyxy[0].tolist() == BOXES[0]


FAR = [350, 120, 450, 360]


@pytest.mark.parametrize(
    ("anchor", "size"),
    [("CENTER", (150, 50)), ("BOTTOM_CENTER", (150, 65)), ("TOP_LEFT", (125, 50)), ("ALL", (175, 65))],
)
def test_the_rectangle_is_extended_to_show_a_point_of_every_box(anchor: str, size: tuple[int, int]) -> None:
    fields = {"extend_perspective_polygon_by_detections_anchor": anchor, **SMALL}
    row = run(boxes(BOXES[0], FAR), SQUARE, **fields)
    assert (row["extended_transformed_rect_width"], row["extended_transformed_rect_height"]) == size
    assert whole(row["corrected_coordinates"])[0] == [25, 12, 50, 37], "the scale stays"
    inside = run(boxes(BOXES[0]), SQUARE, **fields)
    assert inside["extended_transformed_rect_width"] == 100


def test_boxes_to_the_upper_left_move_the_rectangle() -> None:
    row = run(
        boxes([0, 0, 40, 60]),
        SQUARE,
        extend_perspective_polygon_by_detections_anchor="BOTTOM_CENTER",
        warp_image=True,
        **SMALL,
    )
    assert (row["warped_image"].width, row["warped_image"].height) == (140, 60)
    assert row["corrected_coordinates"].xyxy[0].tolist() == pytest.approx([-9.9, -14.7, 9.9, 0], abs=0.2)
    assert row["warped_image"].bgr[30, [20, 100], 1].tolist() == [0, 200]


def test_what_lies_beyond_the_horizon_lies_far_away() -> None:
    """The sides of the road meet at y = 0; OpenCV alone would turn what lies above upside down."""
    shifted = [[x, y + 100] for x, y in ROAD]
    above = boxes([150, 10, 350, 50], [200, 250, 300, 260])
    row = run(above, shifted, extend_perspective_polygon_by_detections_anchor="BOTTOM_CENTER", **SMALL)
    assert row["extended_transformed_rect_height"] == 50
    assert row["corrected_coordinates"].xyxy[0, 3] < -1000
    assert np.isfinite(row["corrected_coordinates"].xyxy).all()


def test_boxes_found_on_a_crop_come_to_the_picture_first() -> None:
    whole_picture = picture()
    crop = whole_picture.crop(100, 100, 300, 300, id="crop")
    assert crop is not None
    on_crop = boxes([50, 50, 100, 150], image=crop)
    assert whole(run(on_crop, SQUARE, whole_picture)["corrected_coordinates"]) == [[250, 250, 500, 749]]
    zone = [[x - 100, y - 100] for x, y in SQUARE]
    row = run(boxes(BOXES[0], image=whole_picture), zone, crop, warp_image=True)
    assert whole(row["corrected_coordinates"]) == [[250, 250, 500, 749]]
    assert row["warped_image"].bgr[500, 500].tolist() == [10, 200, 30]


def test_no_boxes_and_no_polygon() -> None:
    row = run(boxes(), SQUARE, extend_perspective_polygon_by_detections_anchor="ALL", warp_image=True)
    assert len(row["corrected_coordinates"]) == 0
    assert "detection_id" in row["corrected_coordinates"].data
    assert set(run(boxes(*BOXES), []).values()) == {None}


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ([[0, 0]], "expected one zone of four corners"),
        (SQUARE[:3], "expected one zone of four corners"),
        ([SQUARE, ROAD], "expected one zone of four corners"),
        (["x"], "expected one zone of four corners"),
        ([[0, 0], [1, 1], [2, 2], [3, 3]], "make no quadrilateral"),
        ([[100, 100], [300, 100], [180, 150], [100, 300]], "make no quadrilateral"),
    ],
)
def test_zones_without_four_outer_corners_are_told(zone: Any, message: str) -> None:
    with pytest.raises(RunError, match=message):
        run(boxes(*BOXES), zone)


def test_a_picture_that_would_be_too_large_is_refused_and_an_unknown_anchor_too() -> None:
    fields = {"extend_perspective_polygon_by_detections_anchor": "BOTTOM_CENTER"}
    with pytest.raises(RunError, match="no side may be longer than 32000"):
        run(boxes([200, 0, 300, 3]), ROAD, warp_image=True, **fields)
    assert run(boxes([200, 0, 300, 3]), ROAD, **fields)["extended_transformed_rect_height"] > 32_000
    with pytest.raises(WorkflowError, match="does not fit 'extend_perspective_polygon_by_detections_anchor'"):
        run(boxes(), SQUARE, extend_perspective_polygon_by_detections_anchor="MIDDLE")


def test_a_sheet_is_straightened() -> None:
    """A chessboard that is bent by a known perspective comes back as it was."""
    board = np.kron(np.indices((4, 4)).sum(axis=0) % 2, np.ones((20, 20))).astype(np.uint8) * 255
    corners = np.array([[40, 30], [160, 50], [150, 140], [20, 120]], np.float32)
    there = cv2.getPerspectiveTransform(np.array([[0, 0], [79, 0], [79, 79], [0, 79]], np.float32), corners)
    seen = Image(cv2.warpPerspective(board, there, (200, 160)), id="image")
    row = run(None, corners.tolist(), seen, transformed_rect_width=80, transformed_rect_height=80, warp_image=True)
    straight = row["warped_image"].pixels
    assert straight.shape == (80, 80), "a grey picture stays grey"
    assert (np.abs(straight.astype(int) - board) > 100).mean() < 0.05
