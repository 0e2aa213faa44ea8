"""Files that are made step by step and still are there whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def beside(path: Path) -> Path:
    """Return a hidden name beside a file for what is not finished; `OutputFolder` clears away what a kill leaves."""
    return path.with_name(f".{uuid.uuid4().hex}.part")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a hidden file to write; it takes the place of `path` when all went well, and is removed otherwise.

    Unlike `OutputFolder.write` it claims no name: it is for files that are made anew from others, always alike.
    """
    part = beside(path)
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
