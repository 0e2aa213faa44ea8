"""Letters and words in known places, and the text they make; the expected texts are those of the original engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from supervision import Detections

from cropflow import RunError, Workflow, WorkflowError

Box = Sequence[float]
AB_CD = ([[12, 5, 22, 25], [0, 0, 10, 20], [0, 40, 10, 60], [12, 42, 22, 62]], "BACD")
HI_YOU = ([[0, 0, 10, 20], [12, 0, 22, 20], [60, 0, 70, 20], [72, 0, 82, 20], [84, 0, 94, 20]], "HIYOU")
SLANTED = ([[20 * i, 4 * i, 20 * i + 10, 4 * i + 20] for i in range(8)], "DRIFTING")


def letters(boxes: Sequence[Box], words: Sequence[str]) -> Detections:
    corners = np.array(boxes, float).reshape(-1, 4)
    data = {"class_name": np.array(list(words), str)}
    return Detections(corners, class_id=np.zeros(len(corners), int), data=data)


def stitch(*found: Detections, version: int = 1, **fields: Any) -> list[str]:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]}],
        "steps": [
            {"type": f"roboflow_core/stitch_ocr_detections@v{version}", "name": "stitch",
             "predictions": "$inputs.found", "reading_direction": "left_to_right", **fields}
        ],
        "outputs": [{"type": "JsonField", "name": "text", "selector": "$steps.stitch.ocr_text"}],
    }  # fmt: skip
    with Workflow.load(document) as workflow:
        return [row["text"] for row in workflow.run({"found": list(found)})]


def text(drawn: tuple[Sequence[Box], Sequence[str]], **fields: Any) -> str:
    return stitch(letters(*drawn), **fields)[0]


@pytest.mark.parametrize(
    ("direction", "plain", "dashed"),
    [
        ("left_to_right", "AB\nCD", "A-B-\n-C-D"),
        ("right_to_left", "BA\nDC", "B-A-\n-D-C"),
        ("vertical_top_to_bottom", "AC BD", "A-C- -B-D"),
        ("vertical_bottom_to_top", "DB CA", "D-B- -C-A"),
        ("auto", "AC BD", "A-C- -B-D"),
    ],
)
def test_letters_are_read_in_every_direction(direction: str, plain: str, dashed: str) -> None:
    assert text(AB_CD, reading_direction=direction) == plain
    assert text(AB_CD, reading_direction=direction, delimiter="-") == dashed
    fields = {"version": 2, "stitching_algorithm": "tolerance", "reading_direction": direction}
    assert text(AB_CD, **fields) == plain
    assert text(AB_CD, **fields, delimiter="-") == dashed


@pytest.mark.parametrize(
    ("direction", "otsu", "collimate"),
    [
        ("left_to_right", "A-B\nC-D", "A-B\nC-D"),
        ("right_to_left", "B-A\nD-C", "B-A\nD-C"),
        ("vertical_top_to_bottom", "A-C B-D", "A-B-C-D"),
        ("vertical_bottom_to_top", "D-B C-A", "D-C-B-A"),
        ("auto", "A-C B-D", "A-B-C-D"),
    ],
)
def test_delimiters_stand_inside_lines_only(direction: str, otsu: str, collimate: str) -> None:
    fields = {"version": 2, "reading_direction": direction, "delimiter": "-"}
    assert text(AB_CD, **fields, stitching_algorithm="otsu") == otsu
    assert text(AB_CD, **fields, stitching_algorithm="collimate") == collimate


@pytest.mark.parametrize(("tolerance", "expected"), [(5, "A\nB\nCD"), (6, "A\nB\nCD"), (10, "AB\nCD"), (50, "AB\nCD")])
def test_tops_are_rounded_to_multiples_of_the_tolerance(tolerance: int, expected: str) -> None:
    assert text(AB_CD, tolerance=tolerance) == expected


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([[0, 0, 11, 10], [15, 0, 26, 10]], "AB"),
        ([[0, 0, 10, 10], [15, 0, 25, 10]], "A B"),
        ([[0, 0, 10, 12], [15, 0, 25, 12], [30, 0, 130, 10]], "ABC"),
        ([[0, 0, 12, 10], [15, 0, 27, 10], [30, 0, 40, 100]], "A B C"),
    ],
)
def test_auto_reads_downwards_unless_boxes_are_wider_than_high(boxes: list[Box], expected: str) -> None:
    assert text((boxes, "ABC"[: len(boxes)]), reading_direction="auto") == expected


def test_wide_gaps_are_spaces() -> None:
    assert text(HI_YOU, version=2, stitching_algorithm="otsu") == "HI YOU"
    assert text(HI_YOU, version=2, stitching_algorithm="otsu", reading_direction="right_to_left") == "UOY IH"
    upright = ([[y0, x0, y1, x1] for x0, y0, x1, y1 in HI_YOU[0]], HI_YOU[1])
    for direction, expected in (("vertical_top_to_bottom", "HI YOU"), ("vertical_bottom_to_top", "UOY IH")):
        assert text(upright, version=2, stitching_algorithm="otsu", reading_direction=direction) == expected
    below = [[x0, y0 + 40, x1, y1 + 40] for x0, y0, x1, y1 in HI_YOU[0]]
    two = ([*HI_YOU[0], *below], "HIYOUBEOLD")
    assert text(two, version=2, stitching_algorithm="otsu") == "HI YOU\nBE OLD"
    assert text(two, version=2, stitching_algorithm="tolerance") == "HIYOU\nBEOLD"
    assert text(two, version=2, stitching_algorithm="otsu", delimiter="-") == "H-I-Y-O-U\nB-E-O-L-D"


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([2, 3, 2, 3, 2], "ABCDEF"),
        ([1, 5, 1, 5], "AB CD E"),
        ([2, 20], "AB C"),
        ([20], "AB"),
        ([20, 20, 20], "ABCD"),
        ([2, 2, 5, 2, 2], "ABCDEF"),
        ([2, 2, 6, 2, 2], "ABC DEF"),
        ([-2, -2, 3, -2], "ABCDE"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "ABCDE F G H I"),
        ([2, 10, 2, 30], "ABCD E"),
        ([], "A"),
    ],
)
def test_which_gaps_are_wide(gaps: list[float], expected: str) -> None:
    starts = np.cumsum([0, *(10 + gap for gap in gaps)])
    boxes = [[x, 0, x + 10, 20] for x in starts]
    assert text((boxes, "ABCDEFGHI"[: len(boxes)]), version=2, stitching_algorithm="otsu") == expected


@pytest.mark.parametrize(
    ("multiplier", "expected"), [(0.5, "A B C D E F"), (1, "ABC DEF"), (3, "ABC DEF"), (4, "ABCDEF")]
)
def test_the_multiplier_moves_the_limit(multiplier: float, expected: str) -> None:
    boxes = [[x, 0, x + 10, 20] for x in (0, 12, 24, 44, 56, 68)]
    fields = {"version": 2, "stitching_algorithm": "otsu", "otsu_threshold_multiplier": multiplier}
    assert text((boxes, "ABCDEF"), **fields) == expected


def test_slanted_lines() -> None:
    assert text(SLANTED) == "DR\nIF\nTIN\nG"
    assert text(SLANTED, version=2, stitching_algorithm="otsu") == "DRIFT\nING"
    for tolerance in (1, 20):
        fields = {"version": 2, "stitching_algorithm": "collimate", "collimate_tolerance": tolerance}
        assert text(SLANTED, **fields) == "DRIFTING"


@pytest.mark.parametrize(
    ("first", "second", "tolerance", "split_at"),
    [(20, 20, 10, 20), (20, 20, 1, 11), (20, 10, 10, 25), (10, 20, 10, 15), (40, 40, 10, 30)],
)
def test_where_a_collimated_line_ends(first: int, second: int, tolerance: int, split_at: int) -> None:
    fields = {"version": 2, "stitching_algorithm": "collimate", "collimate_tolerance": tolerance}
    for down, expected in ((split_at - 1, "AB"), (split_at, "A\nB")):
        assert text(([[0, 0, 10, first], [15, down, 25, down + second]], "AB"), **fields) == expected


@pytest.mark.parametrize("algorithm", ["tolerance", "otsu", "collimate"])
@pytest.mark.parametrize("direction", ["left_to_right", "vertical_bottom_to_top", "auto"])
def test_no_letters_and_one(algorithm: str, direction: str) -> None:
    fields = {"version": 2, "stitching_algorithm": algorithm, "reading_direction": direction}
    one, flat = letters([[0, 0, 10, 10]], "x"), letters([[5, 5, 5, 5], [9, 5, 9, 5]], "..")
    assert stitch(Detections.empty(), one, letters([], ""), **fields) == ["", "x", ""]
    assert stitch(flat, **fields)[0].split() in ([".."], [".", "."])


def test_predictions_without_class_names_are_refused() -> None:
    with pytest.raises(RunError, match="have no class names, which are what is joined"):
        stitch(Detections(np.array([[0.0, 0, 1, 1]])))


@pytest.mark.parametrize("fields", [{"tolerance": 0}, {"tolerance": -1}, {"reading_direction": "sideways"}])
def test_wrong_fields_are_refused_before_anything_runs(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match=next(iter(fields))):
        text(AB_CD, **fields)
