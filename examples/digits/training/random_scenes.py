"""Pictures to train on: digits of all sizes, colours and tilts over shapes, lines and noise, none like another.

They know nothing of the looks of the example's own pictures, which are drawn elsewhere (`looks.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from handwriting import INK, Handwriting, Pixels, Rng, Tilted, extent, tilted

SIZE = 320
"""Width and height of a picture."""
HEIGHTS = (22, 80)
TILT = 25
STRETCH = (0.85, 1.2)
COUNTS = (3, 12)
CONTRAST = 60
"""How far the colour of a digit is from what lies under it, in grey levels on average."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A digit in a picture, in its pixels.

    `box` is `x0, y0, x1, y1` around the ink, `outline` n×2 points, `corners` 4×2, those of the turned box.
    """

    digit: int
    box: tuple[int, int, int, int]
    outline: Pixels
    corners: Pixels


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, h×w×3 BGR uint8, and what is on it."""

    picture: Pixels
    digits: list[Digit]


def scene(pool: Sequence[Handwriting], rng: Rng) -> Scene:
    """Draw 3 to 12 digits of the pool where there is room; same state of `rng`, same picture."""
    picture = background(rng).astype(np.float32)
    taken = np.zeros((SIZE, SIZE), bool)
    wanted = int(rng.integers(COUNTS[0], COUNTS[1] + 1))
    digits: list[Digit] = []
    for _ in range(wanted * 6):
        if len(digits) < wanted and (drawn := draw(picture, taken, pool[int(rng.integers(len(pool)))], rng)):
            digits.append(drawn)
    return Scene(photographed(picture, rng), digits)


def draw(picture: Pixels, taken: Pixels, written: Handwriting, rng: Rng) -> Digit | None:
    """Draw a digit somewhere into the picture, in place; `None` where it would touch another one."""
    shape = tilted(written.ink, rng.uniform(*HEIGHTS), TILT, rng, STRETCH)
    h, w = shape.ink.shape
    x, y = int(rng.integers(0, SIZE - w)), int(rng.integers(0, SIZE - h))
    around = slice(max(y - 2, 0), y + h + 2), slice(max(x - 2, 0), x + w + 2)
    outline = outlined(shape.ink)
    if taken[around].any() or outline is None:
        return None
    taken[around] = True
    under = picture[y : y + h, x : x + w]
    under += (colour(under, rng) - under) * (shape.ink * rng.uniform(0.85, 1))[..., None]
    return placed(written.digit, shape, outline, x, y)


def placed(digit: int, shape: Tilted, outline: Pixels, x: int, y: int) -> Digit:
    x0, y0, x1, y1 = extent(shape.ink > INK)
    offset = np.array((x, y))
    return Digit(digit, (x + x0, y + y0, x + x1, y + y1), outline + offset, shape.corners + offset)


def outlined(ink: Pixels) -> Pixels | None:
    """Return the outer outline as n×2 points; `None` where thin strokes fell apart when they got small."""
    strokes = cv2.morphologyEx((ink > INK).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(strokes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    areas = [cv2.contourArea(one) for one in outlines]
    if not areas or max(areas) < 0.9 * sum(areas):
        return None
    largest: Pixels = outlines[int(np.argmax(areas))].reshape(-1, 2)
    return largest + 0.5 if len(largest) >= 4 else None  # the middles of its pixels


def colour(under: Pixels, rng: Rng) -> Pixels:
    """Return a colour that can be seen on what lies under it."""
    mean = under.mean(axis=(0, 1))
    tries: Pixels = rng.integers(0, 256, (20, 3))
    seen = np.abs(tries - mean).mean(axis=1) > CONTRAST
    chosen: Pixels = tries[int(seen.argmax())]
    return chosen


def background(rng: Rng) -> Pixels:
    """Return soft patches of colour with up to eleven things on them: h×w×3 BGR uint8."""
    patches = rng.integers(0, 256, (*rng.integers(2, 6, 2), 3)).astype(np.uint8)
    share = rng.uniform(0.25, 1)
    soft = cv2.resize(patches, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * share
    picture: Pixels = (soft + rng.integers(0, 256, 3) * (1 - share)).astype(np.uint8)
    for _ in range(rng.integers(0, 12)):
        clutter(picture, rng)
    return picture


def clutter(picture: Pixels, rng: Rng) -> None:
    """Draw a polygon, a line or a disc, in place."""
    paint = rng.integers(0, 256, 3).tolist()
    points = rng.integers(0, SIZE, (2, 2))
    match int(rng.integers(3)):
        case 0:
            near = points[0] + rng.uniform(-40, 40, (int(rng.integers(3, 6)), 2))
            cv2.fillConvexPoly(picture, cv2.convexHull(near.astype(np.int32)), paint, cv2.LINE_AA)
        case 1:
            cv2.line(picture, points[0].tolist(), points[1].tolist(), paint, int(rng.integers(1, 5)), cv2.LINE_AA)
        case _:
            cv2.circle(picture, points[0].tolist(), int(rng.integers(4, 30)), paint, -1, cv2.LINE_AA)


def photographed(picture: Pixels, rng: Rng) -> Pixels:
    """Add noise, and blur a third of the pictures."""
    noisy = picture + rng.normal(0, rng.uniform(0, 12), picture.shape)
    seen: Pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(seen, (3, 3), 0) if rng.random() < 0.3 else seen
