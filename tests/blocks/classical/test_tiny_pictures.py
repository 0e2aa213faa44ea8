"""Crops may be a pixel wide: every block of the family answers for pictures of any shape, grey or transparent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image
from cropflow.serialize import to_json

from .documents import load
from .examples import LENS

SHAPES: list[tuple[int, ...]] = [(1, 1), (1, 2, 3), (2, 1, 4), (3, 3), (1, 300, 3), (300, 2, 3), (17, 5, 4)]
BLOCKS: dict[str, dict[str, Any]] = {
    "auto_rotate_on_edges@v1": {},
    "background_subtraction@v1": {},
    "camera-calibration@v1": LENS,
    "camera_focus@v1": {},
    "camera_focus@v2": {},
    "contours_detection@v1": {},
    "contrast_enhancement@v1": {"clip_limit": 5, "normalize_brightness": True},
    "contrast_equalization@v1": {"equalization_type": "Adaptive Equalization"},
    "convert_grayscale@v1": {},
    "dominant_color@v1": {},
    "image_blur@v1": {"blur_type": "bilateral"},
    "image_preprocessing@v1": {"task_type": "rotate", "rotation_degrees": 45},
    "morphological_transformation@v1": {},
    "morphological_transformation@v2": {},
    "motion_detection@v1": {"suppress_first_detections": False},
    "pixel_color_count@v1": {"target_color": "#000"},
    "sift@v1": {},
    "threshold@v1": {"threshold_type": "adaptive_mean", "thresh_value": 0},
}
PAIRS: dict[str, tuple[str, str]] = {
    "sift_comparison@v2": ("input_1", "input_2"),
    "stitch_images@v1": ("image1", "image2"),
    "template_matching@v1": ("image", "template"),
}


def noise(shape: tuple[int, ...], seed: int) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    return Image(pixels, id=f"noise {seed}", stream=f"{shape}", frame=0)


@pytest.mark.parametrize("type", BLOCKS)
def test_one_picture(type: str) -> None:
    images = [noise(shape, seed) for seed, shape in enumerate(SHAPES)]
    with load(type, **BLOCKS[type]) as workflow:
        rows = workflow.run({"image": images})
    assert len(to_json([row["all"] for row in rows])) == len(SHAPES)


@pytest.mark.parametrize("type", PAIRS)
def test_two_pictures(type: str) -> None:
    one, other = PAIRS[type]
    shapes = [shape for shape in SHAPES if shape != (1, 1)]  # a template of one pixel shows nothing
    pairs = [(noise(a, 1), noise(b, 2)) for a in shapes for b in shapes]
    with load(type, one, other) as workflow:
        rows = workflow.run({one: [pair[0] for pair in pairs], other: [pair[1] for pair in pairs]})
    assert len(to_json([row["all"] for row in rows])) == len(pairs)
