"""Exports `.pt` weights for another runtime, once, into the cache.

An export is named after the contents of the weights, made in a folder of its own and moved into place in one go, so
several processes may do it at the same time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cropflow.errors import ModelError
from cropflow.models import Runtime
from cropflow_blocks.models.quiet import ultralytics_imported

log = logging.getLogger("cropflow")

_NEEDS: Mapping[str, tuple[str, ...]] = {"onnx": ("onnxruntime", "onnx"), "openvino": ("openvino",)}
_EXTRAS: Mapping[str, str] = {"onnx": "onnx,export", "openvino": "openvino"}
_SUFFIX: Mapping[str, str] = {"onnx": ".onnx", "openvino": "_openvino_model"}


def fastest(device: str | None) -> Runtime:
    """Return the runtime that is fastest for a device, of those that are installed."""
    on_cpu = device in (None, "cpu") and not _has_cuda()
    return "onnx" if on_cpu and not _missing("onnx") else "torch"


def converted(path: Path, runtime: Runtime, cache_dir: Path) -> Path:
    """Return the export of weights for a runtime; made if it is not in the cache.

    Raises:
        ModelError: a package is missing, or the weights cannot be exported.
    """
    missing = _missing(runtime)
    if missing:
        raise ModelError(
            f"--runtime {runtime} needs the package {missing[0]!r}", hint=f'pip install "cropflow[{_EXTRAS[runtime]}]"'
        )
    target = cache_dir / "exports" / f"{path.stem}-{_digest(path)}{_SUFFIX[runtime]}"
    if not target.exists():
        log.warning("%s is exported for %s, once; this takes some seconds", path.name, runtime)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            _move(_exported(path, runtime, Path(folder), cache_dir), target)
    return target


def _exported(path: Path, runtime: Runtime, folder: Path, cache_dir: Path) -> Path:
    copy = folder / f"{path.stem}.pt"
    shutil.copy(path, copy)
    with ultralytics_imported(cache_dir) as ultralytics:
        try:
            made = Path(ultralytics.YOLO(copy).export(format=runtime, dynamic=True, simplify=False, verbose=False))
        except Exception as error:  # the framework raises all sorts of things
            first = str(error).strip().split("\n")[0]
            raise ModelError(f"{path} cannot be exported for {runtime}: {type(error).__name__}: {first}") from error
    if runtime == "onnx":
        _pad_as_weights_do(made)
    return made


def _pad_as_weights_do(file: Path) -> None:
    """Ultralytics pads pictures for `.pt` files to multiples of 32, for exports to those of the stride; be the same."""
    import onnx

    model = onnx.load(file)
    for entry in model.metadata_props:
        if entry.key == "stride":
            entry.value = str(max(32, int(entry.value)))
    onnx.save(model, file)


def _move(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError:  # a folder that another process has put there meanwhile
        if not target.exists():
            raise


def _missing(runtime: str) -> list[str]:
    return [name for name in _NEEDS[runtime] if importlib.util.find_spec(name) is None]


def _has_cuda() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
