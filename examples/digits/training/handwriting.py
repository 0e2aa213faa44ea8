"""Handwritten digits of real people, split once for training and for pictures that models are judged on.

They are scikit-learn's `load_digits`: 1797 digits of 8×8 grey levels. Everything here draws from this one split, so
that no model is ever judged on handwriting it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

Pixels: TypeAlias = NDArray[Any]
Rng: TypeAlias = np.random.Generator
Part: TypeAlias = Literal["train", "test"]

INK = 0.5
"""Coverage from which a pixel counts as ink, for boxes."""


@dataclass(frozen=True, slots=True)
class Handwriting:
    """One digit as somebody wrote it: `ink` is h×w coverage in 0–1, cut close."""

    digit: int
    ink: Pixels


@dataclass(frozen=True, slots=True)
class Tilted:
    """A digit of the size and tilt it is drawn with.

    `ink` is h×w coverage in 0–1, with its soft edges; `corners` are 4×2, x and y in its pixels: where the corners of
    the upright box went, from the top left one clockwise. They lie on it.
    """

    ink: Pixels
    corners: Pixels


def handwriting(part: Part) -> list[Handwriting]:
    """Return the digits for training (1437), or the others (360), less those that are not in one piece."""
    data = load_digits()
    train, test = train_test_split(np.arange(len(data.target)), test_size=0.2, stratify=data.target, random_state=0)
    chosen = {"train": train, "test": test}[part]
    written = [Handwriting(int(data.target[i]), sharpened(data.images[i])) for i in chosen]
    return [one for one in written if in_one_piece(one.ink)]


def sharpened(image: Pixels) -> Pixels:
    """Turn 8×8 grey levels 0–16 into crisp coverage, about 100 pixels high."""
    padded = np.pad(image.astype(np.float32) / 16, 1)
    large = cv2.resize(padded, (100, 100), interpolation=cv2.INTER_CUBIC)
    return trimmed(np.clip((large - 0.3) / 0.25, 0, 1))


def trimmed(ink: Pixels) -> Pixels:
    """Cut close around what counts as ink."""
    x0, y0, x1, y1 = extent(ink > INK)
    return ink[y0:y1, x0:x1]


def extent(mask: Pixels) -> tuple[int, int, int, int]:
    """Return the box `x0, y0, x1, y1` around all pixels of a mask that are set."""
    ys, xs = np.nonzero(mask)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def in_one_piece(ink: Pixels) -> bool:
    """Tell whether the strokes hang together: models are trained on such digits only."""
    return bool(cv2.connectedComponents((ink > INK).astype(np.uint8))[0] == 2)


def tilted(ink: Pixels, height: float, tilt: float, rng: Rng, stretch: tuple[float, float] = (0.9, 1.15)) -> Tilted:
    """Scale to `height`, make wider by a share within `stretch`, turn by up to `tilt` degrees either way."""
    scale = height / ink.shape[0]
    width = max(round(ink.shape[1] * scale * rng.uniform(*stretch)), 4)
    small = cv2.resize(ink, (width, round(height)), interpolation=cv2.INTER_AREA)
    margin = max(small.shape) // 2
    room = np.pad(small, margin)
    h, w = room.shape
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), rng.uniform(-tilt, tilt), 1)
    turned = np.clip(cv2.warpAffine(room, turn, (w, h)), 0, 1)
    return around(turned, moved(box_corners(*small.shape) + margin, turn))


def around(ink: Pixels, corners: Pixels) -> Tilted:
    """Cut away what lies beyond the ink and the corners."""
    x0, y0, x1, y1 = extent(ink > 0)
    left, top = np.minimum((x0, y0), np.floor(corners.min(axis=0)).astype(int))
    right, bottom = np.maximum((x1, y1), np.ceil(corners.max(axis=0)).astype(int))
    return Tilted(ink[top:bottom, left:right], corners - np.array((left, top)))


def box_corners(height: int, width: int) -> Pixels:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def moved(points: Pixels, turn: Pixels) -> Pixels:
    """Send points through what `cv2.warpAffine` does to pixels, whose middles it takes for whole numbers."""
    away: Pixels = (points - 0.5) @ turn[:, :2].T + turn[:, 2] + 0.5
    return away
