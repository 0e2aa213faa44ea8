"""Where a `model_id` may lead: the names and files it is looked up in, in order.

Documents say `../models/a.pt`, `dog-breeds/1` or `yolov8n-640`; this file turns that into places to look at,
without opening any weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cropflow.document.text import parse, read_file
from cropflow.errors import ModelError, WorkflowError

MAP_FILE = "models.yaml"
_LINES = "Write lines such as `name: path/to/weights.pt`."
_YOLO_NAME = re.compile(
    r"(?P<family>yolo)v?(?P<version>\d+)(?P<scale>[a-z]+)"
    r"(?P<task>-(?:seg|pose|cls|obb|sem))?(?:-(?P<size>\d+))?(?:\.pt)?"
)
_WITH_V = {"3", "4", "5", "6", "7", "8", "9", "10"}  # later generations dropped the "v": yolo11n.pt


@dataclass(frozen=True, slots=True)
class Place:
    """Weights, or a place where they may be.

    Attributes:
        path: file or folder.
        image_size: pixels that the name asks for; `None` takes what the weights were trained for.
    """

    path: Path
    image_size: int | None = None


def published_name(model_id: str) -> Place | None:
    """Return the Ultralytics file and image size that a name stands for; `None` for any other name.

    >>> published_name("yolov8n-seg-640")
    Place(path=PosixPath('yolov8n-seg.pt'), image_size=640)
    >>> published_name("yolov11n").path.name
    'yolo11n.pt'
    """
    match = _YOLO_NAME.fullmatch(model_id)
    if match is None:
        return None
    version, size = match["version"], match["size"]
    stem = f"yolo{'v' if version in _WITH_V else ''}{version}{match['scale']}{match['task'] or ''}"
    return Place(Path(f"{stem}.pt"), int(size) if size else None)


def read_map(folder: Path | None) -> Mapping[str, Path]:
    """Read `models.yaml` of a folder: names to paths, relative ones to the folder; empty where there is none.

    Raises:
        ModelError: the file is no mapping of names to paths.
    """
    file = (folder or Path()) / MAP_FILE
    if folder is None or not file.is_file():
        return {}
    try:
        parsed = parse(read_file(file), str(file))
        parsed.report.check()
    except WorkflowError as error:
        mistakes = "\n".join(map(str, error.problems))
        raise ModelError(f"{file} cannot be read:\n{mistakes}", hint=_LINES) from error
    content = parsed.value or {}
    if not isinstance(content, dict) or not all(isinstance(path, str) for path in content.values()):
        raise ModelError(f"{file} must map names to paths", hint=_LINES)
    return {str(name): folder / Path(path).expanduser() for name, path in content.items()}


def places(model_id: str, base: Path | None, downloads: Path) -> Iterator[Place]:
    """Give the places where an unmapped `model_id` is looked for, best first."""
    folders = [folder for folder in (base, Path.cwd()) if folder is not None]
    for folder in folders:
        yield Place(folder / Path(model_id).expanduser())
    published = published_name(model_id)
    if published is not None:
        for folder in (*folders, downloads):
            yield Place(folder / published.path, published.image_size)


def names_nearby(found: Iterator[Place]) -> Iterator[str]:
    """Give the names of the files beside the places that were tried."""
    folders = dict.fromkeys(place.path.parent for place in found)
    for folder in folders:
        if folder.is_dir():
            yield from sorted(item.name for item in folder.iterdir())
