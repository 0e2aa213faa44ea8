"""The order people expect of numbered files: `frame2` before `frame10`."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TypeAlias

_Key: TypeAlias = tuple[tuple[tuple[str | int, ...], ...], str]


def natural_key(path: PurePath | str) -> _Key:
    """Return a key that sorts paths folder by folder, runs of digits by their value, letters without case.

    >>> sorted(["f10.jpg", "F2.jpg", "f1.jpg"], key=natural_key)
    ['f1.jpg', 'F2.jpg', 'f10.jpg']
    """
    return tuple(map(_part_key, PurePath(path).parts)), str(path)


def _part_key(part: str) -> tuple[str | int, ...]:
    pieces = re.split(r"([0-9]+)", part.casefold())  # text and digits alternate, so like meets like
    return tuple(int(piece) if number % 2 else piece for number, piece in enumerate(pieces))
