"""Every visualisation that draws predictions, on what the shipped models find: place, colour, crops, nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from supervision import Detections

import cropflow_blocks.visualization as blocks
from cropflow import Block, Image, Workflow
from cropflow.block import Stream
from cropflow.detections import onto, take
from cropflow.image.decode import Pixels

from ..samples import ROOT, SCENES
from .running import drawn

RED = {"color_palette": "CUSTOM", "custom_colors": ["#ff0000"]}
MODELS = {
    "object_detection_model@v2": "digits-detect.pt",
    "instance_segmentation_model@v2": "digits-segment.pt",
    "keypoint_detection_model@v2": "digits-pose.pt",
}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "BackgroundColorVisualization": {"color": "#ff0000"},
    "BlurVisualization": {},
    "BoundingBoxVisualization": RED,
    "CircleVisualization": RED,
    "ColorVisualization": RED,
    "CornerVisualization": RED,
    "CropVisualization": RED,
    "DotVisualization": RED,
    "EllipseVisualization": RED,
    "HaloVisualizationV1": RED,
    "HaloVisualizationV2": RED,
    "HeatmapVisualization": {},
    "KeypointVisualization": {"color": "#ff0000", "edges": [[1, 2], [2, 3], [3, 4], [4, 1]]},
    "LabelVisualizationV1": RED | {"text_scale": 0.4, "text_padding": 3},
    "LabelVisualizationV2": RED | {"text_scale": 0.4, "text_padding": 3},
    "MaskVisualization": RED,
    "PixelateVisualization": {},
    "PolygonVisualizationV1": RED,
    "PolygonVisualizationV2": RED,
    "TraceVisualization": RED,
    "TriangleVisualization": RED,
}
"""What is drawn with; a block that draws predictions and is not here fails the first test."""
TINTED = ("BackgroundColorVisualization", "ColorVisualization", "MaskVisualization")
UNCOLOURED = ("BlurVisualization", "PixelateVisualization", "HeatmapVisualization")
OFF = 4
"""How far a drawing may lie beside its place, in pixels: the width of lines and the soft edges of masks."""


@pytest.fixture(scope="module")
def picture() -> Image:
    return Image.load(SCENES / "sheet/01.png", id="sheet")


@pytest.fixture(scope="module")
def found(picture: Image) -> dict[str, Detections]:
    """The digit in the middle of the picture, as each of the models sees it."""
    steps = [
        {"type": kind, "name": kind[:4], "images": "$inputs.image", "model_id": weights}
        for kind, weights in MODELS.items()
    ]
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": steps,
        "outputs": [
            {"type": "JsonField", "name": kind, "selector": f"$steps.{kind[:4]}.predictions"} for kind in MODELS
        ],
    }
    with Workflow.load(document, base=ROOT / "models") as workflow:
        row = workflow.run({"image": picture})[0]
    chosen = {kind: _middle(row[kind], picture) for kind in MODELS}
    for one in chosen.values():
        one.tracker_id = np.array([7])
    return chosen


def _middle(found: Detections, picture: Image) -> Detections:
    centres = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    away = np.linalg.norm(centres - [picture.width / 2, picture.height / 2], axis=1)
    return take(found, [int(away.argmin())])


def _kind(name: str) -> str:
    detect, segment, pose = MODELS
    if name == "KeypointVisualization":
        return pose
    return segment if name.startswith(("Halo", "Mask", "Polygon")) else detect


def _draw(name: str, picture: Image, found: Detections, **fields: Any) -> Pixels:
    block: type[Block] = getattr(blocks, name)
    if "stream" in block.run.__annotations__:  # type: ignore[attr-defined]
        fields["stream"] = Stream("video", 0)
        drawn(block, picture, _shifted(found, -12), **FIELDS[name], **fields)  # a frame before, so that there is a way
    return drawn(block, picture, found, **FIELDS[name], **fields).image.bgr


def _shifted(found: Detections, by: float) -> Detections:
    before = take(found, slice(None))
    before.xyxy = found.xyxy + by
    return before


def _extent(name: str, picture: Image, found: Detections) -> list[int]:
    y, x = np.nonzero((_draw(name, picture, found) != picture.bgr).any(axis=2))
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def test_every_block_that_draws_predictions_is_tried_here() -> None:
    drawing = {name for name in blocks.__all__ if _takes_boxes(getattr(blocks, name))}
    assert drawing == set(FIELDS)


def _takes_boxes(block: type[Block]) -> bool:
    return any(port.name == "predictions" and port.kinds[0].python == "Detections" for port in block.spec.ports)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"BackgroundColorVisualization"}))
def test_it_is_drawn_at_its_place(name: str, picture: Image, found: dict[str, Detections]) -> None:
    one = found[_kind(name)]
    left, top, right, bottom = one.xyxy[0].tolist()
    middle, wide, high = (left + right) / 2, right - left, bottom - top
    radius = np.hypot(wide, high) / 2
    points = one.data["keypoints_xy"][0] if name == "KeypointVisualization" else np.zeros((1, 2))
    far, near = _extent(name, picture, one), 40 // 2
    expected = {
        "CircleVisualization": (middle - radius, None, middle + radius, None),
        "CropVisualization": (middle - wide, top - 2 * high, middle + wide, top),
        "DotVisualization": (middle - 4, (top + bottom) / 2 - 4, middle + 4, (top + bottom) / 2 + 4),
        "EllipseVisualization": (middle - wide, bottom - 0.35 * wide, middle + wide, bottom + 0.35 * wide),
        "HaloVisualizationV1": (left - near, top - near, right + near, bottom + near),
        "HaloVisualizationV2": (left - near, top - near, right + near, bottom + near),
        "HeatmapVisualization": (None, None, None, None),
        "KeypointVisualization": (*points.min(axis=0), *points.max(axis=0)),
        "LabelVisualizationV1": (left, None, None, top),
        "LabelVisualizationV2": (left, None, None, top),
        "TraceVisualization": (middle - 12, None, middle, None),
        "TriangleVisualization": (middle - 5, top - 10, middle + 5, top),
    }.get(name, (left, top, right, bottom))
    assert [place for place, side in zip(far, expected, strict=True) if side is not None] == pytest.approx(
        [side for side in expected if side is not None], abs=OFF
    )


def test_a_cover_hides_all_but_the_box(picture: Image, found: dict[str, Detections]) -> None:
    one = found["object_detection_model@v2"]
    pixels = _draw("BackgroundColorVisualization", picture, one, opacity=1.0).copy()
    left, top, right, bottom = one.xyxy[0].round().astype(int).tolist()
    inside = np.s_[top + 1 : bottom - 1, left + 1 : right - 1]
    assert np.array_equal(pixels[inside], picture.bgr[inside])
    pixels[top - 1 : bottom + 1, left - 1 : right + 1] = (0, 0, 255)
    assert (pixels == (0, 0, 255)).all()


def test_a_heat_map_is_warm_where_the_object_stood_and_leaves_the_far_alone(
    picture: Image, found: dict[str, Detections]
) -> None:
    one = found["object_detection_model@v2"]
    pixels = _draw("HeatmapVisualization", picture, one, opacity=1.0).astype(int)
    left, _, right, bottom = one.xyxy[0].round().astype(int).tolist()
    blue, _, red = pixels[bottom, (left + right) // 2]
    assert red > blue + 100
    assert np.array_equal(pixels[:20, :20], picture.bgr[:20, :20])


@pytest.mark.parametrize("name", sorted(set(FIELDS) - set(UNCOLOURED)))
def test_it_is_drawn_in_the_colour_that_was_asked_for(name: str, picture: Image, found: dict[str, Detections]) -> None:
    pixels = _draw(name, picture, found[_kind(name)]).astype(int)
    touched = (pixels != picture.bgr).any(axis=2)
    if name in TINTED:
        assert (abs(pixels - (picture.bgr + np.array([0, 0, 255])) / 2)[touched] <= 1).all()
    elif name.startswith("Halo"):
        strength = (picture.bgr - pixels)[touched]
        assert (strength[:, :2].max(axis=1) >= strength[:, 2]).all()
        assert strength[:, 0].max() > 100 > 10 > strength[:, 2].max()
    else:
        assert (pixels[touched] == (0, 0, 255)).all(axis=1).any()


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_boxes_made_on_a_crop_are_drawn_as_those_of_the_picture(
    name: str, picture: Image, found: dict[str, Detections]
) -> None:
    crop = picture.crop(40, 30, 300, 290, id="sheet/part")
    assert crop is not None
    one = found[_kind(name)]
    moved = onto(one, crop.origin)
    assert np.allclose(one.xyxy - moved.xyxy, [40, 30, 40, 30])
    assert np.array_equal(_draw(name, picture, moved), _draw(name, picture, one))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_nothing_is_drawn_of_nothing(name: str, picture: Image, found: dict[str, Detections]) -> None:
    before = picture.bgr.copy()
    for none in (Detections.empty(), take(found[_kind(name)], [])):
        assert np.array_equal(_draw(name, picture, none), before)
    _draw(name, picture, found[_kind(name)])
    assert np.array_equal(picture.bgr, before)
