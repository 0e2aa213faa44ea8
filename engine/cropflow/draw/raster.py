"""PNG: the same drawing with OpenCV alone, at twice the size so that it is sharp on any screen.

OpenCV's letters are ASCII, so a step's name may lose its accents here; Mermaid and SVG show every name as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.compiler.plan import Plan
from cropflow.draw.diagram import make_diagram
from cropflow.draw.layout import LINE_HEIGHT, Box, Route, lay_out
from cropflow.draw.style import FAINT, INK, LINE, NOTE_SIZE, PAPER, TITLE_SIZE, Rgb, tint

_SCALE = 2
_FRACTION_BITS = 3
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_STEPS_OF_A_CURVE = 24
_PLAIN = str.maketrans({"›": ">", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "æ": "ae"})


def png(plan: Plan) -> bytes:
    """Return a drawing of a plan as the bytes of a PNG file, RGB."""
    layout = lay_out(make_diagram(plan))
    size = (round(layout.height * _SCALE), round(layout.width * _SCALE), 3)
    canvas = np.full(size, PAPER, np.uint8)
    for route in layout.routes:
        _arrow(canvas, route)
    for route in layout.routes:
        _label(canvas, route)
    for box in layout.boxes:
        _box(canvas, box)
    return bytes(cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))[1])


def _arrow(canvas: NDArray[np.uint8], route: Route) -> None:
    line = np.concatenate([_curve(one, other) for one, other in pairwise(route.points)])
    tip = line[-1]
    parts = _dashes(line) if route.edge.gate else [line]
    cv2.polylines(canvas, [_fixed(part) for part in parts], False, LINE, _SCALE, cv2.LINE_AA, _FRACTION_BITS)
    head = tip + np.array([(0, 0), (-3.5, -7), (3.5, -7)])
    cv2.fillPoly(canvas, [_fixed(head)], LINE, cv2.LINE_AA, _FRACTION_BITS)


def _curve(one: tuple[float, float], other: tuple[float, float]) -> NDArray[np.float64]:
    """Return points of a curve that leaves and arrives vertically, n × 2."""
    t = np.linspace(0, 1, _STEPS_OF_A_CURVE)[:, None]
    middle = (one[1] + other[1]) / 2
    ends = np.array([one, (one[0], middle), (other[0], middle), other])
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    points: NDArray[np.float64] = weights @ ends
    return points


def _dashes(line: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return [line[start : start + 3] for start in range(0, len(line), 5)]


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return points in OpenCV's fixed-point numbers, which keep curves smooth."""
    fixed: NDArray[np.int32] = np.round(points * _SCALE * 2**_FRACTION_BITS).astype(np.int32)
    return fixed


def _label(canvas: NDArray[np.uint8], route: Route) -> None:
    if route.label is None:
        return
    x, y, width, height = route.label
    _filled(canvas, _corners(x, y, width, height, 0), PAPER)
    _lines(canvas, route.edge.labels, x, y - height / 2)


def _box(canvas: NDArray[np.uint8], box: Box) -> None:
    colors = tint(box.node.depth)
    radius = 6 if box.node.role == "step" else box.height / 2
    outline = _corners(box.x, box.y, box.width, box.height, radius)
    _filled(canvas, outline, colors.fill)
    cv2.polylines(canvas, [_fixed(outline)], True, colors.stroke, _SCALE, cv2.LINE_AA, _FRACTION_BITS)
    top = box.y - box.height / 2 + 6
    _text(canvas, box.node.title, box.x, top + TITLE_SIZE, TITLE_SIZE, INK)
    _lines(canvas, box.node.notes, box.x, top + TITLE_SIZE + 6)


def _corners(x: float, y: float, width: float, height: float, radius: float) -> NDArray[np.float64]:
    """Return the outline of a rectangle with round corners, n × 2."""
    angles = np.linspace(0, np.pi / 2, 12)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + np.array(
        (width / 2 - radius, height / 2 - radius)
    )
    quarters = [arc, arc[::-1] * (-1, 1), arc * (-1, -1), arc[::-1] * (1, -1)]
    outline: NDArray[np.float64] = np.concatenate(quarters) + np.array((x, y))
    return outline


def _filled(canvas: NDArray[np.uint8], outline: NDArray[np.float64], color: Rgb) -> None:
    cv2.fillPoly(canvas, [_fixed(outline)], color, cv2.LINE_AA, _FRACTION_BITS)


def _lines(canvas: NDArray[np.uint8], lines: Iterable[str], x: float, top: float) -> None:
    for number, line in enumerate(lines):
        _text(canvas, line, x, top + number * LINE_HEIGHT + NOTE_SIZE, NOTE_SIZE, FAINT)


def _text(canvas: NDArray[np.uint8], text: str, x: float, baseline: float, size: int, color: Rgb) -> None:
    shown = _ascii(text)
    thickness = 2 if size == TITLE_SIZE else 1
    scale = cv2.getFontScaleFromHeight(_FONT, round(size * _SCALE * 0.72), thickness)
    (width, _), _ = cv2.getTextSize(shown, _FONT, scale, thickness)
    place = (round(x * _SCALE - width / 2), round(baseline * _SCALE))
    cv2.putText(canvas, shown, place, _FONT, scale, color, thickness, cv2.LINE_AA)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace").decode("ascii")
