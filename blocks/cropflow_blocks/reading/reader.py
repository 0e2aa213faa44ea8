"""Finds and reads text with RapidOCR, which carries its models inside the package and works offline.

RapidOCR is imported and its models are loaded with the first picture, once for all steps and workflows: what it
changes while it works (thresholds, loggers) is guarded by one lock. Importing this file imports neither it nor
onnxruntime.
"""

from __future__ import annotations

import logging
import math
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.errors import ModelError
from cropflow_blocks.reading.quads import Corners, Pixels, as_corners

INSTALL = 'pip install "cropflow[ocr]"'
_HEIGHT = 48
"""Pixels that a line of text is brought to, as the recogniser was trained."""
_STEP, _SHORTEST, _LONGEST = 80, 320, 3200
"""Lines are padded to the next of these widths, so that what is read never depends on what else is in the batch."""
_GREY = 128
_SLIMMEST = 1 / 8
"""Slimmer pictures are padded; RapidOCR would make the short side of some vanish."""
_SMALL, _LARGE, _ENLARGED = 736, 2000, 2.0
"""Pictures are enlarged until the short side is small no more, the long side large, or all this many times as large.

RapidOCR knows only the first, and takes a second to look at a label of 20 × 200 pixels."""
_TOGETHER = 16
"""Lines in one call of the recogniser; more are no faster."""
_SURE = 0.9
"""From here on a line counts as read well; few texts are, when they stand on their head."""


class Reading(NamedTuple):
    """What was read on one crop; an empty text has the confidence 0."""

    text: str
    confidence: float


class TextReader:
    """One pair of models, a detector and a recogniser, which any number of threads may use one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: Any = None

    def find(self, bgr: Pixels, confidence: float) -> tuple[Corners, NDArray[np.float32]]:
        """Find lines of text on one picture.

        Args:
            bgr: height × width × 3.
            confidence: 0 to 1; what is less likely text is dropped.

        Returns:
            The corners of each line, n×4×2, and how likely it is text.

        Raises:
            ModelError: RapidOCR is not installed; the message says how to.
        """
        height, width = bgr.shape[:2]
        larger, scale = _enlarged(_not_slim(bgr))
        with self._working() as engine:
            told = engine(larger, use_det=True, use_cls=False, use_rec=False, box_thresh=confidence)
        corners = as_corners(told.boxes) / np.float32(scale)
        likely = np.asarray(told.scores if len(corners) else [], np.float32)
        corners = np.clip(corners, 0, np.array([width, height], np.float32))
        inside = (np.ptp(corners, axis=1) > 0).all(1)  # what lay in the padding alone has no area now
        return corners[inside], likely[inside]

    def read(self, crops: Sequence[Pixels], turn: bool = False) -> list[Reading]:
        """Read lines of text, one on each crop, whatever mixture of sizes.

        Args:
            crops: height × width × 3 in BGR each; the text runs from left to right.
            turn: look at crops that are not read well upside down too, and take what is read well so.

        Raises:
            ModelError: RapidOCR is not installed; the message says how to.
        """
        lines = [_as_line(crop) for crop in crops]
        with self._working() as engine:
            read = _recognized(engine, lines)
            unsure = [i for i, line in enumerate(read) if turn and line.confidence < _SURE]
            other = _recognized(engine, [_as_line(crops[i][::-1, ::-1]) for i in unsure])
        better = {i: line for i, line in zip(unsure, other, strict=True) if line.confidence >= _SURE}
        return [better.get(i, line) for i, line in enumerate(read)]

    @contextmanager
    def _working(self) -> Iterator[Any]:
        """Give the engine to one thread, silent, and loaded on the first use."""
        with self._lock, _silence():
            self._engine = self._engine or _loaded()
            yield self._engine


_LIVE: weakref.WeakSet[TextReader] = weakref.WeakSet()
_GUARD = threading.Lock()


def shared_reader() -> TextReader:
    """Return the reader that is in use, or a new one; its models go when nobody holds it any more."""
    with _GUARD:
        reader = next(iter(_LIVE), None) or TextReader()
        _LIVE.add(reader)
        return reader


def _loaded() -> Any:
    try:
        import_module("onnxruntime")  # else it is missed only when the first model is loaded
        rapidocr = import_module("rapidocr")
    except ImportError as error:
        raise ModelError(f"reading text needs RapidOCR ({error}); install it with: {INSTALL}") from error
    settings = {"Global.log_level": "critical", "Rec.rec_batch_num": _TOGETHER, "Det.limit_side_len": 32}
    engine = rapidocr.RapidOCR(params=settings)
    engine(np.zeros((32, 32, 3), np.uint8), use_det=True, use_cls=False, use_rec=False)
    engine.text_det.sorted_boxes = _as_found
    return engine


def _recognized(engine: Any, lines: Sequence[Pixels]) -> list[Reading]:
    """Read lines of a common height; those of one width in one call."""
    read = [Reading("", 0.0)] * len(lines)
    for width in sorted({line.shape[1] for line in lines}):
        places = [i for i, line in enumerate(lines) if line.shape[1] == width]
        told = engine.recognize_txt([lines[i] for i in places])
        for place, text, score in zip(places, told.txts, told.scores, strict=True):
            read[place] = Reading(text.strip(), float(score) if text.strip() else 0.0)
    return read


def _as_found(boxes: Any) -> Any:
    """Stand in for RapidOCR's sorting, which leaves the scores behind; see `reading_order` for ours."""
    return boxes


@contextmanager
def _silence() -> Iterator[None]:
    """RapidOCR logs with a handler of its own, also what is normal; its level and state are put back after."""
    logger = logging.getLogger("RapidOCR")
    before = logger.disabled, logger.level
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before[0]
        logger.setLevel(before[1])


def _not_slim(bgr: Pixels) -> Pixels:
    """Pad slim pictures below or on the right, so that no coordinate moves, in a colour that makes no edge."""
    height, width = bgr.shape[:2]
    least = max(3, math.ceil(max(height, width) * _SLIMMEST))
    down, right = max(0, least - height), max(0, least - width)
    if not (down or right):
        return bgr
    usual = np.median(bgr, axis=(0, 1)).tolist()
    return cv2.copyMakeBorder(bgr, 0, down, 0, right, cv2.BORDER_CONSTANT, value=usual).astype(np.uint8, copy=False)


def _enlarged(bgr: Pixels) -> tuple[Pixels, float]:
    """Return the picture in the size that text is looked for, and how many times as large that is."""
    short, long = min(bgr.shape[:2]), max(bgr.shape[:2])
    scale = max(1.0, min(_SMALL / short, _LARGE / long, _ENLARGED))
    larger = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return larger.astype(np.uint8, copy=False), scale


def _as_line(crop: Pixels) -> Pixels:
    """Bring a crop to the height of a line and one of few widths."""
    height, width = crop.shape[:2]
    long = min(_LONGEST, max(1, round(width * _HEIGHT / height)))
    room = max(_SHORTEST, -(-long // _STEP) * _STEP)
    line = cv2.resize(crop, (long, _HEIGHT))
    padded = cv2.copyMakeBorder(line, 0, 0, 0, room - long, cv2.BORDER_CONSTANT, value=(_GREY, _GREY, _GREY))
    return padded.astype(np.uint8, copy=False)
