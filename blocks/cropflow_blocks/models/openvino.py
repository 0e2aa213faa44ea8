"""OpenVINO folders of Ultralytics' models in OpenVINO.

Ultralytics leaves the precision to OpenVINO, which takes 16-bit numbers on some processors and finds other boxes there;
here numbers have 32 bits unless `half` is asked for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from cropflow.errors import ModelError
from cropflow.models import Model
from cropflow_blocks.models.exported import FACTS, exported_model
from cropflow_blocks.models.sessions import AT_ONCE, ArraySession


class OpenVinoLoader:
    """Loads folders that end in `_openvino_model`, where OpenVINO is installed."""

    def accepts(self, path: Path) -> bool:
        """Tell from the name, and from what is installed."""
        return path.name.endswith("_openvino_model") and importlib.util.find_spec("openvino") is not None

    def load(
        self, path: Path, *, device: str | None, image_size: int | None, half: bool = False, cache_dir: Path
    ) -> Model:
        """Load weights; see `ModelLoader.load`.

        Raises:
            ModelError: the folder is damaged, not of Ultralytics, or cannot run on this device.
        """
        try:
            facts = yaml.safe_load((path / FACTS).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            facts = {}
        session = OpenVinoSession(path, device, half)
        known = facts if isinstance(facts, dict) else {}
        return exported_model(
            path, session, known, device=device, image_size=image_size, half=half, cache_dir=cache_dir
        )

    def download(self, name: str, folder: Path) -> Path:
        """Refuse: nobody publishes such weights."""
        raise ModelError(f"there are no published weights {name!r}")


def openvino_imported() -> ModuleType:
    """Return the module `openvino`, imported without the package through which it reports every import."""
    if "openvino" not in sys.modules and "openvino_telemetry" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        try:
            return import_module("openvino")
        finally:
            sys.modules.pop("openvino_telemetry", None)  # another thread may be here too
    return import_module("openvino")


class OpenVinoSession(ArraySession):
    """A folder in OpenVINO."""

    runtime = "openvino"
    lanes = 1
    number = np.float32

    def __init__(self, path: Path, device: str | None, half: bool) -> None:
        openvino = openvino_imported()
        core = openvino.Core()
        self.device = device or "cpu"
        chosen = self.device.removeprefix("intel:").upper()
        if not any(chosen in (name, name.partition(".")[0]) for name in core.available_devices):
            there = ", ".join(f"intel:{name.lower()}" for name in core.available_devices)
            raise ModelError(f"{path} cannot run on {device!r}; OpenVINO finds {there}")
        self.at_once = AT_ONCE if chosen == "CPU" else None
        precision = openvino.Type.f16 if half else openvino.Type.f32
        try:
            network = core.read_model(next(path.glob("*.xml"), path))
            self._network = core.compile_model(network, chosen, {"INFERENCE_PRECISION_HINT": precision})
        except Exception as error:  # the runtime raises all sorts of things
            first = str(error).strip().split("\n")[-1]
            raise ModelError(f"{path} cannot be loaded; the folder may be damaged: {first}") from error
        sides = self._network.input(0).partial_shape
        self.shape = tuple(None if side.is_dynamic else side.get_length() for side in sides)
        self.batch = self.shape[0]

    def run(self, batch: NDArray[Any], *, beside: bool) -> Sequence[NDArray[Any]]:
        """Run the network; see `ArraySession.run`."""
        return [*self._network([batch]).values()]
