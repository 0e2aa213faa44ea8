"""What is relied on of the inside of a network: vectors that tell pictures apart, and maps that point at objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cropflow import ModelStore, RunError, Workflow
from cropflow.image import Image
from cropflow.models import DetectSettings

ROOT = Path(__file__).parents[3]
TRUTH = json.loads((ROOT / "examples" / "digits" / "truth.json").read_text())
FILES = {"digits": "detect", "digits/cls": "classify", "digits/pose": "pose"}
_SURE = DetectSettings()


def run(store: ModelStore, images: list[Image], type: str, output: str, **fields: Any) -> list[Any]:
    port = "image" if type == "activation_map@v1" else "images"
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": type, "name": "look", port: "$inputs.image", **fields}],
        "outputs": [{"type": "JsonField", "name": "seen", "selector": f"$steps.look.{output}"}],
    }
    return [row["seen"] for row in Workflow.load(document, resources=[store]).run({"image": images})]


def embeddings(store: ModelStore, images: list[Image], **fields: Any) -> list[list[float]]:
    return run(store, images, "image_embedding@v1", "embedding", **{"model_id": "digits/cls", **fields})


@pytest.fixture(scope="module")
def digits(scenes: list[Image]) -> list[tuple[int, Image]]:
    """Single digits with their values."""
    scene = scenes[0]
    cut = [(entry["digit"], scene.crop(*entry["box"])) for entry in TRUTH[scene.id]]
    return [(digit, crop) for digit, crop in cut if crop is not None]


def test_vectors_are_those_of_ultralytics(store: ModelStore, scenes: list[Image]) -> None:
    from ultralytics import YOLO

    pictures = [*scenes[:3], Image(scenes[0].bgr[:100])]
    for model_id, layers in (("digits", None), ("digits", [2, 5]), ("digits/cls", None), ("digits/pose", [4])):
        yolo = YOLO(str(ROOT / "models" / f"digits-{FILES[model_id]}.pt"))
        for ours, picture in zip(embeddings(store, pictures, model_id=model_id, embed=layers), pictures, strict=True):
            theirs = yolo.embed(picture.bgr, **({"embed": layers} if layers else {}), verbose=False)[0]
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_the_same_digit_is_more_alike_than_another(store: ModelStore, digits: list[tuple[int, Image]]) -> None:
    vectors = np.array(embeddings(store, [image for _, image in digits]))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    values = np.array([digit for digit, _ in digits])
    equal = values[:, None] == values[None]
    apart = ~np.eye(len(values), dtype=bool)
    assert (equal & apart).any()
    assert np.median(alike[equal & apart]) > np.median(alike[~equal])


def test_a_layer_that_is_not_there_is_told(store: ModelStore, scenes: list[Image]) -> None:
    with pytest.raises(RunError, match="has no layer 99 to take embeddings from; they go from 0 to"):
        embeddings(store, scenes[:1], embed=[99])


def test_a_detection_after_an_embedding_is_what_it_was(store: ModelStore, scenes: list[Image]) -> None:
    before = store.get("digits").detect([scenes[0].bgr], _SURE)[0]
    embeddings(store, scenes[:1], model_id="digits")
    run(store, scenes[:1], "activation_map@v1", "image", model_id="digits")
    assert np.array_equal(store.get("digits").detect([scenes[0].bgr], _SURE)[0].xyxy, before.xyxy)


@pytest.mark.parametrize("width", [320, 200])
def test_the_map_points_at_the_objects(store: ModelStore, scenes: list[Image], width: int) -> None:
    picture = Image(scenes[0].bgr[:, :width])
    shown = run(store, [picture], "activation_map@v1", "image", model_id="digits")[0]
    assert (shown.width, shown.height) == (picture.width, picture.height)
    heat = shown.bgr[..., 2].astype(int) - shown.bgr[..., 0]  # red over blue, whatever the picture
    cold = cv2.addWeighted(picture.bgr, 0.5, np.full_like(picture.bgr, (128, 0, 0)), 0.5, 0).astype(int)
    heat -= cold[..., 2] - cold[..., 0]
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    boxes = store.get("digits").detect([picture.bgr], _SURE)[0].xyxy
    assert any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)


def test_a_classifier_shows_the_square_it_looks_at(store: ModelStore, digits: list[tuple[int, Image]]) -> None:
    shown = run(store, [digits[0][1]], "activation_map@v1", "image", model_id="digits/cls")[0]
    assert (shown.width, shown.height) == (32, 32)
    assert shown.origin.parent is None
