"""What drawings of masks can be relied on for: the pixels of the object, the right colour, the input left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Block, Image
from cropflow.detections import stamp
from cropflow_blocks.visualization.mask import MaskVisualization
from cropflow_blocks.visualization.polygon import PolygonVisualizationV1, PolygonVisualizationV2

from .running import drawn as shown

GREY = 200
BLOCKS = (MaskVisualization, PolygonVisualizationV1, PolygonVisualizationV2)
COMMON = {
    "copy_image": True,
    "color_palette": "DEFAULT",
    "palette_size": 10,
    "custom_colors": [],
    "color_axis": "CLASS",
}
RED = {"color_palette": "CUSTOM", "custom_colors": ["#ff0000"]}


def picture(width: int = 200, height: int = 120) -> Image:
    return Image(np.full((height, width, 3), GREY, np.uint8))


def objects(on: Image, *xyxy: tuple[int, int, int, int], compact: bool = True) -> Detections:
    """Objects that fill the upper left half of their box, so that a box is not a mask."""
    mask = np.zeros((len(xyxy), on.height, on.width), bool)
    for i, (x0, y0, x1, y1) in enumerate(xyxy):
        y, x = np.mgrid[y0:y1, x0:x1]
        mask[i, y0:y1, x0:x1] = (x - x0) * (y1 - y0) + (y - y0) * (x1 - x0) < (x1 - x0) * (y1 - y0)
    boxes = np.array(xyxy, np.float32).reshape(-1, 4)
    found = Detections(
        boxes,
        mask=CompactMask.from_dense(mask, boxes, mask.shape[1:]) if compact else mask,
        class_id=np.arange(len(boxes)),
        data={"class_name": np.array([f"class {i}" for i in range(len(boxes))])},
    )
    return stamp(found, on.origin, "segment")


def changed(image: Image) -> np.ndarray:
    return (image.pixels != GREY).any(axis=2)


@pytest.mark.parametrize(
    ("block", "kinds", "fields", "aliases"),
    [
        (
            MaskVisualization,
            ["instance_", "rle_instance_", "semantic_"],
            {"opacity": 0.5},
            ("roboflow_core/mask_visualization@v1", "MaskVisualization"),
        ),
        (
            PolygonVisualizationV1,
            ["instance_", "rle_instance_"],
            {"thickness": 2},
            ("roboflow_core/polygon_visualization@v1", "PolygonVisualization"),
        ),
        (
            PolygonVisualizationV2,
            ["instance_", "rle_instance_"],
            {"thickness": 2},
            ("roboflow_core/polygon_visualization@v2",),
        ),
    ],
)
def test_names_fields_and_kinds_are_those_of_existing_documents(
    block: type[Block], kinds: list[str], fields: dict[str, object], aliases: tuple[str, ...]
) -> None:
    spec = block.spec
    assert spec.aliases == aliases
    assert {port.name: port.default for port in spec.ports if not port.required} == COMMON | fields
    assert spec.port("image").aliases == ("images",)
    assert [kind.name for kind in spec.port("predictions").kinds] == [
        f"{name}segmentation_prediction" for name in kinds
    ]
    assert [(out.name, out.kinds[0].name) for out in spec.outputs] == [("image", "image")]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_input_is_never_drawn_on_and_nothing_is_drawn_of_nothing(block: Any) -> None:
    image = picture()
    drawn = shown(block, image, objects(image, (20, 20, 80, 100)), copy_image=False).image
    assert not changed(image).any()
    assert changed(drawn).any()
    assert (drawn.id, drawn.origin) == (image.id, image.origin)
    for none in (objects(image), Detections.empty()):
        assert shown(block, image, none).image is image


@pytest.mark.parametrize("compact", [True, False])
def test_a_tint_covers_the_mask_and_nothing_else(compact: bool) -> None:
    image = picture()
    found = objects(image, (20, 20, 80, 100), compact=compact)
    drawn = shown(MaskVisualization, image, found, **RED, opacity=1.0).image
    assert np.array_equal(changed(drawn), np.asarray(found.mask)[0])
    assert (drawn.pixels[changed(drawn)] == (0, 0, 255)).all()


def test_opacity_blends() -> None:
    image = picture()
    found = objects(image, (20, 20, 80, 100))
    half = shown(MaskVisualization, image, found, **RED).image.pixels[changed(image) | np.asarray(found.mask)[0]]
    assert (abs(half.astype(int) - (100, 100, 228)) <= 1).all()
    assert not changed(shown(MaskVisualization, image, found, opacity=0.0).image).any()


@pytest.mark.parametrize("block", [PolygonVisualizationV1, PolygonVisualizationV2])
@pytest.mark.parametrize("compact", [True, False])
def test_an_outline_follows_the_mask(block: Any, compact: bool) -> None:
    image = picture()
    found = objects(image, (20, 20, 80, 100), compact=compact)
    line = changed(shown(block, image, found, **RED, thickness=1).image)
    mask = np.asarray(found.mask)[0]
    inner = mask & np.roll(mask, 4, 0) & np.roll(mask, -4, 0) & np.roll(mask, 4, 1) & np.roll(mask, -4, 1)
    assert line[20, 22:70].all() and line[22:90, 20].all()
    assert not (line & inner).any()
    assert not line[70:, 60:].any()


@pytest.mark.parametrize("block", BLOCKS)
def test_every_class_has_its_colour(block: Any) -> None:
    image = picture()
    found = objects(image, (20, 20, 80, 100), (110, 20, 180, 100))
    drawn = shown(block, image, found, color_palette="CUSTOM", custom_colors=["#ff0000", "#00ff00"]).image.pixels
    left, right = drawn[20:24, 30].astype(int).mean(0), drawn[20:24, 120].astype(int).mean(0)
    assert left[2] > left[1] and right[1] > right[2]


@pytest.mark.parametrize("block", BLOCKS)
def test_masks_of_a_crop_are_drawn_where_the_crop_was_cut_from(block: Any) -> None:
    image = picture()
    crop = image.crop(100, 40, 180, 110, id="image/detect/0")
    assert crop is not None
    y, x = np.nonzero(changed(shown(block, image, objects(crop, (10, 20, 50, 60))).image))
    assert abs(x.min() - 110) <= 1 and abs(y.min() - 60) <= 1
    assert 140 <= x.max() <= 151 and 90 <= y.max() <= 101
