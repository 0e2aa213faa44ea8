"""What drawings of key points can be relied on for: each point in its place, unsure ones left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.visualization.keypoint import KeypointVisualization

GREY = 200
WAYS = ("edge", "vertex", "vertex_label")
SQUARE = [[1, 2], [2, 3], [3, 4], [4, 1]]


def picture() -> Image:
    return Image(np.full((120, 200, 3), GREY, np.uint8))


def poses(on: Image, *points: list[tuple[float, float]]) -> Detections:
    count, each = len(points), len(points[0]) if points else 4
    xy = np.array(points, np.float32).reshape(count, each, 2)
    boxes = np.hstack([np.nanmin(xy, 1), np.nanmax(xy, 1)]) if count else np.zeros((0, 4))
    found = Detections(
        boxes.astype(np.float32),
        class_id=np.arange(count),
        data={
            "class_name": np.array([f"class {i}" for i in range(count)]),
            "keypoints_xy": xy,
            "keypoints_class_name": np.array([[f"p{i}" for i in range(each)]] * count, str).reshape(count, each),
        },
    )
    return stamp(found, on.origin, "pose")


def changed(image: Image) -> np.ndarray:
    return (image.pixels != GREY).any(axis=2)


def drawn(image: Image, found: Detections, way: str, **fields: Any) -> Image:
    return KeypointVisualization().run(image, found, annotator_type=way, **fields).image


def test_names_fields_and_kinds_are_those_of_existing_documents() -> None:
    spec = KeypointVisualization.spec
    assert spec.aliases == ("roboflow_core/keypoint_visualization@v1", "KeypointVisualization")
    assert {port.name: port.default for port in spec.ports if not port.required} == {
        "copy_image": True,
        "annotator_type": "edge",
        "color": "#A351FB",
        "text_color": "black",
        "text_scale": 0.5,
        "text_thickness": 1,
        "text_padding": 10,
        "thickness": 2,
        "radius": 10,
        "edges": None,
    }
    assert [kind.name for kind in spec.port("predictions").kinds] == ["keypoint_detection_prediction"]
    assert spec.port("image").aliases == ("images",)


@pytest.mark.parametrize("way", WAYS)
def test_the_input_is_never_drawn_on_and_nothing_is_drawn_of_nothing(way: str) -> None:
    image = picture()
    found = poses(image, [(50, 30), (90, 30), (90, 80), (50, 80)])
    assert changed(drawn(image, found, way, edges=SQUARE)).any()
    assert not changed(image).any()
    for none in (poses(image), Detections.empty()):
        assert drawn(image, none, way) is image


def test_a_dot_is_on_every_point_in_the_colour_asked_for() -> None:
    image = picture()
    found = poses(image, [(50, 30), (90, 80)], [(150, 40), (170, 90)])
    pixels = drawn(image, found, "vertex", radius=3, color="rgb(255, 0, 0)").pixels
    assert all((pixels[y, x] == (0, 0, 255)).all() for x, y in [(50, 30), (90, 80), (150, 40), (170, 90)])
    assert (pixels != GREY).any(axis=2).sum() < 4 * 50


def test_lines_join_the_points_of_the_edges_counted_from_one() -> None:
    image = picture()
    found = poses(image, [(50, 30), (90, 30), (90, 80), (50, 80)])
    line = changed(drawn(image, found, "edge", edges=[[1, 2], [2, 3]], thickness=1))
    assert line[30, 50:91].all() and line[30:81, 90].all()
    assert line.sum() == 41 + 50


def test_a_usual_skeleton_needs_no_edges() -> None:
    image = picture()
    person = [(20 + 9 * i, 20 + (37 * i) % 80) for i in range(17)]
    assert changed(drawn(image, poses(image, person), "edge")).any()


def test_labels_name_the_points() -> None:
    image = picture()
    found = poses(image, [(60, 60), (140, 60)])
    for text, other in (("p0", "p0"), ("p0", "nose")):
        found.data["keypoints_class_name"] = np.array([[text, other]])
        pixels = drawn(image, found, "vertex_label", color="WHITE").pixels
        assert np.array_equal(pixels[40:80, 45:75], pixels[40:80, 125:155]) == (text == other)


@pytest.mark.parametrize("way", WAYS)
def test_points_that_were_left_out_are_not_drawn(way: str) -> None:
    image = picture()
    nowhere = (np.nan, np.nan)
    all_points = [(50.0, 30.0), (150.0, 30.0), (150.0, 90.0), (50.0, 90.0)]
    partly = poses(image, [*all_points[:2], nowhere, nowhere])
    marks = changed(drawn(image, partly, way, edges=SQUARE))
    assert marks[:60].any() and not marks[60:].any()


@pytest.mark.parametrize("way", WAYS)
def test_points_of_a_crop_are_drawn_where_the_crop_was_cut_from(way: str) -> None:
    image = picture()
    crop = image.crop(100, 40, 180, 110, id="image/detect/0")
    assert crop is not None
    found = poses(crop, [(10, 20), (60, 20), (60, 50), (10, 50)])
    there = drawn(image, found, way, edges=SQUARE)
    assert np.array_equal(
        there.pixels, drawn(image, poses(image, [(110, 60), (160, 60), (160, 90), (110, 90)]), way, edges=SQUARE).pixels
    )


def test_an_edge_to_a_point_that_is_not_there_is_told() -> None:
    image = picture()
    with pytest.raises(ValueError, match=r"range \[1, 2\]"):
        drawn(image, poses(image, [(50, 30), (90, 30)]), "edge", edges=[[1, 3]])


@pytest.mark.parametrize("edges", [[[1]], [[0, 1]], [[1, 2, 3]], "all"])
def test_edges_that_are_no_pairs_are_refused_before_anything_runs(edges: Any) -> None:
    step = {"type": "keypoint_visualization@v1", "name": "draw", "edges": edges}
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "poses", "kind": ["keypoint_detection_prediction"]},
        ],
        "steps": [{**step, "image": "$inputs.image", "predictions": "$inputs.poses"}],
        "outputs": [{"type": "JsonField", "name": "drawn", "selector": "$steps.draw.image"}],
    }
    with pytest.raises(WorkflowError, match="edges"):
        Workflow.load(document)
