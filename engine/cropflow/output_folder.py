"""The folder that sinks write into: files whole or not at all, lines that can be cut back to where a run stood."""

from __future__ import annotations

import copy
import io
import os
import re
import threading
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Self

from cropflow.hiding import Hidden

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MASK = "hidden"
"""What stands for a secret in a name; not every file system takes `***`."""

_PART = re.compile(r"\.[0-9a-f]{32}\.part")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a folder is written.

    Attributes:
        sizes: bytes of every file that lines are appended to, by its path in the folder.
        names: what was asked for in `write` since the mark before.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class _Book:
    """What all views of one folder know together: files of lines that were begun, and names that were taken."""

    fresh: bool
    begun: dict[tuple[int, int], str] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class OutputFolder:
    """The folder that sinks write into; one object knows the names that were used through it.

    Args:
        path: the folder; made when something is written.
        fresh: whether files of earlier runs that would be appended to are begun anew.
        reserved: names in the folder that are kept for whoever runs the workflow; blocks cannot have them.
    """

    def __init__(self, path: str | os.PathLike[str], *, fresh: bool = False, reserved: Iterable[str] = ()) -> None:
        self.path = Path(path)
        self._reserved = {_folded(name): name for name in reserved}
        self._book = _Book(fresh)
        self._hidden = Hidden()

    def hiding(self, hidden: Hidden) -> Self:
        """Return the same folder, names and all, for the blocks of a workflow whose secrets must not be written."""
        view = copy.copy(self)
        view._hidden = hidden
        return view

    def file(self, relative: str) -> Path:
        """Return the path of a file inside the folder and make its parents.

        Raises:
            ValueError: the path leads out of the folder, be it by `..` or through a link, or its name is reserved.
        """
        root = self.path.resolve()
        path = _below(root, relative)
        kept = self._reserved.get(_folded(path.relative_to(root).parts[0]))
        if kept is not None:
            raise ValueError(f"{kept!r} is kept for the results of the run; choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, relative: str, data: bytes) -> str:
        """Write a file, whole or not at all, and return the path it got, relative to the folder.

        Secrets of the workflow are hidden in its name, and in what it holds if that is text.
        A name that was written through this object before gets `~2`, `~3`, …, also where only upper and lower
        case differ, since some file systems take them for one. A file that was there before is replaced.

        Raises:
            ValueError: the path leads out of the folder, or its name is reserved.
        """
        wanted = self._hidden.text(relative, _MASK)
        free = self._claim(PurePosixPath(wanted))
        path = self.file(str(free))
        self._book.asked.append(wanted)
        part = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            part.write_bytes(self._hidden.data(data))
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return str(free)

    def append(self, relative: str) -> BinaryIO:
        """Open a file of lines for appending; a line that an interrupted run left unfinished is ended first.

        A file may be open several times; lines that are written whole and flushed do not mix. Secrets of the workflow
        are hidden in its name and in the lines.

        Raises:
            ValueError: the path leads out of the folder, or its name is reserved.
        """
        path = self.file(self._hidden.text(relative, _MASK))
        file = _Lines(path.open("ab+", buffering=0), self._hidden)
        self._begin(file, path)
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        return file

    def mark(self) -> Mark:
        """Say how far the folder is written; for `restore` in another process, should this one be killed."""
        with self._book.lock:
            names, self._book.asked = tuple(self._book.asked), []
            return Mark({path: (self.path / path).stat().st_size for path in self._book.begun.values()}, names)

    def restore(self, sizes: Mapping[str, int], names: Iterable[str]) -> None:
        """Go back to where a killed run stood: lines it wrote later are cut off, names it took later are free.

        Args:
            sizes: those of its last mark.
            names: those of all its marks, in order.

        Raises:
            ValueError: a file is gone, or shorter than it was.
        """
        for part in [path for path in self.path.rglob(".*.part") if _PART.fullmatch(path.name)]:
            part.unlink()
        for relative, size in sizes.items():
            path = inside(self.path, relative)
            if not path.is_file() or path.stat().st_size < size:
                raise ValueError(f"'{path}' is not what the run left behind: at least {size} bytes were there")
            os.truncate(path, size)
            facts = path.stat()
            self._book.begun[facts.st_dev, facts.st_ino] = relative
        for name in names:
            self._claim(PurePosixPath(name))
        self._book.fresh = True

    def _begin(self, file: BinaryIO, path: Path) -> None:
        """Empty a file of an earlier run, once, by whatever name it is opened."""
        facts = os.fstat(file.fileno())
        with self._book.lock:
            if self._book.fresh and (facts.st_dev, facts.st_ino) not in self._book.begun:
                file.truncate(0)
            self._book.begun.setdefault((facts.st_dev, facts.st_ino), path.relative_to(self.path.resolve()).as_posix())

    def _claim(self, wanted: PurePosixPath) -> PurePosixPath:
        with self._book.lock:
            first, free = _folded(wanted), wanted
            while _folded(free) in self._book.used:
                self._book.used[first] += 1
                free = wanted.with_stem(f"{wanted.stem}~{self._book.used[first]}")
            self._book.used[_folded(free)] = 1
            return free


def inside(folder: Path, relative: str) -> Path:
    """Return a path in a folder, links followed.

    Raises:
        ValueError: the path leads out of the folder, be it by `..` or through a link.
    """
    return _below(folder.resolve(), relative)


def _below(root: Path, relative: str) -> Path:
    path = (root / relative).resolve()
    if not path.is_relative_to(root) or path == root:
        raise ValueError(f"{relative!r} leads out of the output folder")
    return path


def _folded(path: PurePath | str) -> str:
    """What a file system that ignores case and the way accents are encoded takes a name for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


class _Lines(io.BufferedRandom):
    """A file of lines that hides secrets in what is written; a line comes in one piece."""

    def __init__(self, raw: io.FileIO, hidden: Hidden) -> None:
        super().__init__(raw)
        self._hidden = hidden

    def write(self, data: ReadableBuffer) -> int:
        """Write a line, and tell that all of it was."""
        super().write(self._hidden.data(bytes(data)))
        return memoryview(data).nbytes
