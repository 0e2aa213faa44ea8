"""What notebooks show, and results as tables."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import Classification, Image, Workflow
from cropflow.errors import RunError
from cropflow.image.origin import Origin
from cropflow.result import Result, RunReport
from cropflow.runtime.outputs import depths

CAT = Classification(("cat", "dog"), np.array([0.9, 0.1], np.float32), 0.4, Origin("image/detect/0", 4, 4))


def boxes(*names: str) -> Detections:
    count = len(names)
    return Detections(
        np.array([[i, 0, i + 2, 4] for i in range(count)], np.float32).reshape(-1, 4),
        confidence=np.full(count, 0.5, np.float32),
        class_id=np.zeros(count, int),
        data={"class_name": np.array(names, str)},
    )


def picture(width: int = 6, height: int = 4, channels: int = 3) -> Image:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image(np.full(shape, 200, np.uint8), id="<odd> & 'name'")


def result(*rows: dict[str, Any], errors: tuple[RunError, ...] = ()) -> Result:
    return Result(list(rows), errors, RunReport((), 0.0))


class Tags(HTMLParser):
    """Refuses tags that are not closed; collects text and pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.pictures: list[dict[str, str | None]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs))
        elif tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_shows_as_png_with_its_transparency(channels: int) -> None:
    shown = cv2.imdecode(np.frombuffer(picture(channels=channels)._repr_png_(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.shape == ((4, 6, channels) if channels > 1 else (4, 6))


def test_large_pictures_are_shown_smaller() -> None:
    shown = cv2.imdecode(np.frombuffer(picture(4000, 1000)._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[:2] == (256, 1024)


def test_a_result_is_a_table_of_what_people_look_for() -> None:
    row = {
        "picture": picture(),
        "found": boxes("dog", "cat", "dog"),
        "labels": [CAT, None],
        "deep": [[picture()], []],
        "facts": {"a<b": 1},
        "nothing": Detections.empty(),
        "secret": "***",
    }
    page = Tags(result(row, row)._repr_html_())
    for text in ("picture", "2 × dog, 1 × cat", "cat 0.90", "—", "a<b: 1", "nothing found", "***"):
        assert text in page.text
    assert len(page.pictures) == 4
    assert page.pictures[0]["alt"] == "<odd> & 'name'"


def test_the_table_is_bounded_and_tells_failures() -> None:
    failed = RunError("too <dark>", step="look", block="odd/look@v1", element="image 3")
    many = result(*({"crops": [1] * 30, "text": "x" * 500} for _ in range(60)), errors=(failed,))
    page = Tags(many._repr_html_())
    assert "… and 10 rows" in page.text
    assert "… and 6 more" in page.text
    assert "x" * 201 not in page.text
    assert "1 failed:" in page.text and "image 3: too <dark>" in page.text
    assert Tags(result()._repr_html_()).text == ""


def test_a_picture_that_cannot_be_read_does_not_break_the_table() -> None:
    page = Tags(result({"picture": Image.load(b"no picture", id="broken")})._repr_html_())
    assert "broken" in page.text


def test_one_row_for_each_box() -> None:
    frame = result({"found": boxes("dog", "cat")}, {"found": boxes()}, {"found": boxes("cat")}).to_pandas()
    assert frame["row"].tolist() == [0, 0, 2]
    assert frame["class"].tolist() == ["dog", "cat", "cat"]
    assert frame["width"].tolist() == [2, 2, 2]
    assert frame.groupby("class").size().to_dict() == {"cat": 2, "dog": 1}


def test_one_row_for_each_crop_to_any_depth() -> None:
    rows = ({"labels": [CAT, None], "n": 1, "deep": [[1, 2], []]}, {"labels": [], "n": 2, "deep": [[3]]})
    labels = result(*rows).to_pandas("labels")
    assert labels[["row", "index"]].to_numpy().tolist() == [[0, 0], [0, 1]]
    assert labels["top"].tolist()[0] == "cat"
    assert labels["top"].isna().tolist() == [False, True]
    assert result(*rows).to_pandas("n")["value"].tolist() == [1, 2]
    assert result(*rows).to_pandas("deep").to_numpy().tolist() == [[0, 0, 0, 1], [0, 0, 1, 2], [1, 0, 0, 3]]


def test_a_failed_picture_has_no_row_among_boxes_and_crops() -> None:
    frame = result({"found": boxes("dog")}, {"found": None}, {"found": boxes()}).to_pandas()
    assert frame["row"].tolist() == [0]
    assert "value" not in frame
    assert frame["class_id"].dtype.kind == "i"
    inner = result({"found": [boxes("dog"), None]}, {"found": None}).to_pandas()
    assert inner[["row", "index"]].to_numpy().tolist() == [[0, 0]]
    assert result({"labels": [CAT, None]}, {"labels": None}).to_pandas()["row"].tolist() == [0, 0]


def test_a_failed_picture_keeps_the_row_of_a_single_value() -> None:
    frame = result({"count": 2}, {"count": None}).to_pandas()
    assert frame["row"].tolist() == [0, 1]
    assert frame["value"].isna().tolist() == [False, True]


def test_the_document_tells_what_holds_several_where_all_failed() -> None:
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]},
            {"type": "WorkflowBatchInput", "name": "sizes", "kind": ["list_of_values"]},
            {"type": "WorkflowBatchInput", "name": "count", "kind": ["integer"]},
            {"type": "WorkflowBatchInput", "name": "deep", "kind": ["integer"], "dimensionality": 2},
            {"type": "WorkflowParameter", "name": "title"},
        ],
        "steps": [],
        "outputs": [
            {"type": "JsonField", "name": name, "selector": f"$inputs.{name}"}
            for name in ("found", "sizes", "count", "deep", "title")
        ],
    }
    with Workflow.load(document) as workflow:
        assert depths(workflow.plan) == {"found": 1, "sizes": 1, "count": 0, "deep": 1, "title": 0}
    lost = Result([{"found": None, "count": None}], (), RunReport((), 0.0), {"found": 1, "count": 0})
    assert lost.to_pandas("found").groupby("row").size().to_dict() == {}
    assert len(lost.to_pandas("count")) == 1


def test_pictures_are_told_by_their_size() -> None:
    frame = result({"crops": [picture(3), picture(5)]}).to_pandas()
    assert frame["width"].tolist() == [3, 5]


def test_which_output_must_be_clear() -> None:
    several = result({"one": 1, "two": 2})
    with pytest.raises(ValueError, match="say which output: 'one', 'two'"):
        several.to_pandas()
    with pytest.raises(ValueError, match="there is no output 'three'; there are 'one', 'two'"):
        several.to_pandas("three")
    assert len(result().to_pandas()) == 0


def test_without_pandas_the_message_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from cropflow.result import Result, RunReport\n"
        "Result([{'a': 1}], (), RunReport((), 0.0)).to_pandas()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: to_pandas needs pandas: pip install pandas" in ended.stderr
