"""What blocks share: they ask for it by annotation in `__init__`, and the workflow hands it to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from cropflow.hiding import Hidden
from cropflow.output_folder import OutputFolder as OutputFolder


@dataclass(frozen=True, slots=True)
class DocumentFolder:
    """The folder that paths in the document are relative to; `None` for a document given as a mapping."""

    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells blocks the time; give another one to repeat a run as it was.

    Args:
        now: gives the present moment in UTC.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Given in place of a resource that the blocks of a document must not get: a document with such blocks is refused.

    Args:
        wanted: the type of the resource.
        hint: what the author of the document can do.
    """

    wanted: type[Any]
    hint: str


def listed(resources: Iterable[object] | None) -> tuple[object, ...]:
    """Return the resources that the caller gave.

    Raises:
        TypeError: they are no list, or a path stands where an object is needed.
    """
    several = isinstance(resources, Iterable) and not isinstance(resources, str | bytes)
    given = () if resources is None else tuple(resources) if several else (resources,)
    wrong = next((item for item in given if not several or isinstance(item, str | bytes | PathLike)), None)
    if wrong is not None:
        # an object may hold secrets, so only its type is told
        found = repr(wrong) if isinstance(wrong, str | PathLike) else f"a {type(wrong).__name__}"
        raise TypeError(
            "resources is a list of the objects that blocks share, such as "
            f"[OutputFolder('out'), ModelStore(models={{...}})]; got {found}"
        )
    return given


def hiding(resource: object, hidden: Hidden) -> object:
    """Return a resource as the blocks of a workflow get it: a folder hides what must not be written."""
    return resource.hiding(hidden) if isinstance(resource, OutputFolder) else resource


class Resources:
    """Finds the resource of a type among those the caller gave and those the engine can make."""

    def __init__(self, given: Iterable[object], defaults: Iterable[object]) -> None:
        self._all = (*given, *defaults)
        self._withheld = {item.wanted: item.hint for item in self._all if isinstance(item, Withheld)}

    def get(self, wanted: type[Any]) -> Any | None:
        """Return the first resource of the type, `None` where there is none."""
        if wanted in self._withheld:
            return None
        return next((resource for resource in self._all if isinstance(resource, wanted)), None)

    def missing(self, wanted: type[Any]) -> str | None:
        """Say how to provide a resource that nobody gave; `None` where it is there."""
        if self.get(wanted) is not None:
            return None
        if wanted in self._withheld:
            return self._withheld[wanted]
        if wanted is OutputFolder:
            return "give a folder with --out DIR, or resources=[OutputFolder(DIR)] in Python"
        return f"pass an instance in resources=[{wanted.__name__}(...)]"
