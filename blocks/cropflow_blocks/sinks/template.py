"""Fills in where a picture goes, such as `{class}/{source}_{class}-{index}.png`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from cropflow.errors import nearest
from cropflow.image import Image
from cropflow.names import safe_name, safe_path, tidy_path

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")
PLACEHOLDERS = ("source", "class", "index", "id", "confidence")
_REFUSED = re.compile(r'[\x00-\x1f\x7f<>:"|?*]|^[\\/]|(?<![^\\/])\.\.(?![^\\/])')
_PLACEHOLDER = re.compile(r"([-_ .]?)\{([^{}]*)\}")


def check_path(path: str) -> str:
    """Return a path of a file as it is; ValueError where it can be none inside a folder, or holds braces."""
    if not path or path.endswith(("/", "\\")):
        raise ValueError("a path inside the output folder that names a file")
    if re.search(r"[{}]", path):
        raise ValueError("a path inside the output folder, without braces, because nothing is filled in here")
    return _check_inside(path)


def check_folder(path: str) -> str:
    """Return a path of a folder as it is, empty for the output folder itself; ValueError where it leads out of it."""
    if re.match(r"[\\/]|[A-Za-z]:", path):
        raise ValueError(
            "a path inside the output folder, relative to it, such as 'logs'; absolute paths are refused, since the "
            "output folder (--out, OutputFolder) is the only place that is written to"
        )
    return _check_inside(path)


@lru_cache
def check_template(template: str, known: Sequence[str] = PLACEHOLDERS) -> str:
    """Return the template; ValueError where a placeholder does not exist, or it can be no path in a folder."""
    told = ", ".join(f"{{{name}}}" for name in known)
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        raise ValueError(f"a name with braces around placeholders only: {told}")
    for _, name in _PLACEHOLDER.findall(template):
        if name not in known:
            near = " or ".join(f"{{{other}}}" for other in nearest(name, known))
            raise ValueError(f"a name with {told}; there is no {{{name}}}{f'; did you mean {near}?' if near else ''}")
    return _check_inside(template)


@lru_cache
def check_file_name(template: str) -> str:
    """Return the template of a picture's name; ValueError where the extension is none that is written."""
    if PurePosixPath(template).suffix.lower() not in EXTENSIONS:
        raise ValueError(f"a name that ends in one of {', '.join(EXTENSIONS)}")
    return check_template(template)


def place(folder: str, name: str, image: Image, label: str | None, confidence: float | None) -> str:
    """Return the path, relative to the output folder, that the templates give for a picture.

    A placeholder without a value vanishes together with the `-`, `_`, space or dot before it.

    Args:
        folder: template of the folder; empty for the output folder itself.
        name: template of the file name.
        image: the picture.
        label: its class, where one is known.
        confidence: how sure that is, where it is known.

    Raises:
        ValueError: a placeholder does not exist, or the extension is none that is written.
    """
    check_file_name(name)
    values = {
        "source": safe_path(source_of(image)),
        "class": safe_name(label or ""),
        "index": index_of(image),
        "id": safe_path(image.id),
        "confidence": "" if confidence is None else f"{confidence:.2f}",
    }
    return filled(check_template(folder), name, values)


def filled(folder: str, name: str, values: Mapping[str, str]) -> str:
    """Return the path that templates give for values that are safe in names."""
    ext = PurePosixPath(name).suffix
    return tidy_path(_fill(f"{folder}/{name.removesuffix(ext)}", values), ext)


def source_of(image: Image) -> str:
    """Return the id of the input picture without its extension: `sub/a.jpg` → `sub/a`, `v.mp4#7` → `v#7`."""
    return bare(image.origin.source.id)


def bare(id: str) -> str:
    """Return the id of a picture, video or frame without the extension."""
    return re.sub(r"(?<=[^./\\])\.[A-Za-z0-9]{1,5}(?=$|#\d+$)", "", id)


def index_of(image: Image) -> str:
    """Return the number of a crop among those of its picture: `a.jpg/detect/3` → `3`; empty for an input.

    It comes from the crop's id, so it does not depend on what was filtered out or how elements were batched.
    A crop of a crop has the numbers of both, such as `3-0`.
    """
    root = image.origin.source.id
    return "-".join(re.findall(r"/(\d+)(?=/|$)", image.id[len(root) :])) if image.id.startswith(root) else ""


def _check_inside(path: str) -> str:
    refused = _REFUSED.search(path)
    if refused:
        where = " at its beginning" if refused[0] in ("/", "\\") else ""
        raise ValueError(f"a path inside the output folder, without {refused[0]!r}{where}")
    return path


def _fill(template: str, values: Mapping[str, str]) -> str:
    def put(match: re.Match[str]) -> str:
        value = values[match[2]]
        return match[1] + value if value else ""

    return _PLACEHOLDER.sub(put, template)
