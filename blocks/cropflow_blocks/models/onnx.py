"""ONNX files of Ultralytics' models in ONNX Runtime."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cropflow.errors import ModelError
from cropflow.models import Model
from cropflow_blocks.models.exported import exported_model, fact

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
        model = exported_model(path, session, session.facts, image_size)
        if model is None:
            from cropflow_blocks.models.ultralytics import UltralyticsLoader

            loader = UltralyticsLoader()
            return loader.load(path, device=device, image_size=image_size, half=half, cache_dir=cache_dir)
        return model

    def download(self, name: str, folder: Path) -> Path:
        """Refuse: nobody publishes such weights."""
        raise ModelError(f"there are no published weights {name!r}")


class OnnxSession:
    """A file in ONNX Runtime."""

    runtime = "onnx"

    def __init__(self, path: Path, device: str | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
        providers = _providers(path, device)
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # the runtime raises all sorts of things
            first = str(error).strip().split("\n")[0]
            raise ModelError(f"{path} cannot be loaded; the file may be damaged or no ONNX: {first}") from error
        (taken,) = self._session.get_inputs()
        self._name = taken.name
        self.device = device or "cpu"
        self.shape = tuple(side if isinstance(side, int) else None for side in taken.shape)
        self.number = np.float16 if taken.type == "tensor(float16)" else np.float32
        facts = self._session.get_modelmeta().custom_metadata_map
        self.facts = {name: fact(text) for name, text in facts.items()}

    def __call__(self, pictures: NDArray[Any]) -> Sequence[NDArray[Any]]:
        """Run the network; see `Session`."""
        answers: Sequence[NDArray[Any]] = self._session.run(None, {self._name: pictures})
        return answers


def _providers(path: Path, device: str | None) -> list[Any]:
    import onnxruntime

    kind, _, number = (device or "").partition(":")
    kind = "cuda" if kind.isdigit() else kind
    if kind == "cuda":
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise ModelError(f"{path} cannot run on {device!r}: install onnxruntime-gpu in place of onnxruntime")
        return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]
    return ["CPUExecutionProvider"]
