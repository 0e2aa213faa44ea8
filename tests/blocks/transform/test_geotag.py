"""Places on the ground; numbers are those of existing documents."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import Image, Workflow, WorkflowError
from cropflow.detections import stamp

MIDDLE, RIGHT, TOP = [290, 190, 310, 210], [580, 190, 600, 210], [290, 0, 310, 20]


def picture() -> Image:
    return Image(np.zeros((400, 600, 3), np.uint8), id="image")


def boxes(*rows: list[float], image: Image | None = None) -> Detections:
    found = Detections(
        np.array(rows, np.float32).reshape(-1, 4),
        confidence=np.full(len(rows), 0.5, np.float32),
        data={"class_name": np.array(["tree"] * len(rows), str)},
    )
    return stamp(found, (image or picture()).origin, "detect")


def run(found: Detections, image: Image | None = None, **fields: Any) -> dict[str, Any]:
    step = {
        "type": "roboflow_core/geotag_detection@v1",
        "name": "geo",
        "image": "$inputs.image",
        "predictions": "$inputs.found",
        "latitude": 10.0,
        "longitude": 20.0,
        "altitude": 100.0,
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
        ],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.geo.*"}],
    }
    with Workflow.load(document) as workflow:
        return workflow.run({"image": [image or picture()], "found": [found]})[0]["out"]


def places(*args: Any, **fields: Any) -> list[tuple[float, float]]:
    return [(item["lat"], item["lon"]) for item in run(*args, **fields)["geo_detections"]]


def test_every_box_has_a_place() -> None:
    row = run(boxes(MIDDLE, RIGHT))
    assert row["geo_detections"][0] == {
        "class": "tree",
        "confidence": 0.5,
        "lat": 10.0,
        "lon": 20.0,
        "pixel_x": 300,
        "pixel_y": 200,
        "width": 20,
        "height": 20,
    }
    assert json.loads(json.dumps(row["geojson"]))["features"][1] == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [20.0006608, 10.0]},
        "properties": {"class": "tree", "confidence": 0.5},
    }


@pytest.mark.parametrize(
    ("box", "fields", "place"),
    [
        (TOP, {}, (10.0004264, 20.0)),
        (RIGHT, {"heading": 90.0}, (9.9993492, 20.0)),
        (RIGHT, {"heading": 400.0}, (9.9995817, 20.0005062)),
        (RIGHT, {"horizontal_fov": 90.0}, (10.0, 20.0008818)),
        (RIGHT, {"latitude": 80.0}, (80.0, 20.0037478)),
        (RIGHT, {"altitude": 0.0}, (10.0, 20.0)),
        (RIGHT, {"longitude": 179.9999}, (10.0, -179.9994392)),
        (RIGHT, {"latitude": 90.0}, (90.0, 20.0)),
        (TOP, {"latitude": 90.0}, (90.0, 20.0)),
    ],
)
def test_heading_angle_height_and_latitude(box: list[float], fields: dict[str, float], place: Any) -> None:
    assert places(boxes(box), **fields) == [pytest.approx(place, abs=1.1e-7)]


def test_half_the_width_of_a_picture_of_90_degrees_is_the_height_of_the_camera() -> None:
    (_, lon), *_ = places(boxes([600, 200, 600, 200]), latitude=0.0, longitude=0.0, horizontal_fov=90.0)
    assert lon * 111_320 == pytest.approx(100, abs=0.02)
    assert math.isclose(lon, 100 / 111_320, rel_tol=1e-3)


def test_boxes_of_a_crop_lie_where_the_crop_lies() -> None:
    whole = picture()
    crop = whole.crop(500, 100, 600, 300, id="crop")
    assert crop is not None
    assert places(boxes([80, 90, 100, 110], image=crop), crop) == places(boxes(RIGHT))
    assert places(boxes(RIGHT), crop) == places(boxes(RIGHT))


def test_nothing_found_and_boxes_that_know_little() -> None:
    assert run(boxes()) == {"geo_detections": [], "geojson": {"type": "FeatureCollection", "features": []}}
    plain = run(Detections(np.array([MIDDLE], np.float32)))["geo_detections"][0]
    assert (plain["class"], plain["confidence"]) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"), [("latitude", 95.0), ("longitude", 190.0), ("altitude", -5.0), ("horizontal_fov", 180.0)]
)
def test_numbers_that_are_no_place_are_refused(field: str, value: float) -> None:
    with pytest.raises(WorkflowError, match=f"does not fit '{field}'"):
        run(boxes(MIDDLE), **{field: value})
