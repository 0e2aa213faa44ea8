"""Turns what a user names (a file, a folder, a pattern, a list, a URL, a camera) into the items that are meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from cropflow.errors import ImageError, nearest
from cropflow.sources import lists, picture, video
from cropflow.sources.camera import Camera
from cropflow.sources.natural import natural_key
from cropflow.sources.pattern import fixed_part, is_pattern, matching
from cropflow.sources.picture import Picture, Source
from cropflow.sources.shot import Item
from cropflow.sources.url import LIVE, from_url, is_url
from cropflow.sources.video import Video


def find_source(source: str | int | os.PathLike[str], *, allow_urls: bool = False, skip: Path | None = None) -> Source:
    """Find the pictures and videos of a source, in natural order; none of them is opened.

    Args:
        source: a file, which is a video if it is called so, and otherwise a picture; a folder, which is searched with
            all its subfolders for files that have the extension of a picture or video; a pattern such as
            `data/**/*.png`, likewise; a list, `.txt`, with one of these in a line, where what is
            not there costs its own line; a URL; the number of a camera; `-`
            for the bytes of a picture on the standard input. Before a URL, `live:` says that it is a stream
            without end.
        allow_urls: whether pictures and videos may come from URLs. A camera may anyway.
        skip: a folder whose files are left out, such as the one results are written to. It has no effect
            on a source that lies inside it.

    Raises:
        ImageError: nothing is found, a folder cannot be read, or URLs are not allowed.

    Ids are paths relative to the folder, or to the part of the pattern before its first wildcard; a single
    file has its name. Hidden files and folders are ignored. A name with wildcards that exists is no pattern, nor is
    such a part of one. Links to folders are followed unless they lead back up.
    """
    text = str(source) if isinstance(source, int) else os.fspath(source)
    if not text:
        raise ImageError("a source is empty: name a file, a folder, a pattern, a URL or a camera")
    if text == "-":
        return Source("stdin", (Picture("stdin", sys.stdin.buffer.read()),))
    if is_url(text.removeprefix(LIVE)):
        return from_url(text.removeprefix(LIVE), allow_urls, live=text.startswith(LIVE))
    try:
        return _from_disk(text, allow_urls, skip)
    except (OSError, ValueError) as error:  # a name that is too long or holds a null byte, no permission, …
        reason, place = (error.strerror, error.filename) if isinstance(error, OSError) else (error, None)
        raise ImageError(f"the source '{place or text}' cannot be read: {reason}") from error


def _from_disk(text: str, allow_urls: bool, skip: Path | None) -> Source:
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_folder(path, skip)
    if path.is_char_device() and path.name.startswith("video"):
        return _camera(path.name.removeprefix("video"))
    if path.exists():
        if path.suffix == lists.SUFFIX:
            return lists.read_list(path, partial(find_source, allow_urls=allow_urls))
        return Source(_name(path.parent), (_item(path.name, path),))
    if text.isascii() and text.isdigit():
        return _camera(text)
    if path.is_symlink():
        raise ImageError(f"the link '{path}' leads nowhere: there is no '{path.readlink()}'")
    if is_pattern(path):
        return _from_pattern(path, skip)
    raise ImageError(_nothing_there(path))


def _camera(number: str) -> Source:
    name = f"camera-{int(number)}"
    return Source(name, (Camera(name, int(number)),))


def _from_folder(folder: Path, skip: Path | None) -> Source:
    items = _items(folder, _walk(folder, ()), skip)
    if not items:
        raise ImageError(
            f"the folder '{folder}' holds no picture and no video; looked in it and all its subfolders for files that "
            f"end in {_extensions()}"
        )
    return Source(_name(folder), items)


def _from_pattern(pattern: Path, skip: Path | None) -> Source:
    root = fixed_part(pattern)
    files = [path for path in dict.fromkeys(matching(pattern)) if not path.is_dir()]
    items = _items(root, (path for path in files if _is_wanted(path.name)), skip)
    if not items:
        others = f"; {len(files)} other files match it" if files else ""
        raise ImageError(
            f"no picture or video matches the pattern '{pattern}'{others}; looked in '{root.absolute()}' for files "
            f"that end in {_extensions()}"
        )
    return Source(_name(root), items)


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Give the pictures and videos of a folder; links to folders are followed unless they lead back up."""
    real = folder.resolve()
    if real in above:
        return
    for entry in list(os.scandir(folder)):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from _walk(folder / entry.name, (*above, real))
        elif _is_wanted(entry.name):
            yield folder / entry.name


def _items(root: Path, paths: Iterable[Path], skip: Path | None) -> tuple[Item, ...]:
    hidden = _below(skip, root)
    relative = {
        path.relative_to(root): path for path in paths if hidden is None or not path.resolve().is_relative_to(hidden)
    }
    return tuple(_item(name.as_posix(), relative[name]) for name in sorted(relative, key=natural_key))


def _item(id: str, path: Path) -> Item:
    return Video(id, path) if path.suffix.lower() in video.EXTENSIONS else Picture(id, path)


def _is_wanted(name: str) -> bool:
    """Whether a file name looks like a picture or video; hidden files never do."""
    return not name.startswith(".") and Path(name).suffix.lower() in picture.EXTENSIONS | video.EXTENSIONS


def _below(skip: Path | None, root: Path) -> Path | None:
    """Return the folder to skip, resolved, where it lies below the root."""
    if skip is None or skip.resolve() == root.resolve():
        return None
    return skip.resolve() if skip.resolve().is_relative_to(root.resolve()) else None


def _nothing_there(path: Path) -> str:
    folder = path.parent
    names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    near = "".join(f"; did you mean '{folder / name}'?" for name in nearest(path.name, names)[:1])
    return f"there is no file or folder '{path}' (looked for {path.absolute()}){near}"


def _name(folder: Path) -> str:
    return folder.resolve().name or "root"


def _extensions() -> str:
    return ", ".join([*sorted(picture.EXTENSIONS), *sorted(video.EXTENSIONS)])
