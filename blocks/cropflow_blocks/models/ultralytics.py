"""The entry point for Ultralytics weights: tells them by name, loads them, fetches published ones.

Importing this file imports neither Ultralytics nor torch; loading the first model does.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from cropflow.errors import ModelError
from cropflow.models import ModelInfo, Runtime, Task
from cropflow_blocks.models.conversion import converted, fastest
from cropflow_blocks.models.quiet import ultralytics_imported

if TYPE_CHECKING:
    from cropflow_blocks.models.predictor import UltralyticsModel

log = logging.getLogger("cropflow")

_FILES = frozenset((".pt", ".onnx", ".engine", ".torchscript", ".mlpackage", ".aimodel", ".pb", ".tflite", ".mnn"))
_FOLDERS = (
    *("_openvino_model", "_saved_model", "_paddle_model", "_ncnn_model", "_imx_model", "_rknn_model"),
    *("_executorch_model", "_axelera_model", "_deepx_model", "_hailo_model", "_ascend_model"),
    "_xilinx_model",
)
_USUAL_SIZE = {"classify": 224}
"""What Ultralytics trains with unless told otherwise; 640 for all other tasks."""


class UltralyticsLoader:
    """Loads whatever `YOLO(path)` loads: `.pt`, `.onnx`, OpenVINO folders, TensorRT engines and the rest.

    Example:
        model = UltralyticsLoader().load(Path("digits.pt"), device="cpu", image_size=None, cache_dir=folder)
        model.info.names
    """

    def accepts(self, path: Path) -> bool:
        """Tell from the name alone whether Ultralytics loads this file or folder."""
        return path.suffix.lower() in _FILES or path.name.endswith(_FOLDERS)

    def load(
        self, path: Path, *, device: str | None, image_size: int | None, half: bool = False, cache_dir: Path
    ) -> UltralyticsModel:
        """Load weights that are there; nothing is fetched or installed. See `ModelLoader.load`.

        A `.pt` file is read in Ultralytics' safe mode, because an ordinary one runs code on loading
        (`cropflow_blocks.models.quiet` says how to leave it).

        Raises:
            ModelError: Ultralytics is not installed, or cannot load the file on this device.
        """
        from cropflow_blocks.models.predictor import UltralyticsModel

        if path.suffix.lower() == ".onnx" and importlib.util.find_spec("ultralytics") is None:
            raise ModelError(f"{path} needs ONNX Runtime", hint='pip install "cropflow[onnx]"')
        with ultralytics_imported(cache_dir) as ultralytics:
            try:
                with _plain_name(path) as file:
                    yolo = ultralytics.YOLO(str(file))
                predictor = _predictor(yolo, device, image_size, half)
            except ImportError as error:
                raise ModelError(f"{path} needs the package {error.name!r}: pip install {error.name}") from error
            except Exception as error:  # the framework raises all sorts of things
                blamed = "the file may be damaged or no weights of Ultralytics"
                if device and "device" in str(error).lower():
                    blamed = f"the device {device!r} cannot be used here"
                raise ModelError(f"{path} cannot be loaded; {blamed}: {_first_line(error)}") from error
            return UltralyticsModel(_info(path, yolo.task, predictor), predictor)

    def convert(self, path: Path, runtime: Runtime, *, device: str | None, cache_dir: Path) -> Path:
        """Return weights for a runtime; see `Converter.convert`. Exports run as they are."""
        if path.suffix.lower() != ".pt":
            return path
        if runtime == "auto":
            runtime = fastest(device)
            log.warning("%s runs in %s, the fastest that is installed for this device", path.name, runtime)
        return converted(path, runtime, cache_dir)

    def download(self, name: str, folder: Path) -> Path:
        """Fetch weights that Ultralytics publishes, such as `yolov8n.pt`; appears in `folder` when complete.

        Raises:
            ModelError: there are no such weights, or they cannot be fetched.
        """
        with ultralytics_imported(folder.parent, online=True):
            from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset

            if name not in GITHUB_ASSETS_NAMES:
                raise ModelError(f"Ultralytics publishes no weights named {name!r}")
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory(dir=folder) as near:
                try:
                    fetched = attempt_download_asset(Path(plain) / name)  # drops quotes of a path
                    Path(shutil.copy(fetched, near)).replace(folder / name)
                except Exception as error:  # the network fails in many ways
                    raise ModelError(f"{name} cannot be downloaded: {_first_line(error)}") from error
        return folder / name


@contextmanager
def _plain_name(path: Path) -> Iterator[Path]:
    """Give a path that Ultralytics takes as it is.

    It drops quotes, renames YOLOv3 and YOLOv5 files, and reads `?` and `%` as those of a URL.
    """
    if path.suffix.lower() != ".pt" or not re.search(r"['?%]|yolov[35]", str(path)):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copy(path, Path(folder) / "weights.pt"))


def _predictor(yolo: Any, device: str | None, image_size: int | None, half: bool) -> Any:
    """Make the predictor that `yolo.predict` would make, once, so that no call can rebuild it."""
    from cropflow_blocks.models.pixelwise import MaskPredictor, RegionPredictor

    settings: Mapping[str, Any] = {
        "mode": "predict",
        "conf": 0.25,
        "batch": 1,
        "rect": True,
        "save": False,
        "verbose": False,
        "device": device,
        "quantize": 16 if half else None,
    }
    ours: Mapping[str, Any] = {"segment": MaskPredictor, "semantic": RegionPredictor}
    make = ours.get(yolo.task) or yolo.task_map[yolo.task]["predictor"]
    predictor = make(overrides={**yolo.overrides, **settings})
    predictor.setup_model(model=yolo.model, verbose=False)
    predictor.args.imgsz = image_size or _trained_size(yolo, predictor.model)
    return predictor


def _trained_size(yolo: Any, backend: Any) -> int | list[int]:
    """Return the image size of the weights: exports carry it, `.pt` files keep it from training."""
    if backend.format != "pt" and hasattr(backend, "imgsz"):
        return list(backend.imgsz)
    size: int | list[int] = yolo.overrides.get("imgsz") or _USUAL_SIZE.get(yolo.task, 640)
    return size


def _info(path: Path, task: str, predictor: Any) -> ModelInfo:
    if task not in get_args(Task):
        raise ModelError(f"{path} does {task!r}, which Cropflow does not know; known are {', '.join(get_args(Task))}")
    size = predictor.args.imgsz
    height, width = (size, size) if isinstance(size, int) else (size[0], size[-1])
    names = predictor.model.names
    known: Task = task  # type: ignore[assignment]
    return ModelInfo(
        name=path.name,
        path=path,
        task=known,
        names=tuple(str(names[index]) for index in sorted(names)),
        image_size=(height, width),
        runtime={"pt": "torch"}.get(predictor.model.format, predictor.model.format),
        device=str(predictor.device),
    )


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().split(chr(10))[0]}"
