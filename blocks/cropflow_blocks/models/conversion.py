"""Exports `.pt` weights to other runtimes, once, into the cache.

An export is named after the contents of the weights, made in a folder of its own, copied beside its place and
moved there in one go, so several processes may do it at the same time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from cropflow.errors import ModelError
from cropflow.models import Runtime
from cropflow_blocks.models.exported import FACTS, fact
from cropflow_blocks.models.openvino import openvino_imported
from cropflow_blocks.models.quiet import ultralytics_imported

log = logging.getLogger("cropflow")

_NEEDED: Mapping[Runtime, tuple[str, ...]] = {"onnx": ("onnxruntime", "onnx"), "openvino": ("openvino", "onnx")}
"""What packages a runtime needs, the fastest on a CPU first."""


def fastest(device: str | None) -> Runtime:
    """Return the runtime that is fastest for a device, of those that are installed."""
    if (device or "").startswith("intel:"):
        return "openvino"
    on_cpu = device in (None, "cpu") and not _has_cuda()
    return next((runtime for runtime in _NEEDED if on_cpu and not _missing(runtime)), "torch")


def converted(path: Path, runtime: Runtime, cache_dir: Path) -> Path:
    """Return weights for a runtime, for any number of pictures of any size; made if they are not in the cache.

    Raises:
        ModelError: a package is missing, or the weights cannot be exported.
    """
    if runtime not in _NEEDED:
        return path
    if missing := _missing(runtime):
        needs = f"the runtime {runtime!r} needs the package {missing[0]!r} for {path.name}"
        raise ModelError(needs, hint=f'pip install "cropflow[{runtime},export]"')
    return as_onnx(path, cache_dir) if runtime == "onnx" else _as_openvino(path, cache_dir)


def as_onnx(path: Path, cache_dir: Path) -> Path:
    """Return the ONNX export of weights; needs the package onnx.

    Raises:
        ModelError: the weights cannot be exported.
    """
    target = cache_dir / "exports" / f"{path.stem}-{_digest(path)}.onnx"
    if not target.exists():
        log.warning("%s is exported to ONNX, once; this takes some seconds", path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory(dir=target.parent) as near:
            made = _exported(path, Path(plain), cache_dir)
            Path(shutil.copy(made, near)).replace(target)
    return target


def _as_openvino(path: Path, cache_dir: Path) -> Path:
    """Return the folder that Ultralytics would export, made of the ONNX export: of its numbers, and without torch."""
    target = cache_dir / "exports" / f"{path.stem}-{_digest(path)}_openvino_model"
    if not target.exists():
        source, openvino = as_onnx(path, cache_dir), openvino_imported()
        network = openvino.Core().read_model(source)
        facts = network.get_rt_info(["framework"]).value
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / "made"
            made.mkdir()
            openvino.save_model(network, made / f"{path.stem}.xml", compress_to_fp16=False)
            (made / FACTS).write_text(
                yaml.safe_dump({name: fact(text) for name, text in facts.items()}), encoding="utf-8"
            )
            try:
                made.replace(target)
            except OSError:
                if not target.exists():  # else another process was faster
                    raise
    return target


def _exported(path: Path, folder: Path, cache_dir: Path) -> Path:
    """Export a copy that lies in a folder under a plain name: Ultralytics takes not every path as it is."""
    copy = Path(shutil.copy(path, folder / "weights.pt"))
    with ultralytics_imported(cache_dir) as ultralytics:
        try:
            made = Path(ultralytics.YOLO(copy).export(format="onnx", dynamic=True, simplify=False, verbose=False))
        except Exception as error:  # the framework raises all sorts of things
            first = str(error).strip().split("\n")[0]
            raise ModelError(f"{path} cannot be exported to ONNX: {type(error).__name__}: {first}") from error
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


def _missing(runtime: Runtime) -> list[str]:
    return [name for name in _NEEDED[runtime] if importlib.util.find_spec(name) is None]


def _has_cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
