"""What blocks share: they ask for it by annotation in `__init__`, and the workflow hands it to them."""

from __future__ import annotations

import copy
import io
import os
import threading
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from cropflow.hiding import Hidden

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MASK = "hidden"
"""What stands for a secret in a name; not every file system takes `***`."""


@dataclass(frozen=True, slots=True)
class DocumentFolder:
    """The folder that paths in the document are relative to; `None` for a document given as a mapping."""

    path: Path | None = None


class OutputFolder:
    """The folder that sinks write into; one object knows the names that were used through it.

    Args:
        path: the folder; made when something is written.
        fresh: whether files of earlier runs that would be appended to are begun anew.
        reserved: names in the folder that are kept for whoever runs the workflow; blocks cannot have them.
    """

    def __init__(self, path: str | os.PathLike[str], *, fresh: bool = False, reserved: Iterable[str] = ()) -> None:
        self.path = Path(path)
        self._fresh = fresh
        self._reserved = {_folded(name): name for name in reserved}
        self._begun: set[tuple[int, int]] = set()
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()
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
        path = inside(self.path, relative)
        first = path.relative_to(self.path.resolve()).parts[0]
        kept = self._reserved.get(_folded(first))
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
        free = self._claim(PurePosixPath(self._hidden.text(relative, _MASK)))
        path = self.file(str(free))
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
        raw = self.file(self._hidden.text(relative, _MASK)).open("ab+", buffering=0)
        file = _Lines(raw, self._hidden)
        self._begin(file)
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        return file

    def _begin(self, file: BinaryIO) -> None:
        """Empty a file of an earlier run, once, by whatever name it is opened."""
        facts = os.fstat(file.fileno())
        with self._lock:
            if self._fresh and (facts.st_dev, facts.st_ino) not in self._begun:
                file.truncate(0)
            self._begun.add((facts.st_dev, facts.st_ino))

    def _claim(self, wanted: PurePosixPath) -> PurePosixPath:
        with self._lock:
            first, free = _folded(wanted), wanted
            while _folded(free) in self._used:
                self._used[first] += 1
                free = wanted.with_stem(f"{wanted.stem}~{self._used[first]}")
            self._used[_folded(free)] = 1
            return free


def inside(folder: Path, relative: str) -> Path:
    """Return a path in a folder, links followed.

    Raises:
        ValueError: the path leads out of the folder, be it by `..` or through a link.
    """
    root = folder.resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root) or path == root:
        raise ValueError(f"{relative!r} leads out of the output folder {folder}")
    return path


def _folded(path: PurePath | str) -> str:
    """What a file system that ignores case and the way accents are encoded takes a name for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells blocks the time; give another one to repeat a run as it was.

    Args:
        now: gives the present moment in UTC.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class _Lines(io.BufferedRandom):
    """A file of lines that hides secrets in what is written; a line comes in one piece."""

    def __init__(self, raw: io.FileIO, hidden: Hidden) -> None:
        super().__init__(raw)
        self._hidden = hidden

    def write(self, data: ReadableBuffer) -> int:
        """Write a line, and tell that all of it was."""
        super().write(self._hidden.data(bytes(data)))
        return memoryview(data).nbytes


def hiding(resource: object, hidden: Hidden) -> object:
    """Return a resource as the blocks of a workflow get it: a folder hides what must not be written."""
    return resource.hiding(hidden) if isinstance(resource, OutputFolder) else resource


class Resources:
    """Finds the resource of a type among those the caller gave and those the engine can make."""

    def __init__(self, given: Iterable[object], defaults: Iterable[object]) -> None:
        self._all = (*given, *defaults)

    def get(self, wanted: type[Any]) -> Any | None:
        """Return the first resource of the type, `None` where there is none."""
        return next((resource for resource in self._all if isinstance(resource, wanted)), None)

    def missing(self, wanted: type[Any]) -> str | None:
        """Say how to provide a resource that nobody gave; `None` where it is there."""
        if self.get(wanted) is not None:
            return None
        if wanted is OutputFolder:
            return "give a folder with --out DIR, or resources=[OutputFolder(DIR)] in Python"
        return f"pass an instance in resources=[{wanted.__name__}(...)]"
