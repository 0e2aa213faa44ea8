"""Templates are found where they are, the best match first, and not where they cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow.errors import RunError, WorkflowError
from cropflow.serialize import to_json

from .documents import document, load, sheet


def piece(x: int, y: int, width: int = 40, height: int = 40) -> Image:
    return Image(sheet().bgr[y : y + height, x : x + width].copy(), id="piece")


def match(image: Image, template: Image, **fields: Any) -> dict[str, Any]:
    with load("template_matching@v1", "image", "template", **fields) as workflow:
        found: dict[str, Any] = workflow.run({"image": image, "template": template})[0]["all"]
    assert found["number_of_matches"] == len(found["predictions"])
    return found


def test_the_piece_itself_is_the_best_match_and_lies_where_it_was_cut() -> None:
    found = match(sheet(), piece(60, 100))["predictions"]
    assert found.xyxy[0].tolist() == [60, 100, 100, 140]
    assert found.confidence[0] == pytest.approx(1, abs=1e-4)
    assert (np.diff(found.confidence) <= 0).all() and found.confidence.min() >= 0.8
    assert set(found.data["class_name"]) == {"template_match"} and set(found.class_id) == {0}


def test_detections_have_ids_of_the_picture_and_a_json_form() -> None:
    wire = to_json(match(sheet(), piece(60, 100), matching_threshold=0.99))["predictions"]
    assert wire["image"] == {"width": 320, "height": 320}
    assert [(entry["class"], entry["detection_id"], entry["x"]) for entry in wire["predictions"]] == [
        ("template_match", "sheet/step/0", 80.0)
    ]


def test_brightness_and_colour_of_the_template_do_not_matter() -> None:
    darker = Image(piece(60, 100).bgr // 2 + 20, id="darker")
    assert match(sheet(), darker, matching_threshold=0.98)["predictions"].xyxy[0].tolist() == [60, 100, 100, 140]


def stamps(*places: tuple[int, int]) -> Image:
    """Noise with the same 10 × 8 pattern at several places."""
    pixels = np.random.default_rng(0).integers(100, 120, (100, 120)).astype(np.uint8)
    for x, y in places:
        pixels[y : y + 8, x : x + 10] = pattern().pixels
    return Image(pixels, id="stamps")


def pattern() -> Image:
    return Image(np.random.default_rng(1).integers(0, 255, (8, 10)).astype(np.uint8), id="pattern")


def corners(found: dict[str, Any]) -> list[list[float]]:
    return sorted(found["predictions"].xyxy[:, :2].tolist())


def test_every_copy_is_found_also_at_the_border() -> None:
    found = match(stamps((0, 0), (40, 30), (110, 92)), pattern(), matching_threshold=0.95)
    assert corners(found) == [[0, 0], [40, 30], [110, 92]]


def test_of_overlapping_matches_the_best_stays() -> None:
    image = Image(sheet().bgr[:, :, 0], id="grey")
    template = Image(image.pixels[20:60, 80:125].copy(), id="nine")
    all_of_them = match(image, template, apply_nms=False, matching_threshold=0.7)["predictions"]
    kept = match(image, template, matching_threshold=0.7, nms_threshold=0.3)["predictions"]
    assert len(all_of_them) > 5 * len(kept) > 0
    assert kept.xyxy.tolist() == greedy(all_of_them.xyxy, 0.3)


def greedy(boxes: Any, threshold: float) -> list[list[float]]:
    """The textbook way: the best box removes those it overlaps too much, and so on."""
    kept = []
    while len(boxes):
        best, boxes = boxes[0], boxes[1:]
        kept.append(best.tolist())
        common = (np.minimum(boxes[:, 2:], best[2:]) - np.maximum(boxes[:, :2], best[:2])).clip(0).prod(axis=1)
        boxes = boxes[common / (2 * (best[2:] - best[:2]).prod() - common) <= threshold]
    return kept


def test_a_threshold_of_one_keeps_all_that_differ_and_of_zero_none_that_touch() -> None:
    image = stamps((10, 10), (19, 10), (60, 60))
    everything = match(image, pattern(), apply_nms=False, matching_threshold=0.2)
    assert (
        match(image, pattern(), matching_threshold=0.2, nms_threshold=1.0)["predictions"] == everything["predictions"]
    )
    assert corners(match(image, pattern(), matching_threshold=0.6, nms_threshold=0.0)) in (
        [[10, 10], [60, 60]],
        [[19, 10], [60, 60]],
    )


def test_a_background_of_one_colour_does_not_match() -> None:
    plain = Image(np.full((200, 200, 3), 255, np.uint8), id="plain")
    assert match(plain, piece(60, 100), matching_threshold=0.01)["number_of_matches"] == 0


def test_a_template_larger_than_the_picture_matches_nowhere() -> None:
    found = match(piece(60, 100), sheet())
    assert found["number_of_matches"] == 0 and found["predictions"].data["class_name"].shape == (0,)


def test_a_template_as_large_as_the_picture_matches_once() -> None:
    assert match(sheet(), sheet())["predictions"].xyxy.tolist() == [[0, 0, 320, 320]]


def test_a_template_that_shows_nothing_is_an_error() -> None:
    with pytest.raises(RunError, match="one colour only"):
        match(sheet(), Image(np.zeros((9, 9, 3), np.uint8), id="black"))


def test_matches_on_a_crop_are_given_on_the_whole() -> None:
    steps = document("template_matching@v1", ["template"], {"image": "$steps.cut.crops"})
    steps["inputs"].append({"type": "WorkflowImage", "name": "image"})
    region = {"x_center": 120, "y_center": 120, "width": 160, "height": 160}
    steps["steps"].insert(0, {"type": "absolute_static_crop@v1", "name": "cut", "images": "$inputs.image", **region})
    steps["outputs"] = [{"type": "JsonField", "name": "found", "selector": "$steps.step.predictions"}]
    with Workflow.load(steps) as workflow:
        rows = workflow.run({"image": [sheet(), sheet()], "template": [piece(60, 100), piece(60, 100)]})
    assert [row["found"].xyxy[0].tolist() for row in rows] == [[60, 100, 100, 140]] * 2


@pytest.mark.parametrize("fields", [{"matching_threshold": 1.5}, {"matching_threshold": -0.1}, {"nms_threshold": 2.0}])
def test_nonsense_is_refused_in_the_document(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        load("template_matching@v1", "image", "template", **fields)
