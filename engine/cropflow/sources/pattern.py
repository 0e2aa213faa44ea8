"""What a pattern such as `data/**/*.png` matches: as `glob` does it, but links that lead back up are not followed.

`glob` goes around such a link until the system refuses, and with two of them practically for ever.
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator
from pathlib import Path


def is_pattern(path: Path) -> bool:
    """Whether a part of a path has wildcards; a name that exists has none."""
    return fixed_part(path) != path.parent or _is_wild(path.parent, path.name)


def fixed_part(pattern: Path) -> Path:
    """Return the folder that stands before the first wildcard."""
    folder = Path()
    for part in pattern.parts[:-1]:
        if _is_wild(folder, part):
            break
        folder /= part
    return folder


def matching(pattern: Path) -> Iterator[Path]:
    """Give the files and folders that a pattern matches, some of them several times.

    `*`, `?` and `[…]` stand for what is in one folder, `**` for any number of folders. What is hidden is only
    found where the pattern says the dot. Folders that cannot be read are passed over.
    """
    root = fixed_part(pattern)
    parts = pattern.parts[len(root.parts) :]
    return _below(root, parts, ())


def _below(folder: Path, parts: tuple[str, ...], above: tuple[str, ...]) -> Iterator[Path]:
    """Give what the parts of a pattern match below a folder; `above` are the folders that lead to it, without links."""
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if not _is_wild(folder, part):
        if os.path.lexists(folder / part):
            yield from _below(folder / part, rest, above)
        return
    real = os.path.realpath(folder)
    if real in above:
        return
    if part == "**":
        yield from _below(folder, rest or ("*",), above)
    for name, is_folder in _entries(folder):
        if part == "**":
            if is_folder and not name.startswith("."):
                yield from _below(folder / name, parts, (*above, real))
        elif _fits(name, part) and (is_folder or not rest):
            yield from _below(folder / name, rest, (*above, real))


def _entries(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]
    except OSError:
        return []


def _fits(name: str, part: str) -> bool:
    return fnmatch.fnmatch(name, part) and (part.startswith(".") or not name.startswith("."))


def _is_wild(folder: Path, part: str) -> bool:
    """Whether a part is a pattern; a name such as `shots [1]` that exists is none, `*` always is."""
    return glob.has_magic(part) and not (part.strip("*") and os.path.lexists(folder / part))
