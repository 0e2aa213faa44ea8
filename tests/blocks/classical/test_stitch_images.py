"""Two parts of one picture become the picture again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import Image
from cropflow.errors import WorkflowError

from .documents import load, meter, sheet


def part(left: int, right: int, id: str) -> Image:
    return Image(sheet().bgr[:, left:right].copy(), id=id)


def stitched(one: Image, other: Image, **fields: Any) -> Image | None:
    with load("stitch_images@v1", "image1", "image2", **fields) as workflow:
        made: Image | None = workflow.run({"image1": one, "image2": other})[0]["all"]["stitched_image"]
    return made


@pytest.mark.parametrize("fields", [{}, {"count_of_best_matches_per_query_descriptor": 1}])
def test_in_either_order_the_whole_comes_back(fields: dict[str, Any]) -> None:
    left, right = part(0, 220, "left"), part(100, 320, "right")
    for one, other in ((left, right), (right, left)):
        whole = stitched(one, other, **fields)
        assert whole is not None and whole.pixels.shape == (320, 320, 3)
        assert np.abs(whole.bgr.astype(int) - sheet().bgr).mean() < 2


def test_the_first_stays_as_it_is_and_gives_its_name() -> None:
    left, right = part(0, 220, "left"), part(100, 320, "right")
    whole = stitched(left, right)
    assert whole is not None and whole.id == "left" and whole.origin.source == left.origin
    assert whole.origin.root == whole.origin
    np.testing.assert_array_equal(whole.bgr[:, :220], left.bgr)


def test_a_turned_and_smaller_second_is_turned_back() -> None:
    matrix = cv2.getRotationMatrix2D((110, 160), 15, 0.8)
    second = Image(np.asarray(cv2.warpAffine(part(100, 320, "right").bgr, matrix, (220, 320))), id="turned")
    whole = stitched(part(0, 220, "left"), second)
    assert whole is not None
    found = np.asarray(cv2.matchTemplate(whole.bgr, sheet().bgr[120:240, 230:310], cv2.TM_CCOEFF_NORMED))
    assert found.max() > 0.9, "a piece that only the second shows is there, upright and in the scale of the first"


def test_pictures_that_do_not_fit_give_nothing() -> None:
    plain = Image(np.full((60, 60), 9, np.uint8), id="plain")
    assert stitched(sheet(), plain) is None and stitched(plain, sheet()) is None
    other = stitched(sheet(), meter())
    assert other is None or other.width * other.height <= 8 * 320 * (320 + 224)


@pytest.mark.parametrize(
    "fields", [{"max_allowed_reprojection_error": -1.0}, {"count_of_best_matches_per_query_descriptor": 0}]
)
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("stitch_images@v1", "image1", "image2", **fields)
