"""From the items of every image input to the rows of a run: one picture of each belongs together."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias

from cropflow.errors import InputError
from cropflow.image import Image
from cropflow.sources.picture import Picture
from cropflow.sources.shot import Item, Reading, Shot

log = logging.getLogger("cropflow")

Place: TypeAlias = tuple[int, int]
"""Where reading goes on: the index of an item, and how many of its shots are done."""
_Placed: TypeAlias = tuple[Shot, Place]


@dataclass(frozen=True, slots=True)
class Row:
    """What goes through a workflow as one element of the batch.

    Attributes:
        id: that of its picture or frame: `sub/a.jpg`, `v.mp4#17`; empty where a workflow takes no picture.
        item: the file or camera, `v.mp4`.
        frame: number of the frame in it; `None` for a picture.
        total: how many frames its stream has, as far as that is known.
        images: a picture for each image input.
        ends: the streams that end with it.
        after: for each input, where reading goes on after this row.
    """

    id: str = ""
    item: str = ""
    frame: int | None = None
    total: int | None = None
    images: Mapping[str, Image] = field(default_factory=dict)
    ends: tuple[str, ...] = ()
    after: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a run.

    Args:
        items: for each image input what it is given: a single picture goes with every row, the others go together.

    Raises:
        InputError: inputs have different numbers of pictures, or there is a camera beside another input that flows.
    """

    items: Mapping[str, Sequence[Item]]
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        if self.live and len(self.flowing) > 1:
            raise InputError(
                f"a camera cannot be read in step with other sources, as {' and '.join(map(repr, self.flowing))} would "
                "have to be; give the other inputs one picture each"
            )
        counts = {name: len(items) for name, items in self.flowing.items()}
        known = all(isinstance(item, Picture) for items in self.flowing.values() for item in items)
        if known and len(set(counts.values())) > 1:
            told = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
            raise InputError(f"image inputs need equally many pictures, or one; {told}")

    @property
    def shared(self) -> dict[str, Item]:
        """The single pictures that go with every row."""
        single: dict[str, Item] = {
            name: items[0] for name, items in self.items.items() if len(items) == 1 and isinstance(items[0], Picture)
        }
        if len(single) == len(self.items):
            single.pop(next(iter(single), ""), None)
        return single

    @property
    def flowing(self) -> dict[str, Sequence[Item]]:
        """The inputs whose pictures or frames come one after the other; the first names the rows."""
        shared = self.shared
        return {name: items for name, items in self.items.items() if name not in shared}

    @property
    def live(self) -> bool:
        """Whether there is a camera, so that there is no end and no way back."""
        return any(item.live for items in self.items.values() for item in items)

    @property
    def named(self) -> tuple[str, ...]:
        """The ids of the items that name the rows."""
        return tuple(item.id for item in next(iter(self.flowing.values()), ()))

    def count(self) -> int | None:
        """Return how many rows there are; `None` where that is not known. Videos are opened for it."""
        if not self.items:
            return 1
        counts = [item.count(self.reading.stride) for item in next(iter(self.flowing.values()))]
        return None if None in counts else sum(filter(None, counts))

    def shared_images(self) -> dict[str, Image]:
        """Load the single pictures; they belong to no stream."""
        return {name: next(item.shots(self.reading)).image for name, item in self.shared.items()}

    def read(self, start: Mapping[str, Place] | None = None) -> Iterator[Row]:
        """Give the rows in order, from a place on; nothing of a picture is read yet, frames are decoded."""
        if not self.items:
            yield Row()
            return
        shared, begin = self.shared_images(), start or {}
        flows = {name: _placed(items, self.reading, begin.get(name, (0, 0))) for name, items in self.flowing.items()}
        for placed in zip_longest(*flows.values()):
            if None in placed:
                log.warning("the image inputs have different numbers of frames; what is left over is not used")
                return
            shots = {name: shot for name, (shot, _) in zip(flows, placed, strict=True)}
            yield make_row(shots, shared, {name: after for name, (_, after) in zip(flows, placed, strict=True)})


def make_row(shots: Mapping[str, Shot], shared: Mapping[str, Image], after: Mapping[str, Place]) -> Row:
    """Put the shots of the inputs together; the first one names the row."""
    first = next(iter(shots.values()))
    ends = tuple(shot.image.stream for shot in shots.values() if shot.last and shot.image.stream is not None)
    images = {name: shot.image for name, shot in shots.items()}
    return Row(first.image.id, first.item, first.frame, first.total, {**images, **shared}, ends, after)


def _placed(items: Sequence[Item], reading: Reading, start: Place) -> Iterator[_Placed]:
    first, done = start
    for number in range(first, len(items)):
        begin = done if number == first else 0
        for count, shot in enumerate(items[number].shots(reading, begin), begin + 1):
            yield shot, (number + 1, 0) if shot.last or shot.frame is None else (number, count)
