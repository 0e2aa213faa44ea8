"""Several sources one after the other, such that no two items share an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cropflow.sources.picture import Picture, Source
from cropflow.sources.shot import Item


def chain(sources: Sequence[Source]) -> tuple[Item, ...]:
    """Return the items of all sources, in order, with ids that differ; the pictures of a source are one stream.

    Ids stay as they are where they differ anyway. Otherwise all of them get the name of their source in
    front, and sources of the same name are numbered.

    >>> left, right = Source("left", (Picture("a.jpg", ""),)), Source("right", (Picture("a.jpg", ""),))
    >>> [item.id for item in chain([left, right])]
    ['left/a.jpg', 'right/a.jpg']
    """
    names = distinct_names(sources)
    items = [(name, item) for name, source in zip(names, sources, strict=True) for item in _in_stream(name, source)]
    if len({item.id for _, item in items}) < len(items):
        return tuple(item.named(f"{name}/{item.id}") for name, item in items)
    return tuple(item for _, item in items)


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


def _in_stream(name: str, source: Source) -> Iterator[Item]:
    """Give the items of a source; its pictures say which stream they are, and which frames of it."""
    total = sum(isinstance(item, Picture) for item in source.items)
    number = 0
    for item in source.items:
        if isinstance(item, Picture):
            yield replace(item, stream=name, frame=number, total=total)
            number += 1
        else:
            yield item


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
