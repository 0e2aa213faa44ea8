"""Makes the pictures of this example: jobs that end in "find the digits, then read them", with their truth.

The digits are real handwriting (scikit-learn's `load_digits`). Only the fifth of them that the models were
never trained on is used, so that a score on these pictures says something. Same seed, same pictures.

    python make_scenes.py                                      # the committed twelve, beside this script
    python make_scenes.py --out /tmp/fresh --each 25 --seed 1  # a hundred fresh ones
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from looks import LOOKS, Cell, Pixels, Rng
from training.handwriting import Handwriting, handwriting, tilted, trimmed

SEED = 0
EACH = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """A finished picture, h×w×3 BGR uint8, and its truth as `truth.json` holds it."""

    picture: Pixels
    truth: list[dict[str, Any]]


def scene(look: str, number: int, seed: int, pool: list[Handwriting]) -> Scene:
    """Make picture `number` (from 1) of a look; every second one is dark. A digit is drawn for each cell."""
    rng = np.random.default_rng([seed, list(LOOKS).index(look), number])
    layout = LOOKS[look][0](rng, number % 2 == 0)
    picture = layout.backdrop.astype(np.float32)
    truth = [write(picture, cell, pool[rng.integers(len(pool))], rng) for cell in layout.cells]
    return Scene(photographed(picture, rng), truth)


def write(picture: Pixels, cell: Cell, written: Handwriting, rng: Rng) -> dict[str, Any]:
    """Draw a digit into the picture, in place, and return its truth."""
    ink = trimmed(tilted(written.ink, cell.height, cell.tilt, rng).ink)
    h, w = ink.shape
    x, y = round(cell.x - w / 2), round(cell.y - h / 2)
    under = picture[y : y + h, x : x + w]
    under += (np.array(cell.colour) - under) * ink[..., None]
    return {"digit": written.digit, "box": [x, y, x + w, y + h]}


def photographed(picture: Pixels, rng: Rng) -> Pixels:
    """Add what a camera adds: light from one side, and noise."""
    h, w = picture.shape[:2]
    light = cv2.resize(rng.uniform(0.8, 1.05, (2, 2)).astype(np.float32), (w, h))
    noise = rng.normal(0, rng.uniform(1.5, 4), picture.shape)
    return np.clip(picture * light[..., None] + noise, 0, 255).astype(np.uint8)


def scenes(each: int, seed: int) -> Iterator[tuple[str, Scene]]:
    """Yield `each` pictures of every look with their relative paths, such as `sheet/01.png`."""
    pool = handwriting("test")
    for look, (_, suffix) in LOOKS.items():
        for number in range(1, each + 1):
            yield f"{look}/{number:02}.{suffix}", scene(look, number, seed, pool)


def save(out: Path, each: int, seed: int) -> None:
    """Write `scenes/…` and `truth.json` (one picture per line) into the folder `out`."""
    lines = []
    for name, made in scenes(each, seed):
        path = out / "scenes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), made.picture)
        lines.append(f"{json.dumps(name)}: {json.dumps(made.truth)}")
    (out / "truth.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make pictures with held-out digits, and their truth.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each look")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    save(arguments.out, arguments.each, arguments.seed)


if __name__ == "__main__":
    main()
