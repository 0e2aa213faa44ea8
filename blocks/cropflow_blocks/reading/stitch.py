"""Single letters or words to one text: where an OCR model was trained as a detector, boxes are what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Setting
from cropflow_blocks.reading.lines import by_means, by_neighbours, by_rounding, gaps, widest_narrow_gap

Direction = Literal["left_to_right", "right_to_left", "vertical_top_to_bottom", "vertical_bottom_to_top", "auto"]
Algorithm = Literal["tolerance", "otsu", "collimate"]

Predictions = Annotated[Detections, Port("boxes whose class is what they say")]
Reading = Setting[
    Annotated[
        Direction,
        Port("how the text runs; `auto` takes left_to_right where boxes are wider than high, else top to bottom"),
    ]
]
Tolerance = Annotated[
    int,
    Field(gt=0),
    Port("tops of boxes are rounded to multiples of this many pixels to tell lines; about half the height of a line"),
]
Delimiter = Annotated[str, Port("put between the pieces")]


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """Boxes as a reader sees them.

    Attributes:
        words: what each says.
        along: where each begins and ends in the direction of its line, n×2.
        across: likewise in the direction from line to line.
        backwards: lines are read against the axis.
        upwards: lines follow one another against the axis.
        between: what stands between lines.
    """

    words: Sequence[str]
    along: NDArray[Any]
    across: NDArray[Any]
    backwards: bool
    upwards: bool
    between: str

    def ordered(self, lines: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return lines and their members in the order they are read in."""
        sign = -1 if self.backwards else 1
        rows = [sorted(line, key=lambda i: sign * float(self.along[i, 0])) for line in lines]
        return rows[::-1] if self.upwards else rows

    def gaps(self, row: Sequence[int]) -> NDArray[np.float64]:
        """Return the gap before each member but the first of a line in reading order."""
        return gaps(self.along[row[::-1]])[::-1] if self.backwards else gaps(self.along[row])


class StitchOCRDetectionsV1(Block):
    """Join detections of letters or words to one text, in the order people read.

    Boxes whose tops are the same when rounded to multiples of `tolerance` are one line; lines are joined by a line
    break. In vertical text columns take the place of lines, their left sides count, and a space stands between. The
    delimiter also stands before and after these. No detections give an empty text.

    Raises:
        ValueError: the detections have no class names.
    """

    type = "stitch_ocr_detections@v1"
    aliases = ("roboflow_core/stitch_ocr_detections@v1",)

    class Output(NamedTuple):
        """What the boxes of one picture say."""

        ocr_text: Annotated[str, Port("the text")]

    def run(
        self,
        predictions: Predictions,
        reading_direction: Reading,
        tolerance: Tolerance = 10,
        delimiter: Delimiter = "",
    ) -> Output:
        """Join."""
        return self.Output(_by_tolerance(_page(predictions, reading_direction), tolerance, delimiter))


class StitchOCRDetectionsV2(Block):
    """Join detections of letters or words to one text, in the order people read, by one of three algorithms.

    - `tolerance`: as version 1. Boxes whose tops are the same when rounded to multiples of `tolerance` are one line.
      The delimiter also stands before and after the breaks between lines.
    - `otsu`: lines are told by the height of the boxes. Where gaps in a line are of two sorts, a space stands in the
      wide ones; a delimiter takes the place of all spaces. For single letters that form words.
    - `collimate`: a line goes on as long as the centre of the next box lies less than `collimate_tolerance` beyond
      the box before; lines may be slanted or bent.

    Lines are joined by a line break. In vertical text columns take the place of lines, and a space stands between
    them. No detections give an empty text.

    Raises:
        ValueError: the detections have no class names.
    """

    type = "stitch_ocr_detections@v2"
    aliases = ("roboflow_core/stitch_ocr_detections@v2",)

    class Output(NamedTuple):
        """What the boxes of one picture say."""

        ocr_text: Annotated[str, Port("the text")]

    def run(
        self,
        predictions: Predictions,
        stitching_algorithm: Setting[Annotated[Algorithm, Port("how lines and spaces are told")]],
        reading_direction: Reading,
        tolerance: Tolerance = 10,
        delimiter: Delimiter = "",
        otsu_threshold_multiplier: Annotated[
            float, Port("otsu: how much wider than the limit found a gap has to be to hold a space")
        ] = 1.0,
        collimate_tolerance: Annotated[
            int, Field(ge=0), Port("collimate: how far beyond the box before, in pixels, a line goes on")
        ] = 10,
    ) -> Output:
        """Join."""
        page = _page(predictions, reading_direction)
        if stitching_algorithm == "tolerance":
            return self.Output(_by_tolerance(page, tolerance, delimiter))
        if stitching_algorithm == "collimate":
            rows = page.ordered(by_neighbours(page.across, collimate_tolerance))
            return self.Output(page.between.join(delimiter.join(page.words[i] for i in row) for row in rows))
        return self.Output(_with_spaces(page, delimiter, otsu_threshold_multiplier))


def _page(predictions: Detections, direction: Direction) -> _Page:
    words = predictions.data.get("class_name", [] if len(predictions) == 0 else None)
    if words is None:
        raise ValueError("the predictions have no class names, which are what is joined; take a model that names them")
    x, y = predictions.xyxy[:, [0, 2]], predictions.xyxy[:, [1, 3]]
    if direction == "auto":
        wide = len(x) > 0 and np.diff(x).mean() > np.diff(y).mean()
        direction = "left_to_right" if wide else "vertical_top_to_bottom"
    backwards = direction in ("right_to_left", "vertical_bottom_to_top")
    names = [str(word) for word in words]
    if direction.startswith("vertical"):
        return _Page(names, y, x, backwards, upwards=backwards, between=" ")
    return _Page(names, x, y, backwards, upwards=False, between="\n")


def _by_tolerance(page: _Page, tolerance: float, delimiter: str) -> str:
    pieces: list[str] = []
    for row in page.ordered(by_rounding(page.across, tolerance)):
        pieces += [page.between] if pieces else []
        pieces += [page.words[i] for i in row]
    return delimiter.join(pieces)


def _with_spaces(page: _Page, delimiter: str, multiplier: float) -> str:
    rows = page.ordered(by_means(page.across))
    room = [page.gaps(row) for row in rows]
    limit = widest_narrow_gap(np.concatenate(room)) if rows and not delimiter else None
    lines = []
    for row, spaces in zip(rows, room, strict=True):
        wide = spaces > (np.inf if limit is None else limit * multiplier)
        before = ["", *(" " if is_wide else delimiter for is_wide in wide)]
        lines.append("".join(gap + page.words[i] for gap, i in zip(before, row, strict=True)))
    return page.between.join(lines)
