"""Where the lines of a run go: into a folder, or to stdout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from cropflow.cli.exits import UsageError
from cropflow.cli.journal import FOLDER
from cropflow.cli.lines import to_text
from cropflow.cores import cores
from cropflow.image import Image
from cropflow.names import safe_name, safe_path
from cropflow.output_folder import OutputFolder, inside
from cropflow.sources.rows import Row

RESULTS = "results.jsonl"
ERRORS = "errors.jsonl"
REPORT = "report.json"
PAGE = "report.html"
TRACE = "trace.json"
OURS = (RESULTS, ERRORS, REPORT, PAGE, TRACE, FOLDER)
"""Names in the output folder that no block may have."""

_LARGEST_JPEG = 65_500


class Sink(Protocol):
    """What a run writes to."""

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write a line, in such a way that it is there even if the next one is never reached."""

    def fail(self, facts: Mapping[str, Any]) -> None:
        """Write what failed, likewise."""

    def expect(self, images: Iterable[Image]) -> None:
        """Learn which images will be shown for the rows of a batch."""

    def show(self, row: Row, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Return what stands in the line for an image."""

    def sizes(self) -> dict[str, int]:
        """Return how many bytes the files of lines have, by name."""

    def report(self, name: str, text: str) -> None:
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

    def fail(self, facts: Mapping[str, Any]) -> None:
        """Write nothing: the line of the picture tells it."""

    def expect(self, images: Iterable[Image]) -> None:
        """Need nothing."""

    def show(self, row: Row, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Return the size of the image."""
        return {"width": image.width, "height": image.height}

    def sizes(self) -> dict[str, int]:
        """Return nothing: there are no files."""
        return {}

    def report(self, name: str, text: str) -> None:
        """Write nothing: the table on stderr tells it."""

    def close(self) -> None:
        """Leave stdout open."""


class Folder:
    """Lines in `results.jsonl`, images beside it, and a report. The folder is made with the first line.

    Args:
        files: the folder, which the blocks of the workflow write into as well.
        items: the ids of all files and cameras; they name the image files.
        kept: names of the files of lines that are added to; others begin anew.
    """

    def __init__(self, files: OutputFolder, items: Sequence[str], kept: Container[str] = ()) -> None:
        self._files = files
        self._stems = _stems(items or [""])
        self._kept = kept
        self._open: dict[str, BinaryIO] = {}
        self._encoders = ThreadPoolExecutor(cores(), thread_name_prefix="cropflow-encoder")
        self._encoded: dict[int, Future[bytes]] = {}

    def write(self, facts: Mapping[str, Any]) -> None:
        """Write a line and hand it to the system, so that a crash leaves all finished lines."""
        self._add(RESULTS, facts)

    def fail(self, facts: Mapping[str, Any]) -> None:
        """Write what failed to `errors.jsonl`, likewise."""
        self._add(ERRORS, facts)

    def sizes(self) -> dict[str, int]:
        """Return how many bytes its files of lines have."""
        return {name: file.tell() for name, file in self._open.items()}

    def expect(self, images: Iterable[Image]) -> None:
        """Encode images side by side, which takes longer than to write them."""
        self._encoded = {id(image): self._encoders.submit(image.encode, _suffix(image)) for image in images}

    def show(self, row: Row, image: Image, place: Sequence[str]) -> dict[str, Any]:
        """Write the image to `images/OUTPUT/SOURCE[/FRAME][/INDEX…]` and return where it is."""
        output, *inner = map(safe_name, place)
        suffix = _suffix(image)
        frame = [] if row.frame is None else [f"{row.frame:06}"]
        name = PurePosixPath("images", output, self._stems[row.item], *frame, *inner)
        data = self._encoded[id(image)].result()
        return {"type": "file", "value": self._files.write(f"{name}{suffix}", data)}

    def report(self, name: str, text: str) -> None:
        """Write a report in one go, so that it is never half there; the lines go with it, if only none."""
        self._opened(RESULTS)
        target = self._ours(name)
        part = target.with_name(f".{name}.part")
        part.write_text(text, "utf-8", "backslashreplace")
        part.replace(target)

    def close(self) -> None:
        """Close the lines."""
        self._encoders.shutdown(cancel_futures=True)
        for file in self._open.values():
            file.close()

    def _add(self, name: str, facts: Mapping[str, Any]) -> None:
        file = self._opened(name)
        file.write(to_text(facts))
        file.flush()

    def _opened(self, name: str) -> BinaryIO:
        if name not in self._open:
            file = self._open[name] = self._ours(name).open("ab")
            if name not in self._kept:
                file.truncate(0)
        return self._open[name]

    def _ours(self, name: str) -> Path:
        self._files.path.mkdir(parents=True, exist_ok=True)
        return inside(self._files.path, name)


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Refuse an output folder that holds something, unless its files may be replaced or hold no result.

    Raises:
        UsageError: it is no folder, or holds something.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out: '{path}' is a file; name a folder")
    if not overwrite and path.is_dir() and any(path.iterdir()) and not _holds_no_result(path):
        raise UsageError(
            f"--out: the folder '{path}' is not empty; name another one, add --resume to go on with a run that was "
            "interrupted, or --overwrite to replace the files of an earlier run"
        )


def _holds_no_result(path: Path) -> bool:
    """Whether there is nothing but the report of a run that ended before its first row: then nothing can be lost."""
    names = {item.name for item in path.iterdir()}
    lines = [path / name for name in (RESULTS, ERRORS) if name in names]
    return {REPORT, FOLDER} <= names <= set(OURS) and all(file.is_file() and not file.stat().st_size for file in lines)


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
