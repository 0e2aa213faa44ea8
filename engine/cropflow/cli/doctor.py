"""`cropflow doctor`: what is installed here, and what about it will not work."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path

import typer

from cropflow.cli.exits import REFUSED
from cropflow.cli.paper import heading, paragraph, table
from cropflow.errors import CropflowError
from cropflow.models.store import ENTRY_POINTS, ModelStore
from cropflow.registry import GROUP, Registry, installed

_ONE_OF = {
    "cv2": (
        "opencv-python-headless",
        "opencv-python",
        "opencv-contrib-python-headless",
        "opencv-contrib-python",
    ),
    "ultralytics": ("ultralytics-opencv-headless", "ultralytics"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
}
"""Packages that write into the same folder, so that only one of each row may be installed; the first is ours."""
_DEVICES = """
import torch
print("cpu")
for number in range(torch.cuda.device_count()):
    print(f"cuda:{number} ({torch.cuda.get_device_name(number)})")
if torch.backends.mps.is_available():
    print("mps")
"""
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class _Findings:
    """What was found: rows for each heading, and what has to be mended."""

    rows: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("doctor", epilog="Exit codes: 0 fine, 1 something has to be mended.")(doctor)


def doctor() -> None:
    """Tell what is installed here, and what has to be mended.

    Versions, devices, plug-ins and folders; nothing is changed.
    """
    found = _Findings()
    found.rows["Versions"] = [("python", f"{platform.python_version()} ({sys.executable})"), *_versions()]
    found.rows["Devices"] = [("torch", text) for text in _devices(found.problems)]
    found.rows["Plug-ins"] = list(_plugins(found.problems))
    found.rows["Folders"] = [("cache", _cache(ModelStore().cache_dir, found.problems))]
    found.problems.extend(_doubles())
    typer.echo("\n".join(_shown(found)))
    raise typer.Exit(REFUSED if found.problems else 0)


def _shown(found: _Findings) -> Iterator[str]:
    for title, rows in found.rows.items():
        yield heading(title)
        yield from [*table(rows, indent=2), ""]
    for problem in found.problems:
        yield from paragraph(f"to mend: {problem}", hanging=4)
    if not found.problems:
        yield "fine: nothing to mend"


def _versions() -> Iterator[tuple[str, str]]:
    for name in ("cropflow", "numpy", *_ONE_OF["cv2"], "supervision"):
        if _version(name):
            yield name, _version(name)
    frameworks = [
        name for name in (*_ONE_OF["ultralytics"], "torch", *_ONE_OF["onnxruntime"], "openvino") if _version(name)
    ]
    yield from ((name, _version(name)) for name in frameworks)
    if not any(_version(name) for name in _ONE_OF["ultralytics"]):
        yield "ultralytics", 'not installed; models need it: pip install "cropflow[yolo]"'


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _doubles() -> Iterator[str]:
    for folder, names in _ONE_OF.items():
        there = [name for name in names if _version(name)]
        if len(there) > 1:
            yield (
                f"{' and '.join(there)} are both installed and overwrite each other's files in {folder}/. "
                f"Keep one: pip uninstall --yes {' '.join(there)}, then pip install {there[0]}"
            )


def _devices(problems: list[str]) -> Iterator[str]:
    """Ask torch in a process of its own: a broken installation may end the process that imports it."""
    if not _version("torch"):
        yield "not installed"
        return
    command = [sys.executable, "-c", _DEVICES]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        yield "no answer"
        problems.append(f"torch did not answer within {_PATIENCE} seconds: reinstall torch")
        return
    if asked.returncode:
        said = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        yield "broken"
        problems.append(f"torch cannot be imported ({said[-1]}): reinstall torch")
    yield from asked.stdout.splitlines()


def _plugins(problems: list[str]) -> Iterator[tuple[str, str]]:
    before = len(problems)
    for group, what in ((GROUP, "blocks"), (ENTRY_POINTS, "models")):
        for entry in sorted(entry_points(group=group)):
            package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            yield what, f"{entry.name} of {package}: {_plugin(entry, problems)}"
    if len(problems) == before:
        problems.extend(_clashes())


def _plugin(entry: EntryPoint, problems: list[str]) -> str:
    try:
        loaded = entry.load()
        if entry.group == ENTRY_POINTS:
            return f"{type(loaded()).__name__}"
        count = len(list(Registry(()).extended([loaded])))
    except Exception as error:  # a plug-in may raise anything
        problems.append(f"the plug-in {entry.name!r} cannot be loaded: {type(error).__name__}: {error}")
        return "cannot be loaded"
    return f"{count} block{'' if count == 1 else 's'}"


def _clashes() -> Iterator[str]:
    try:
        installed()
    except CropflowError as error:
        yield str(error)


def _cache(folder: Path, problems: list[str]) -> str:
    """Return where caches go and how large they are."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        problems.append(f"the cache folder {folder} cannot be written to: {there} must be a folder with write access")
        return f"{folder} (cannot be written to)"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return f"{folder} ({f'{size:.1f} MB' if folder.exists() else 'not made yet'})"
