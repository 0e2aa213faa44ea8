"""The four looks of the pictures: what is drawn before the digits come, and where each digit goes.

Sizes keep to what the detector was trained on: digits of 22 to 80 pixels once the picture is scaled to 320.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[Any]
Colour: TypeAlias = tuple[int, int, int]
Rng: TypeAlias = np.random.Generator

PENS: list[Colour] = [(40, 36, 34), (150, 60, 30), (40, 40, 170), (60, 100, 30)]
CHALKS: list[Colour] = [(236, 238, 240), (130, 220, 250), (240, 210, 150), (180, 190, 250)]
CRATES: list[Colour] = [(36, 76, 124), (120, 76, 40), (56, 88, 50), (48, 44, 120), (74, 74, 78)]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a digit goes: centre and height in pixels, colour in BGR, largest tilt in degrees."""

    x: float
    y: float
    height: float
    colour: Colour
    tilt: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture still without digits: h×w×3 BGR uint8, and the places for them."""

    backdrop: Pixels
    cells: list[Cell]


def paper(width: int, height: int, colour: Colour, rng: Rng) -> Pixels:
    """Return an uneven plain surface: h×w×3 BGR uint8."""
    patches = rng.uniform(-14, 14, (4, 4, 1)) + np.array(colour)
    surface = cv2.resize(patches.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    uneven: Pixels = np.clip(surface, 0, 255).astype(np.uint8)
    return uneven


def sheet(rng: Rng, dark: bool) -> Layout:
    """A crowded page: digits in many inks, all over it."""
    page = paper(320, 320, (52, 70, 50) if dark else (222, 234, 240), rng)
    for y in range(20, 320, 40):
        cv2.line(page, (0, y), (320, y), (84, 104, 80) if dark else (228, 205, 188), 1, cv2.LINE_AA)
    inks = CHALKS if dark else PENS
    spots = [(44 + 58 * column, 44 + 58 * row) for row in range(5) for column in range(5)]
    kept = rng.permutation(len(spots))[:18]
    return Layout(page, [loose(spots[i], inks, rng) for i in sorted(kept)])


def loose(spot: tuple[int, int], inks: list[Colour], rng: Rng) -> Cell:
    dx, dy = rng.uniform(-7, 7, 2)
    return Cell(spot[0] + dx, spot[1] + dy, rng.uniform(26, 44), inks[rng.integers(len(inks))], tilt=22)


def form(rng: Rng, dark: bool) -> Layout:
    """A form: printed lines, and rows of boxes with one digit each."""
    page = paper(320, 320, (92, 70, 52) if dark else (238, 242, 244), rng)
    printed = (176, 160, 140) if dark else (120, 110, 105)
    cv2.rectangle(page, (0, 0), (320, 34), (60, 44, 30) if dark else (170, 120, 60), -1)
    inks = CHALKS if dark else PENS
    cells: list[Cell] = []
    for top in (70, 156, 242):
        cv2.rectangle(page, (22, top - 16), (22 + int(rng.integers(70, 150)), top - 11), printed, -1)
        cells += boxes(page, top, int(rng.integers(4, 7)), printed, inks[rng.integers(len(inks))], rng)
    return Layout(page, cells)


def boxes(page: Pixels, top: int, count: int, frame: Colour, ink: Colour, rng: Rng) -> list[Cell]:
    cells = []
    for left in range(22, 22 + 47 * count, 47):
        cv2.rectangle(page, (left, top), (left + 44, top + 54), frame, 1)
        dx, dy = rng.uniform(-3, 3, 2)
        cells.append(Cell(left + 22 + dx, top + 27 + dy, rng.uniform(30, 38), ink, tilt=10))
    return cells


def meter(rng: Rng, dark: bool) -> Layout:
    """A meter: a row of rolls behind windows, the last ones red, over a plate with a serial number."""
    plate = paper(320, 224, (58, 54, 50) if dark else (196, 200, 200), rng)
    cv2.rectangle(plate, (14, 34), (306, 124), (28, 28, 30), -1)
    for x in (24, 296):
        cv2.circle(plate, (x, 18), 5, (120, 124, 126), -1, cv2.LINE_AA)
    rolls = [roll(plate, left, left > 200, rng) for left in range(22, 260, 47)]
    stamp = (206, 212, 214) if dark else (44, 40, 40)
    serial = [Cell(88 + 36 * i, 172, rng.uniform(28, 34), stamp, tilt=4) for i in range(5)]
    return Layout(plate, rolls + serial)


def roll(plate: Pixels, left: int, red: bool, rng: Rng) -> Cell:
    """Draw one window; its digit stands a little above or below the middle, as rolls do."""
    colour = (48, 44, 176) if red else (224, 228, 230)
    cv2.rectangle(plate, (left, 44), (left + 42, 114), colour, -1)
    ink = (236, 238, 240) if red else (32, 30, 30)
    return Cell(left + 21, 79 + rng.uniform(-6, 6), rng.uniform(38, 44), ink, tilt=4)


def shelf(rng: Rng, dark: bool) -> Layout:
    """A shelf, taken from nearer (640×480): crates with a number painted on each."""
    wall = paper(640, 480, (44, 46, 54) if dark else (206, 212, 216), rng)
    cells: list[Cell] = []
    for board in (152, 306, 460):
        cells += crates(wall, board, rng)
        cv2.rectangle(wall, (0, board), (640, board + 16), (40, 62, 88) if dark else (92, 134, 174), -1)
    return Layout(wall, cells)


def crates(wall: Pixels, board: int, rng: Rng) -> list[Cell]:
    cells: list[Cell] = []
    left = int(rng.integers(4, 24))
    for _ in range(3):
        width, height = int(rng.integers(172, 196)), int(rng.integers(122, 134))
        front = CRATES[rng.integers(len(CRATES))]
        cv2.rectangle(wall, (left, board - height), (left + width, board), front, -1)
        cells += stencil(left + width // 2, board - height // 2, rng)
        left += width + int(rng.integers(6, 20))
    return cells


def stencil(x: int, y: int, rng: Rng) -> list[Cell]:
    """A number of two digits in light paint."""
    paint = CHALKS[rng.integers(len(CHALKS))]
    return [Cell(x + dx, y + rng.uniform(-4, 4), rng.uniform(60, 76), paint, tilt=10) for dx in (-36, 36)]


LOOKS: dict[str, tuple[Callable[[Rng, bool], Layout], str]] = {
    "sheet": (sheet, "png"),
    "form": (form, "png"),
    "meter": (meter, "jpg"),
    "shelf": (shelf, "jpg"),
}
