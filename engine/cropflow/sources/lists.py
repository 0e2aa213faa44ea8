"""Reads a list of sources, one in a line; what is not there costs its own line and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from cropflow.errors import ImageError
from cropflow.sources.pattern import fixed_part, is_pattern
from cropflow.sources.picture import Picture, Source
from cropflow.sources.shot import Item
from cropflow.sources.url import LIVE, is_url

SUFFIX = ".txt"


def read_list(path: Path, find: Callable[[str], Source]) -> Source:
    """Return what the lines of a list name, in order; what is named twice is taken once.

    A line that names nothing that is there becomes a picture that fails when it is used.

    Args:
        find: gives what one line names.

    Raises:
        ImageError: a line is a list or a URL that is not allowed, or no line names anything that is there.
    """
    numbers: dict[str, int] = {}
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if line.strip() and not line.strip().startswith("#"):
            numbers.setdefault(line.strip(), number)
    if not numbers:
        raise ImageError(f"the list '{path}' names nothing; write a file, a folder, a pattern or a URL into each line")
    items: list[Item] = []
    for line, number in numbers.items():
        place = f"the list '{path}', line {number}"
        if Path(line).suffix == SUFFIX:
            raise ImageError(f"{place} names another list, '{line}'; name that one as a source of its own")
        items += _items(line, path.parent, place, find)
    faults = [item.fault for item in items if isinstance(item, Picture) and item.fault]
    if len(faults) == len(items):
        raise ImageError(faults[0] + ("; the other lines name nothing that is there either" if faults[1:] else ""))
    return Source(path.stem, tuple(_distinct(items)))


def _items(line: str, folder: Path, place: str, find: Callable[[str], Source]) -> tuple[Item, ...]:
    try:
        if is_url(line.removeprefix(LIVE)):
            return find(line).items
    except ImageError as error:  # an option is missing, which is a matter of the whole run
        raise ImageError(f"{place}: {error}") from error
    near = folder / Path(line).expanduser()
    try:
        return _found(line, near, folder, find)
    except (ImageError, OSError) as error:  # a name may be too long to look for
        told = error if isinstance(error, ImageError) else error.strerror
        return (Picture(_relative(near.parent, near.name, folder), near, fault=f"{place}: {told}"),)


def _found(line: str, near: Path, folder: Path, find: Callable[[str], Source]) -> tuple[Item, ...]:
    """Return what a line names, under the path that stands there; seen from the list, or else from where we are."""
    is_near = near.exists() or is_pattern(near)
    is_elsewhere = line == "-" or (line.isascii() and line.isdigit()) or Path(line).expanduser().exists()
    found = find(line if not is_near and is_elsewhere else str(near))
    above = near if near.is_dir() else near.parent if near.exists() else fixed_part(near)
    return tuple(item.named(_relative(above, item.id, folder)) for item in found.items)


def _relative(above: Path, id: str, folder: Path) -> str:
    parts = [part for part in Path(os.path.relpath(above, folder)).parts if part != os.pardir]
    return Path(*parts, id).as_posix()


def _distinct(items: Iterable[Item]) -> Iterator[Item]:
    """Number items whose id is taken, such as two URLs that end alike."""
    taken: set[str] = set()
    for item in items:
        path, number, id = PurePosixPath(item.id), 1, item.id
        while id in taken:
            number += 1
            id = str(path.with_stem(f"{path.stem}~{number}"))
        taken.add(id)
        yield item.named(id)
