"""Makes the videos of this example: handwritten digits on the move, with their truth in every frame.

The digits are those of `make_scenes.py`, which no model was trained on. They cross a line and each other, pass behind a
post, enter and leave a zone, and come nearer. Same seed, same videos. Needs PyAV: pip install "cropflow[video]".

    python make_videos.py                              # the committed ones, beside this script
    python make_videos.py --out /tmp/fresh --seed 1    # others of the same kind
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from looks import CHALKS, PENS, Colour, Pixels, Rng, paper
from make_scenes import SEED
from training.handwriting import INK, Handwriting, extent, handwriting, tilted, trimmed

WIDTH, HEIGHT = 320, 240
FPS = 15
FRAMES = 75
LINE = [[160, 0], [160, 240]]
"""Where digits of `crossing.mp4` go over from one half to the other."""
ZONE = [[100, 60], [220, 60], [220, 180], [100, 180]]
"""What digits of `zone.mp4` enter and leave."""
FULL_SIZE = 90.0
POST = 10
QUALITY = 26
"""H.264's constant rate factor: 0 loses nothing, 51 nearly all."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A digit and its way.

    Attributes:
        keys: frame, x and y of the centre in pixels, and height in pixels; in between all of it changes evenly. There
            is no digit before the first frame and after the last.
    """

    written: Handwriting
    ink: Pixels
    colour: Colour
    keys: Sequence[tuple[float, float, float, float]]

    def at(self, frame: int) -> tuple[float, float, float] | None:
        """Return x, y and height in a frame."""
        times, *columns = zip(*self.keys, strict=True)
        if not times[0] <= frame <= times[-1]:
            return None
        x, y, height = (float(np.interp(frame, times, column)) for column in columns)
        return x, y, height


@dataclass(frozen=True, slots=True)
class Shot:
    """What a video shows: a surface, digits of which later ones lie above, and where a post stands before them."""

    backdrop: Pixels
    actors: list[Actor]
    post: int | None = None


class Cast:
    """Gives every digit its handwriting and colour; all ten digits come before one comes again."""

    def __init__(self, rng: Rng, inks: list[Colour]) -> None:
        self._rng, self._inks = rng, inks
        self._pool = handwriting("test")
        self._order = itertools.cycle(rng.permutation(10).tolist())

    def actor(self, *keys: tuple[float, float, float, float]) -> Actor:
        """Return the next digit, which goes the way of these keys."""
        digit = next(self._order)
        choice = [one for one in self._pool if one.digit == digit]
        written = choice[self._rng.integers(len(choice))]
        ink = trimmed(tilted(written.ink, FULL_SIZE, 8, self._rng).ink)
        return Actor(written, ink, self._inks[self._rng.integers(len(self._inks))], keys)


def crossing(rng: Rng) -> Shot:
    """Digits cross the middle both ways, meet others, pass behind a post; one turns round before the middle."""
    cast = Cast(rng, PENS)
    actors = [
        cast.actor((0, -20, 40, 38), (62, 340, 48, 38)),
        cast.actor((4, 340, 92, 42), (70, -24, 84, 42)),
        cast.actor((0, 96, 144, 36), (60, 300, 144, 36), (74, 304, 144, 36)),
        cast.actor((6, 340, 150, 40), (74, 20, 150, 40)),
        cast.actor((0, 300, 204, 38), (34, 224, 204, 38), (74, 310, 200, 38)),
        cast.actor((8, -20, 196, 40), (42, 190, 200, 40), (46, 190, 200, 40), (74, 110, 202, 40)),
    ]
    return Shot(paper(WIDTH, HEIGHT, (222, 234, 240), rng), actors, post=62)


def zone(rng: Rng) -> Shot:
    """Of four digits one stays in the zone, one enters and leaves, one passes through, one keeps out of it."""
    cast = Cast(rng, CHALKS)
    actors = [
        cast.actor((0, 186, 148, 44), (37, 190, 152, 44), (74, 186, 148, 44)),
        cast.actor((0, 44, 92, 40), (20, 140, 92, 40), (45, 146, 94, 40), (65, 44, 100, 40), (74, 40, 100, 40)),
        cast.actor((12, 262, -20, 38), (22, 262, 60, 38), (44, 120, 152, 38), (60, 60, 262, 38)),
        cast.actor((0, 290, 120, 42), (74, 282, 170, 42)),
    ]
    return Shot(paper(WIDTH, HEIGHT, (52, 70, 50), rng), actors)


def approach(rng: Rng) -> Shot:
    """Three digits come nearer, one after the other, and one goes away."""
    cast = Cast(rng, PENS)
    actors = [
        cast.actor((0, 60, 50, 26), (60, 80, 120, 76), (74, 84, 124, 76)),
        cast.actor((0, 250, 60, 74), (74, 280, 50, 28)),
        cast.actor((15, 160, -20, 28), (30, 160, 50, 28), (74, 170, 170, 72)),
        cast.actor((30, 345, 190, 36), (50, 270, 190, 36), (74, 262, 180, 64)),
    ]
    return Shot(paper(WIDTH, HEIGHT, (196, 200, 200), rng), actors)


SHOTS: dict[str, Callable[[Rng], Shot]] = {"crossing": crossing, "zone": zone, "approach": approach}


def film(shot: Shot, rng: Rng) -> Iterator[tuple[Pixels, list[dict[str, Any]]]]:
    """Yield every frame, h×w×3 BGR uint8, with its truth as `truth.json` holds it."""
    light = cv2.resize(rng.uniform(0.85, 1.05, (2, 2)).astype(np.float32), (WIDTH, HEIGHT))[..., None]
    for frame in range(FRAMES):
        picture = shot.backdrop.astype(np.float32)
        owner = np.zeros((HEIGHT, WIDTH), int)
        drawn = [draw(picture, owner, actor, number, frame) for number, actor in enumerate(shot.actors, start=1)]
        if shot.post is not None:
            picture[:, shot.post : shot.post + POST] = (96, 104, 110)
            owner[:, shot.post : shot.post + POST] = 0
        noise = rng.normal(0, 1.5, picture.shape)
        truth = [told | {"visible": round(seen(owner, told) / whole, 2)} for told, whole in filter(None, drawn)]
        yield np.clip(picture * light + noise, 0, 255).astype(np.uint8), truth


def draw(picture: Pixels, owner: Pixels, actor: Actor, number: int, frame: int) -> tuple[dict[str, Any], int] | None:
    """Draw a digit in place, note the pixels of its ink, and return its truth and how much ink there is of it.

    Returns `None` where no part of it is on the picture.
    """
    place = actor.at(frame)
    if place is None:
        return None
    x, y, height = place
    width = actor.ink.shape[1] * height / actor.ink.shape[0]
    ink = cv2.resize(actor.ink, (max(round(width), 4), round(height)), interpolation=cv2.INTER_AREA)
    left, top = round(x - ink.shape[1] / 2), round(y - ink.shape[0] / 2)
    down = slice(max(top, 0), min(top + ink.shape[0], HEIGHT))
    across = slice(max(left, 0), min(left + ink.shape[1], WIDTH))
    part = ink[max(-top, 0) : max(HEIGHT - top, 0), max(-left, 0) : max(WIDTH - left, 0)]
    if part.size == 0 or not (part > INK).any():
        return None
    under = picture[down, across]
    under += (np.array(actor.colour) - under) * part[..., None]
    owner[down, across][part > INK] = number
    x0, y0, x1, y1 = extent(part > INK)
    box = [across.start + x0, down.start + y0, across.start + x1, down.start + y1]
    return {"track": number, "digit": actor.written.digit, "box": box}, int((ink > INK).sum())


def seen(owner: Pixels, told: dict[str, Any]) -> int:
    """Return how many pixels of the ink of a digit nothing lies over."""
    return int((owner == told["track"]).sum())


def save(out: Path, seed: int) -> None:
    """Write `videos/….mp4` and `videos/truth.json` (one frame per line) into the folder `out`."""
    folder = out / "videos"
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for number, (name, make) in enumerate(SHOTS.items()):
        rng = np.random.default_rng([seed, number])
        frames = list(film(make(rng), rng))
        encode(folder / f"{name}.mp4", [picture for picture, _ in frames])
        lines = ",\n".join(json.dumps(told) for _, told in frames)
        truth[f"{name}.mp4"] = f"[\n{lines}\n]"
    written = ",\n".join(f"{json.dumps(name)}: {lines}" for name, lines in truth.items())
    (folder / "truth.json").write_text(f"{{\n{written}\n}}\n", encoding="utf-8")


def encode(path: Path, frames: Sequence[Pixels]) -> None:
    """Write an H.264 video that every player and browser shows."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": str(QUALITY), "preset": "slow"}
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make videos with held-out digits, and their truth.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    save(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
