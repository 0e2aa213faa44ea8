"""ONNX files of Ultralytics' models in ONNX Runtime."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cropflow.cores import cores
from cropflow.errors import ModelError
from cropflow.models import Model
from cropflow_blocks.models.exported import exported_model, fact
from cropflow_blocks.models.sessions import AT_ONCE, ArraySession

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_SPIN = "20"
"""Microseconds in which an idle thread looks for work before it sleeps: longer takes time from whatever else runs, and
sleeping at once makes a network on idle cores slower by a tenth to a fourth."""


class OnnxLoader:
    """Loads `.onnx` files that Ultralytics exported, where ONNX Runtime is installed."""

    def accepts(self, path: Path) -> bool:
        """Tell from the name, and from what is installed."""
        return path.suffix.lower() == ".onnx" and importlib.util.find_spec("onnxruntime") is not None

    def load(
        self, path: Path, *, device: str | None, image_size: int | None, half: bool = False, cache_dir: Path
    ) -> Model:
        """Load weights; see `ModelLoader.load`. The precision is that of the export.

        Raises:
            ModelError: the file is damaged, not of Ultralytics, or cannot run on this device.
        """
        session = OnnxSession(path, device)
        return exported_model(
            path, session, session.facts, device=device, image_size=image_size, half=half, cache_dir=cache_dir
        )

    def download(self, name: str, folder: Path) -> Path:
        """Refuse: nobody publishes such weights."""
        raise ModelError(f"there are no published weights {name!r}")


class OnnxSession(ArraySession):
    """A file in ONNX Runtime: a session that has all cores, and one for many callers with a core each.

    Networks of one thread side by side are faster than one of many threads, which wait for each other in every layer.
    """

    runtime = "onnx"

    def __init__(self, path: Path, device: str | None) -> None:
        self._path = path
        self._providers = _providers(path, device)
        self._lock = threading.Lock()
        self._narrow: InferenceSession | None = None
        self._wide = self._opened(threads=0)
        (taken,) = self._wide.get_inputs()
        self._name = taken.name
        self.device = device or "cpu"
        on_gpu = len(self._providers) > 1
        self.lanes = 1 if on_gpu else cores()
        self.at_once = None if on_gpu else AT_ONCE
        self.shape = tuple(side if isinstance(side, int) else None for side in taken.shape)
        self.batch = self.shape[0]
        self.number = np.float16 if taken.type == "tensor(float16)" else np.float32
        facts = self._wide.get_modelmeta().custom_metadata_map
        self.facts = {name: fact(text) for name, text in facts.items()}

    def run(self, batch: NDArray[Any], *, beside: bool) -> Sequence[NDArray[Any]]:
        """Run the network; see `ArraySession.run`."""
        session = self._one_core() if beside else self._wide
        answers: Sequence[NDArray[Any]] = session.run(None, {self._name: batch})
        return answers

    def _one_core(self) -> InferenceSession:
        with self._lock:
            if self._narrow is None:
                self._narrow = self._opened(threads=1)
            return self._narrow

    def _opened(self, threads: int) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
        try:
            return onnxruntime.InferenceSession(str(self._path), options, providers=self._providers)
        except Exception as error:  # the runtime raises all sorts of things
            first = str(error).strip().split("\n")[0]
            raise ModelError(f"{self._path} cannot be loaded; the file may be damaged or no ONNX: {first}") from error


def _providers(path: Path, device: str | None) -> list[Any]:
    import onnxruntime

    found = re.fullmatch(r"cpu|(?:cuda:?)?(\d*)", device or "cpu")
    if found is None:
        raise ModelError(f"{path} cannot run on {device!r}: ONNX Runtime runs on cpu and on cuda:0, cuda:1 and so on")
    if found[0] == "cpu":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModelError(f"{path} cannot run on {device!r}: install onnxruntime-gpu in place of onnxruntime")
    return [("CUDAExecutionProvider", {"device_id": int(found[1] or 0)}), "CPUExecutionProvider"]
