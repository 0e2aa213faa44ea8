"""Several sources one after the other, such that no two pictures share an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain as flattened

from cropflow.sources.picture import Picture, Source


def chain(sources: Sequence[Source]) -> tuple[Picture, ...]:
    """Return the pictures of all sources, in order, with ids that differ.

    Ids stay as they are where they differ anyway. Otherwise all of them get the name of their source in
    front, and sources of the same name are numbered.

    >>> left, right = Source("left", (Picture("a.jpg", ""),)), Source("right", (Picture("a.jpg", ""),))
    >>> [picture.id for picture in chain([left, right])]
    ['left/a.jpg', 'right/a.jpg']
    """
    pictures = tuple(flattened.from_iterable(source.pictures for source in sources))
    if len({picture.id for picture in pictures}) == len(pictures):
        return pictures
    names = distinct_names(sources)
    return tuple(
        replace(picture, id=f"{name}/{picture.id}")
        for name, source in zip(names, sources, strict=True)
        for picture in source.pictures
    )


def distinct_names(sources: Sequence[Source]) -> list[str]:
    """Return the name of each source, numbered where it is that of one before."""
    wanted = [source.name for source in sources]
    taken = set(wanted)
    seen: Counter[str] = Counter()
    made = []
    for name in wanted:
        seen[name] += 1
        made.append(name if seen[name] == 1 else _free(name, taken))
        taken.add(made[-1])
    return made


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
