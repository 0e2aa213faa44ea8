"""Where the lines of a run go: into a folder, or to stdout."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from cropflow.cli.exits import UsageError
from cropflow.cli.lines import to_text
from cropflow.image import Image
from cropflow.names import safe_name, safe_path
from cropflow.resources import OutputFolder, inside

RESULTS = "results.jsonl"
REPORT = "report.json"
OURS = (RESULTS, REPORT)
"""Names in the output folder that no block may have."""

_LARGEST_JPEG = 65_500


class Sink(Protocol):
    """What a run writes to."""

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write a line, in such a way that it is there even if the next one is never reached."""

    def show(self, source: str, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Return what stands in the line for an image."""

    def report(self, facts: Mapping[str, Any]) -> None:
        """Write how the run went."""

    def close(self) -> None:
        """End writing."""


class Stream:
    """Lines on stdout; of images only the size is told."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write a line at once, so that a pipe can follow."""
        self._stream.write(to_text(facts))
        self._stream.flush()

    def show(self, source: str, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Return the size of the image."""
        return {"width": image.width, "height": image.height}

    def report(self, facts: Mapping[str, Any]) -> None:
        """Write nothing: the table on stderr tells it."""

    def close(self) -> None:
        """Leave stdout open."""


class Folder:
    """Lines in `results.jsonl`, images beside it, and a report. The folder is made with the first line.

    Args:
        files: the folder, which the blocks of the workflow write into as well.
        ids: of all rows; they name the image files.
    """

    def __init__(self, files: OutputFolder, ids: Sequence[str]) -> None:
        self._files = files
        self._stems = _stems(ids)
        self._lines: BinaryIO | None = None

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write a line and hand it to the system, so that a crash leaves all finished lines."""
        lines = self._opened()
        lines.write(to_text(facts))
        lines.flush()

    def show(self, source: str, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Write the image to `images/OUTPUT/SOURCE[/INDEX…]` and return where it is."""
        output, *inner = map(safe_name, place)
        suffix = _suffix(image)
        name = PurePosixPath("images", output, self._stems[source], *inner)
        return {"type": "file", "value": self._files.write(f"{name}{suffix}", image.encode(suffix))}

    def report(self, facts: Mapping[str, Any]) -> None:
        """Write `report.json` in one go, so that it is never half there; the lines go with it, if only none."""
        self._opened()
        target = self._ours(REPORT)
        part = target.with_name(f".{REPORT}.part")
        part.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8", "backslashreplace")
        part.replace(target)

    def close(self) -> None:
        """Close the lines."""
        if self._lines is not None:
            self._lines.close()

    def _opened(self) -> BinaryIO:
        if self._lines is None:
            self._lines = self._ours(RESULTS).open("wb")
        return self._lines

    def _ours(self, name: str) -> Path:
        self._files.path.mkdir(parents=True, exist_ok=True)
        return inside(self._files.path, name)


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Refuse an output folder that holds something, unless its files may be replaced.

    Raises:
        UsageError: it is no folder, or holds something.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out: '{path}' is a file; name a folder")
    if not overwrite and path.is_dir() and any(path.iterdir()):
        raise UsageError(
            f"--out: the folder '{path}' is not empty; name another one, or add --overwrite to replace the "
            "files of an earlier run"
        )


def _suffix(image: Image) -> str:
    return ".png" if image.has_alpha or max(image.width, image.height) > _LARGEST_JPEG else ".jpg"


def _stems(ids: Sequence[str]) -> dict[str, str]:
    """Return what files of a row are called: its id without suffix, or with it where two would be the same."""
    stems = {source: safe_path(str(PurePosixPath(source).with_suffix(""))) if source else "run" for source in ids}
    while clashes := [source for source in _clashes(stems) if stems[source] != safe_path(source)]:
        stems.update((source, safe_path(source)) for source in clashes)
    return stems


def _clashes(stems: Mapping[str, str]) -> list[str]:
    counts = Counter(stem.casefold() for stem in stems.values())
    return [source for source, stem in stems.items() if counts[stem.casefold()] > 1]
