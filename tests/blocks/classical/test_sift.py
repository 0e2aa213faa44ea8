"""Salient points of pictures, and of those that have none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cropflow import Image
from cropflow.serialize import to_json

from .documents import run, sheet


def test_points_lie_on_the_picture_and_have_a_descriptor_each() -> None:
    found = run("sift@v1", sheet())
    assert len(found["keypoints"]) > 100
    assert found["descriptors"].shape == (len(found["keypoints"]), 128)
    assert set(found["keypoints"][0]) == {"pt", "size", "angle", "response", "octave", "class_id"}
    places = np.array([point["pt"] for point in found["keypoints"]])
    assert (places >= 0).all() and (places < 320).all()
    assert (found["image"].bgr != sheet().bgr).any(axis=2).sum() > 1000


def test_the_same_picture_gives_the_same_points_and_drawing() -> None:
    first, second = run("sift@v1", sheet()), run("sift@v1", sheet())
    np.testing.assert_array_equal(first["descriptors"], second["descriptors"])
    np.testing.assert_array_equal(first["image"].pixels, second["image"].pixels)


@pytest.mark.parametrize("shape", [(60, 60), (60, 60, 4), (1, 1), (1, 300, 3)])
def test_a_plain_picture_has_none_and_that_has_a_json_form(shape: tuple[int, ...]) -> None:
    found = run("sift@v1", Image(np.full(shape, 90, np.uint8), id="plain"))
    assert found["keypoints"] == [] and found["descriptors"].shape == (0, 128)
    json.dumps(to_json(found), allow_nan=False)
