"""Makes the videos of this example: digits that move, with the truth of every frame, so that tracks can be scored.

`belt.mp4` is a belt that carries digits from left to right in three lanes at different speeds, behind a post; a line
in the middle is crossed by all of them. `drift.mp4` has digits that drift about, turn round at the edges and pass
one another. The digits are those that the models were never trained on. Same seed, same videos.

    python make_videos.py                   # the committed two, beside this script
    python make_videos.py --out /tmp/fresh --seed 1
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from looks import CHALKS, PENS, Colour, Pixels, Rng, paper
from training.handwriting import Handwriting, handwriting, tilted, trimmed

SEED = 0
FPS = 15
FRAMES = 90
WIDTH, HEIGHT = 320, 240
POST = (206, 226)
"""Left and right edge of the post that the digits on the belt pass behind."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A digit that moves: its ink as an opacity, its colour in BGR, and the centre it has in every frame."""

    track: int
    digit: int
    ink: Pixels
    colour: Colour
    path: Callable[[int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Film:
    """Backdrop and movers; `post` is drawn over them."""

    backdrop: Pixels
    movers: list[Mover]
    post: tuple[int, int] | None = None


Truth: TypeAlias = list[list[dict[str, Any]]]


def belt(rng: Rng, pool: list[Handwriting]) -> Film:
    """A belt with three lanes; a digit enters each of them every second or so."""
    backdrop = paper(WIDTH, HEIGHT, (222, 232, 236), rng)
    backdrop[[*range(80, 82), *range(158, 160)]] = (150, 160, 170)
    movers = []
    for lane, speed in enumerate((5.2, 3.6, 4.4)):
        for number in range(4):
            start, y = -20 - 84.0 * number + rng.uniform(-6, 6), 40 + 80 * lane + rng.uniform(-6, 6)
            colour = PENS[rng.integers(len(PENS))]
            movers.append(_mover(len(movers) + 1, pool, colour, rng, lambda t, x=start, y=y, v=speed: (x + v * t, y)))
    return Film(backdrop, movers, POST)


def drift(rng: Rng, pool: list[Handwriting]) -> Film:
    """Six digits at heights of their own, so that they pass but do not cover one another."""
    backdrop = paper(WIDTH, HEIGHT, (70, 62, 52), rng)
    movers = []
    for row in range(6):
        x, speed = rng.uniform(40, 280), rng.choice([-1, 1]) * rng.uniform(1.5, 4)
        colour = CHALKS[rng.integers(len(CHALKS))]
        movers.append(
            _mover(row + 1, pool, colour, rng, lambda t, x=x, v=speed, y=24 + 38 * row: (_bounced(x + v * t), y))
        )
    return Film(backdrop, movers)


FILMS: dict[str, Callable[[Rng, list[Handwriting]], Film]] = {"belt.mp4": belt, "drift.mp4": drift}


def frames(film: Film, rng: Rng) -> Iterator[tuple[Pixels, list[dict[str, Any]]]]:
    """Give the frames, h×w×3 BGR uint8, each with what is to be seen in it."""
    for number in range(FRAMES):
        picture, seen = film.backdrop.astype(np.float32), []
        for mover in film.movers:
            box = _draw(picture, mover, number)
            if box is not None:
                seen.append(
                    {"track": mover.track, "digit": mover.digit, "box": box, "visible": _visible(box, film.post)}
                )
        if film.post:
            picture[:, slice(*film.post)] = (70, 96, 120)
        yield np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8), seen


def save(out: Path, seed: int) -> None:
    """Write the videos (H.264) and `truth.json`, one line per frame, into the folder `out/videos`."""
    folder = out / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    pool = handwriting("test")
    told = []
    for number, (name, make) in enumerate(FILMS.items()):
        rng = np.random.default_rng([seed, number])
        truth: Truth = []
        with av.open(str(folder / name), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("h264", rate=FPS, width=WIDTH, height=HEIGHT, pix_fmt="yuv420p")
            stream.options = {"crf": "24", "preset": "slow"}
            for picture, seen in frames(make(rng, pool), rng):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
                truth.append(seen)
            container.mux(stream.encode())
        told.append(f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, truth)) + "\n]")
    (folder / "truth.json").write_text("{\n" + ",\n".join(told) + "\n}\n", encoding="utf-8")


def _mover(track: int, pool: list[Handwriting], colour: Colour, rng: Rng, path: Any) -> Mover:
    written = pool[rng.integers(len(pool))]
    ink = trimmed(tilted(written.ink, rng.uniform(30, 36), 10, rng).ink)
    return Mover(track, written.digit, ink, colour, path)


def _draw(picture: Pixels, mover: Mover, number: int) -> list[int] | None:
    """Draw a digit, in place, and return the part of its box inside the picture; `None` where most is outside."""
    h, w = mover.ink.shape
    x, y = (round(place - size / 2) for place, size in zip(mover.path(number), (w, h), strict=True))
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, WIDTH), min(y + h, HEIGHT)
    if right - left < 1 or bottom - top < 1:
        return None
    under = picture[top:bottom, left:right]
    ink = mover.ink[top - y : bottom - y, left - x : right - x, None]
    under += (np.array(mover.colour) - under) * ink
    return [left, top, right, bottom] if right - left > 0.6 * w else None


def _visible(box: list[int], post: tuple[int, int] | None) -> float:
    """The share of a box that no post covers."""
    covered = max(0, min(box[2], post[1]) - max(box[0], post[0])) if post else 0
    return round(1 - covered / (box[2] - box[0]), 2)


def _bounced(x: float) -> float:
    """A place that turns round 20 pixels from the edges."""
    span = WIDTH - 40
    at = (x - 20) % (2 * span)
    return 20 + (at if at <= span else 2 * span - at)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make videos with held-out digits, and their truth.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    save(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
