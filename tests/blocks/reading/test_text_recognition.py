"""What is written on a crop is read, whatever else is in the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, Workflow
from cropflow_blocks.reading.reader import Reading, TextReader

from .drawn import Pixels, paper, put, write

WORDS = ["Hello", "invoice 2024", "12.50 EUR", "4006381333931", "A", "a long line that goes on and on and on"]


def strip(text: str) -> Pixels:
    made = paper(40, 24 + 20 * len(text))
    write(made, text, 10, 29)
    return made


def read(*pictures: Any, **fields: Any) -> list[tuple[str, float]]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "text_recognition_model@v1", "name": "read", "images": "$inputs.image", **fields}],
        "outputs": [{"type": "JsonField", "name": "read", "selector": "$steps.read.*"}],
    }
    with Workflow.load(document) as workflow:
        return [(row["read"]["text"], row["read"]["confidence"]) for row in workflow.run({"image": list(pictures)})]


def test_lines_of_all_lengths_are_read() -> None:
    texts, sure = zip(*read(*map(strip, WORDS)), strict=True)
    assert list(texts) == WORDS
    assert min(sure) > 0.9 and max(sure) <= 1


def test_a_crop_reads_the_same_alone_and_among_others(reader: TextReader) -> None:
    strips = [strip(word) for word in WORDS for _ in range(7)]
    together = reader.read(strips)
    for word, one in zip(WORDS, together[::7], strict=True):
        (alone,) = reader.read([strip(word)])
        assert alone.text == one.text
        assert alone.confidence == pytest.approx(one.confidence, abs=1e-4)


def test_nothing_to_read_is_an_empty_text() -> None:
    assert read(paper(40, 200), paper(1, 1), paper(2, 3000)) == [("", 0.0)] * 3


def test_what_is_read_badly_counts_as_nothing() -> None:
    noise = np.random.default_rng(0).normal(128, 70, (40, 120, 3)).clip(0, 255).astype(np.uint8)
    blurred = strip("Hello")[::4, ::5].copy()
    limit = 0.97
    for picture in (noise, blurred, strip("Hello")):
        (plain,), (strict,) = read(picture), read(picture, confidence=limit)
        assert strict == (plain if plain[1] >= limit else ("", 0.0))
    assert read(strip("Hello"), confidence=limit)[0][0] == "Hello"
    assert read(blurred, confidence=limit) == [("", 0.0)]


def test_text_that_stands_on_its_head_is_read_where_that_is_asked_for(reader: TextReader) -> None:
    strips = [strip(word)[::-1, ::-1] for word in WORDS[:4]]
    assert [line.text for line in reader.read(strips, turn=True)] == WORDS[:4]
    assert [line.text for line in reader.read([strip(word) for word in WORDS], turn=True)] == WORDS
    assert reader.read([]) == []
    assert reader.read([paper(30, 90)], turn=True) == [Reading("", 0.0)]


def test_crops_of_several_pictures_are_read_and_named() -> None:
    """Pictures with two texts, none and one; each text goes back on the box it was cut from."""
    two, none, one = paper(300, 640), paper(200, 300), paper(200, 500)
    put(two, strip("first"), 40, 60)
    put(two, strip("second"), 300, 180)
    put(one, strip("third"), 60, 80)
    document: dict[str, Any] = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "text_detection_model@v1", "name": "find", "images": "$inputs.image"},
            {"type": "dynamic_crop@v1", "name": "crop", "images": "$inputs.image",
             "predictions": "$steps.find.predictions"},
            {"type": "text_recognition_model@v1", "name": "read", "images": "$steps.crop.crops"},
            {"type": "detections_classes_replacement@v1", "name": "named",
             "object_detection_predictions": "$steps.find.predictions",
             "classification_predictions": "$steps.read.text"},
        ],
        "outputs": [
            {"type": "JsonField", "name": "named", "selector": "$steps.named.predictions"},
            {"type": "JsonField", "name": "texts", "selector": "$steps.read.text"},
        ],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        rows = workflow.run({"image": [Image(picture) for picture in (two, none, one)]})
    assert [row["texts"] for row in rows] == [["first", "second"], [], ["third"]]
    assert [row["named"].data["class_name"].tolist() for row in rows] == [["first", "second"], [], ["third"]]
