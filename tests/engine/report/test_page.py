"""The page of a run stands by itself, tells what happened, and is safe whatever files and classes are called."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from typing import Any

import cv2
import numpy as np
import pytest

from cropflow.image import Image
from cropflow.report import Gallery, page

HOSTILE = "</style><script>alert('1')</script>&\"x"
FACTS: dict[str, Any] = {
    "workflow": f"{HOSTILE}.yaml",
    "ended": "interrupted",
    "started": "2026-01-02T03:04:05.123456+00:00",
    "seconds": 75.5,
    "rows_in_all": 30,
    "rows": 20,
    "rows_with_errors": 1,
    "dropped": {HOSTILE: 3},
    "steps": [
        {
            "step": "detect", "block": "object_detection_model@v2", "elements": 20, "skipped": 1, "failed": 2,
            "calls": 3, "seconds": 0.0304,
        }
    ],
    "classes": {HOSTILE: {HOSTILE: 120}},
    "errors": 102,
    "first_errors": [{"step": "detect", "block": "b", "element": HOSTILE, "message": HOSTILE}] * 100,
    "versions": {"cropflow": "0.1.0"},
}  # fmt: skip


class Reading(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f" {data} "


@pytest.fixture
def shown() -> Reading:
    reading = Reading()
    reading.feed(page(FACTS, "<svg></svg>", {HOSTILE: {HOSTILE: ["data:image/jpeg;base64,AAAA"]}}))
    return reading


def test_names_are_text_whatever_they_hold(shown: Reading) -> None:
    assert "script" not in [tag for tag, _ in shown.tags]
    assert shown.text.count("<script>alert('1')</script>") >= 5
    image = next(attributes for tag, attributes in shown.tags if tag == "img")
    assert image == {"src": "data:image/jpeg;base64,AAAA", "alt": HOSTILE}


def test_nothing_is_fetched(shown: Reading) -> None:
    places = [value for _, attributes in shown.tags for name, value in attributes.items() if name in ("src", "href")]
    assert all(place and place.startswith("data:") for place in places)


def test_it_tells_how_the_run_went(shown: Reading) -> None:
    text = " ".join(shown.text.split())
    assert "interrupted" in text and "2026-01-02 03:04:05 UTC" in text
    assert "20 of 30" in text and "1 min 15 s, 0.3 per second" in text
    assert "object_detection_model@v2 20 1 2 3 30.4 ms 100.0% 1.6 ms" in text
    assert "and 2 more; errors.jsonl holds them all" in text
    assert "120" in text and "cropflow 0.1.0" in text


def test_the_gallery_stays_small_and_takes_crops_from_the_whole_run() -> None:
    import supervision as sv

    gallery = Gallery()
    for number in range(200):
        pixels = np.full((300, 300, 3), number, np.uint8)
        image = Image(pixels, id=f"{number}.png")
        boxes = sv.Detections(np.array([[10.0, 20, 210, 70]]), data={"class_name": np.array(["part"])})
        boxes.metadata["origin"] = image.origin
        gallery.add({"image": image}, {"found": [boxes], "count": 1, "nothing": None})
    (uris,) = gallery.shown["found"].values()
    small = [cv2.imdecode(np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8), 1) for uri in uris]
    assert [np.shape(one) for one in small] == [(24, 96, 3)] * 12
    brightness = [float(np.mean(one)) for one in small]  # type: ignore[arg-type]
    assert min(brightness) < 100 < max(brightness)
