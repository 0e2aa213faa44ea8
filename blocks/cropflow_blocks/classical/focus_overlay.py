"""What camera_focus draws: warnings, sharp edges, a grid, a cross and a panel, sized after the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_RED, _GREEN, _BLUE, _WHITE, _GREY = (0, 0, 255), (0, 255, 0), (255, 64, 0), (255, 255, 255), (128, 128, 128)
_STRIPE = 8
_SHARP = 200.0**2
"""Square of the gradient from which an edge counts as sharp: a step of 50 of 255 between two pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """What to draw; `None` and 0 leave a part out.

    Attributes:
        dark: percent of brightness up to which a pixel is marked as too dark.
        bright: percent from which it is marked as too bright.
        edges: square of the gradient at every pixel.
        cells: into how many parts the grid divides each side.
        cross: whether the middle is marked.
        measure: what the panel shows.
    """

    dark: float | None
    bright: float | None
    edges: NDArray[np.float32] | None
    cells: int
    cross: bool
    measure: float | None


def paint(bgr: NDArray[Any], grey: NDArray[Any], overlay: Overlay) -> NDArray[np.uint8]:
    """Return a copy of h×w×3 pixels with the overlay; `grey` is their brightness."""
    scene = np.array(bgr, np.uint8)
    stripes = _stripes(*grey.shape)
    if overlay.dark is not None:
        scene[stripes & (grey <= overlay.dark * 2.55)] = _BLUE
    if overlay.bright is not None:
        scene[stripes & (grey >= overlay.bright * 2.55)] = _RED
    if overlay.edges is not None:
        scene[overlay.edges >= _SHARP] = _GREEN
    _grid(scene, overlay.cells)
    if overlay.cross:
        _cross(scene)
    if overlay.measure is not None:
        _panel(scene, bgr, grey, overlay.measure)
    return scene


def _stripes(high: int, wide: int) -> NDArray[np.bool_]:
    """Diagonal stripes; of bytes, since the places of a large picture fill much memory."""
    down, across = np.arange(high, dtype=np.uint16) % _STRIPE, np.arange(wide, dtype=np.uint16) % _STRIPE
    places = down.astype(np.uint8)[:, None] + across.astype(np.uint8)
    return np.asarray(places % _STRIPE < _STRIPE // 2)


def _grid(scene: NDArray[np.uint8], cells: int) -> None:
    high, wide = scene.shape[:2]
    for part in range(1, cells):
        scene[high * part // cells, :] = _GREY
        scene[:, wide * part // cells] = _GREY


def _cross(scene: NDArray[np.uint8]) -> None:
    high, wide = scene.shape[:2]
    cv2.drawMarker(scene, (wide // 2, high // 2), _WHITE, cv2.MARKER_CROSS, max(5, min(high, wide) // 20))


def _panel(scene: NDArray[np.uint8], bgr: NDArray[Any], grey: NDArray[Any], measure: float) -> None:
    """The value, and curves of how often each level occurs, on a darkened corner."""
    unit = min(scene.shape[1] / 640, scene.shape[0] / 480, 2.0)
    wide, high = round(200 * unit), round(110 * unit)
    if wide < 40 or high < 22:
        return
    panel = scene[:high, :wide]
    panel[:] = panel // 4
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(panel, f"Focus {measure:.1f}", (round(8 * unit), round(22 * unit)), font, 0.5 * unit, _WHITE)
    plot = panel[round(32 * unit) :]
    curves = [(bgr[:, :, 0], _BLUE), (bgr[:, :, 1], _GREEN), (bgr[:, :, 2], _RED), (grey, _WHITE)]
    for channel, color in curves:
        _curve(plot, channel, color)


def _curve(plot: NDArray[np.uint8], channel: NDArray[Any], color: tuple[int, int, int]) -> None:
    counts = np.bincount(channel.ravel(), minlength=256)
    high, wide = plot.shape[:2]
    x = np.arange(256) * (wide - 1) / 255
    y = (high - 1) * (1 - counts / counts.max())
    cv2.polylines(plot, [np.stack((x, y), axis=1).astype(np.int32)], False, color)
