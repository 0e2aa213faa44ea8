"""Turns what a user names (a file, a folder, a pattern, a URL) into the pictures that are meant."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cropflow.errors import ImageError, nearest
from cropflow.sources.natural import natural_key
from cropflow.sources.picture import EXTENSIONS, Picture, Source, is_picture

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def find_pictures(source: str | os.PathLike[str], *, allow_urls: bool = False, skip: Path | None = None) -> Source:
    """Find the pictures of a source, in natural order; none of them is opened.

    Args:
        source: a file (of any name); a folder, which is searched with all its subfolders for files that have
            the extension of a picture; a pattern such as `data/**/*.png`, likewise; or a URL.
        allow_urls: whether a URL is accepted.
        skip: a folder whose pictures are left out, such as the one results are written to. It has no effect
            on a source that lies inside it.

    Raises:
        ImageError: nothing is found, a folder cannot be read, or URLs are not allowed.

    Ids are paths relative to the folder, or to the part of the pattern before its first wildcard; a single
    file has its name. Hidden files and folders are ignored. A name with brackets that exists is no pattern.
    """
    text = os.fspath(source)
    if not text:
        raise ImageError("a source is empty: name a file, a folder, a pattern or a URL")
    if _URL.match(text):
        return _from_url(text, allow_urls)
    try:
        return _from_disk(text, skip)
    except (OSError, ValueError) as error:  # a name that is too long or holds a null byte, no permission, …
        reason, place = (error.strerror, error.filename) if isinstance(error, OSError) else (error, None)
        raise ImageError(f"the source '{place or text}' cannot be read: {reason}") from error


def _from_disk(text: str, skip: Path | None) -> Source:
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_folder(path, skip)
    if path.exists():
        return Source(_name(path.parent), (Picture(path.name, path),))
    if glob.has_magic(text):
        return _from_pattern(path, skip)
    raise ImageError(_nothing_there(path))


def _from_url(url: str, allowed: bool) -> Source:
    if not allowed:
        raise ImageError(f"{url}: pictures are read from URLs only with --allow-urls (allow_urls=True)")
    parts = urlsplit(url)
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    last = re.sub(r"[/\\:\x00]", "_", segments[-1]) if segments else ""
    return Source(parts.hostname or "url", (Picture(last.strip(".") or parts.hostname or "url", url),))


def _from_folder(folder: Path, skip: Path | None) -> Source:
    pictures = _pictures(folder, _walk(folder, ()), skip)
    if not pictures:
        raise ImageError(
            f"the folder '{folder}' holds no picture; looked in it and all its subfolders for files that end "
            f"in {_extensions()}"
        )
    return Source(_name(folder), pictures)


def _from_pattern(pattern: Path, skip: Path | None) -> Source:
    root = _fixed_part(pattern)
    found = [Path(path) for path in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207 - skips what is hidden
    files = [path for path in found if path.is_file()]
    pictures = _pictures(root, (path for path in files if is_picture(path.name)), skip)
    if not pictures:
        others = f"; {len(files)} other files match it" if files else ""
        raise ImageError(
            f"no picture matches the pattern '{pattern}'{others}; looked in '{root.absolute()}' for files "
            f"that end in {_extensions()}"
        )
    return Source(_name(root), pictures)


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Give the picture files of a folder; links to folders are followed unless they lead back up."""
    real = folder.resolve()
    if real in above:
        return
    for entry in list(os.scandir(folder)):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from _walk(folder / entry.name, (*above, real))
        elif is_picture(entry.name):
            yield folder / entry.name


def _pictures(root: Path, paths: Iterable[Path], skip: Path | None) -> tuple[Picture, ...]:
    hidden = _below(skip, root)
    relative = {
        path.relative_to(root): path for path in paths if hidden is None or not path.resolve().is_relative_to(hidden)
    }
    return tuple(Picture(name.as_posix(), relative[name]) for name in sorted(relative, key=natural_key))


def _below(skip: Path | None, root: Path) -> Path | None:
    """Return the folder to skip, resolved, where it lies below the root."""
    if skip is None or skip.resolve() == root.resolve():
        return None
    return skip.resolve() if skip.resolve().is_relative_to(root.resolve()) else None


def _fixed_part(pattern: Path) -> Path:
    parts = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _nothing_there(path: Path) -> str:
    folder = path.parent
    names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    near = "".join(f"; did you mean '{folder / name}'?" for name in nearest(path.name, names)[:1])
    return f"there is no file or folder '{path}' (looked for {path.absolute()}){near}"


def _name(folder: Path) -> str:
    return folder.resolve().name or "root"


def _extensions() -> str:
    return ", ".join(sorted(EXTENSIONS))
