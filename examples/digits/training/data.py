"""Makes the data that the four models are trained and judged on, in the folders that Ultralytics reads.

    python data.py --out build/digits                             # 1500 scenes, half a minute
    python data.py --out /tmp/few --train 12 --val 4 --test 4     # a few, to try

`train` and `val` (which picks the best epoch) show the handwriting for training, `test` the rest of it, so that
nothing of a model depends on what it is judged on. Same seed, same data.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from handwriting import Handwriting, Part, Pixels, Rng, handwriting
from random_scenes import SIZE, Digit, scene

FINDERS = ("detect", "segment", "pose")
"""Tasks that are trained on whole scenes; `classify` is trained on crops of them."""
SPLITS: dict[str, Part] = {"train": "train", "val": "train", "test": "test"}
"""Which part of the handwriting is on the scenes of a split."""
MARGINS = (-0.05, 0.2)
"""Of training crops, on every side, as a share of the box: detectors draw boxes a little off."""
DESCRIPTION = "train: images/train\nval: images/val\ntest: images/test\nnames: {0: digit}\n"
EXTRA = {"pose": "kpt_shape: [4, 3]\nflip_idx: [1, 0, 3, 2]\n"}


@dataclass(frozen=True, slots=True)
class Job:
    """A split and where it goes; `seed` makes its pictures others than those of other splits."""

    out: Path
    split: str
    seed: int


def save(out: Path, counts: dict[str, int], seed: int) -> None:
    """Write all splits into the folder `out`, and `truth.json` of the test scenes."""
    with ProcessPoolExecutor() as pool:
        for split, count in counts.items():
            folders(out, split)
            written = list(pool.map(partial(save_scene, Job(out, split, seed)), range(count), chunksize=16))
            print(f"{split}: {count} scenes, {sum(map(len, written))} digits")
    truth = {name(number, "png"): digits for number, digits in enumerate(written)}
    (out / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    for task in FINDERS:
        (out / task / "data.yaml").write_text(DESCRIPTION + EXTRA.get(task, ""), encoding="utf-8")


def folders(out: Path, split: str) -> None:
    for task in FINDERS:
        for kind in ("images", "labels"):
            (out / task / kind / split).mkdir(parents=True)
    for digit in range(10):
        (out / "classify" / split / str(digit)).mkdir(parents=True)


def save_scene(job: Job, number: int) -> list[dict[str, Any]]:
    """Make one scene, write picture, labels and crops, and return its truth as `score.py` reads it."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([job.seed, list(SPLITS).index(job.split), number])
    made = scene(written(SPLITS[job.split]), rng)
    pictures = [job.out / task / "images" / job.split / name(number, "png") for task in FINDERS]
    cv2.imwrite(str(pictures[0]), made.picture)
    for other in pictures[1:]:
        same_file(pictures[0], other)
    for task in FINDERS:
        lines = [label(task, digit) for digit in made.digits]
        (job.out / task / "labels" / job.split / name(number, "txt")).write_text("\n".join(lines), encoding="utf-8")
    for index, digit in enumerate(made.digits):
        crop = cut(made.picture, digit.box, rng if job.split == "train" else None)
        folder = job.out / "classify" / job.split / str(digit.digit)
        cv2.imwrite(str(folder / f"{number:05}-{index:02}.png"), crop)
    return [{"digit": digit.digit, "box": digit.box} for digit in made.digits]


@cache
def written(part: Part) -> list[Handwriting]:
    return handwriting(part)


def name(number: int, suffix: str) -> str:
    return f"{number:05}.{suffix}"


def same_file(there: Path, here: Path) -> None:
    """Share a file, or copy it. No symbolic link: Ultralytics follows those, and misses the labels beside them."""
    try:
        os.link(there, here)
    except OSError:
        shutil.copyfile(there, here)


def label(task: str, digit: Digit) -> str:
    """Return a line of Ultralytics' labels: class 0, then shares of the width and height of the picture."""
    x0, y0, x1, y1 = digit.box
    box = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
    if task == "segment":
        return numbers(digit.outline.ravel())
    if task == "pose":
        return " ".join([numbers(box), *(f"{numbers(corner)[2:]} 2" for corner in digit.corners)])
    return numbers(box)


def numbers(values: Sequence[float] | Pixels) -> str:
    return " ".join(["0", *(f"{value / SIZE:.6f}" for value in values)])


def cut(picture: Pixels, box: tuple[int, int, int, int], rng: Rng | None) -> Pixels:
    """Cut the square around a box, with some margin if there is an `rng`; beyond the border its pixels repeat."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    square = np.array([x0 + x1 - side, y0 + y1 - side, x0 + x1 + side, y0 + y1 + side]) / 2
    if rng is not None:
        square += side * rng.uniform(*MARGINS, 4) * (-1, -1, 1, 1)
    left, top, right, bottom = np.rint(square).astype(int)
    rows = np.clip(np.arange(top, bottom), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, right), 0, picture.shape[1] - 1)
    crop: Pixels = picture[rows][:, columns]
    return crop


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make scenes and crops to train and judge the models on.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; must be empty or not there")
    for split, count in {"train": 1500, "val": 200, "test": 300}.items():
        parser.add_argument(f"--{split}", type=int, default=count, help=f"scenes (default: {count})")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.out.exists() and any(given.out.iterdir()):
        print(f"{given.out} is not empty; remove it, or name another folder with --out", file=sys.stderr)
        return 2
    save(given.out, {split: getattr(given, split) for split in SPLITS}, given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
