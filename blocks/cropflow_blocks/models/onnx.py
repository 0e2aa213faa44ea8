"""ONNX files of Ultralytics' models without Ultralytics: ONNX Runtime, and numpy before and after it.

Boxes, classes and scores are those of `YOLO("model.onnx").predict`; there is less around each call, and neither torch
nor Ultralytics has to be installed. What this does not know (other tasks, exports with suppression inside) goes to
Ultralytics.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.errors import ModelError
from cropflow.models import DetectSettings, Model, ModelInfo, Task
from cropflow_blocks.models.decoding import Candidates, decoded, decoded_rows
from cropflow_blocks.models.letterbox import Letterbox, Size, as_input, middle_square
from cropflow_blocks.models.masks import masks_in_boxes
from cropflow_blocks.models.pictures import by_shape, check_pictures
from cropflow_blocks.models.results import CANDIDATES, key_points, point_names, suppressed

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_TASKS: Mapping[str, Task] = {"detect": "detect", "segment": "segment", "pose": "pose", "classify": "classify"}


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
        session = _session(path, device)
        export = _export(path, session)
        if export is None:
            from cropflow_blocks.models.ultralytics import UltralyticsLoader

            loader = UltralyticsLoader()
            return loader.load(path, device=device, image_size=image_size, half=half, cache_dir=cache_dir)
        return OnnxModel(path, session, export, image_size, device or "cpu")

    def download(self, name: str, folder: Path) -> Path:
        """Refuse: nobody publishes such weights."""
        raise ModelError(f"there are no published weights {name!r}")


@dataclass(frozen=True, slots=True)
class Export:
    """What an export says about itself.

    Attributes:
        size: (height, width) of what it sees; any multiple of the stride will do if `free`.
        batch: how many pictures it takes at once; `None` for any number.
        end_to_end: whether it chooses among overlapping boxes itself, and so leaves some in.
        points: names of its key points, classes × points.
    """

    task: Task
    names: tuple[str, ...]
    size: Size
    stride: int
    free: bool
    batch: int | None
    end_to_end: bool
    points: NDArray[np.str_]


class OnnxModel:
    """One session; one thread at a time (the store sees to that)."""

    def __init__(self, path: Path, session: InferenceSession, export: Export, size: int | None, device: str) -> None:
        if size is not None and not export.free and (size, size) != export.size:
            raise ModelError(_other_size(path, export))
        self._size = export.size if size is None or not export.free else _rounded((size, size), export.stride)
        self.info = ModelInfo(path.name, path, export.task, export.names, self._size, "onnx", device)
        self._session: InferenceSession | None = session
        self._export = export
        self._names = np.array(export.names, str)
        self._type = np.float16 if session.get_inputs()[0].type == "tensor(float16)" else np.float32

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`."""
        if self._export.task == "classify":
            raise ModelError(f"{self.info.path} does 'classify', no detection")
        check_pictures(images)
        size = self._wanted_size(settings)
        found: list[Detections] = [Detections.empty()] * len(images)
        for members in by_shape(images):
            height, width = images[members[0]].shape[:2]
            box = Letterbox.around((height, width), size, self._export.stride if self._export.free else None)
            outputs = self._run(as_input([box.place(images[index]) for index in members]))
            for row, (index, objects) in enumerate(zip(members, self._decoded(outputs[0], settings), strict=True)):
                maps = outputs[1][row] if self._export.task == "segment" and settings.shapes else None
                found[index] = self._read(objects, box, maps, settings)
        return found

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`. The middle square of each is looked at."""
        if self._export.task != "classify":
            raise ModelError(f"{self.info.path} does {self._export.task!r}, no classification")
        check_pictures(images)
        if not images:
            return np.zeros((0, len(self._names)), np.float32)
        return self._run(as_input([middle_square(image, self._size) for image in images]))[0]

    def close(self) -> None:
        """Let go of the weights."""
        self._session = None

    def _wanted_size(self, settings: DetectSettings) -> Size:
        if settings.augment:
            raise ModelError(f"{self.info.path} cannot augment: only .pt files do that find boxes and suppress doubles")
        if settings.image_size is None or settings.image_size == self._size:
            return self._size
        if not self._export.free:
            raise ModelError(_other_size(self.info.path, self._export))
        return _rounded(settings.image_size, self._export.stride)

    def _run(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run the network; an export for so many pictures at once gets so many, the last ones grey."""
        if self._session is None:
            raise ModelError(f"the model {self.info.path} is closed")
        name, each = self._session.get_inputs()[0].name, self._export.batch or len(batch)
        parts: list[list[NDArray[Any]]] = []
        for start in range(0, len(batch), each):
            part = batch[start : start + each].astype(self._type, copy=False)
            short = each - len(part)
            part = np.pad(part, ((0, short), (0, 0), (0, 0), (0, 0))) if short else part
            parts.append([output[: each - short] for output in self._session.run(None, {name: part})])
        return [np.concatenate(same).astype(np.float32, copy=False) for same in zip(*parts, strict=True)]

    def _decoded(self, output: NDArray[np.float32], settings: DetectSettings) -> list[Candidates]:
        if self._export.end_to_end:
            return list(decoded_rows(output, settings, max(settings.max_detections, CANDIDATES)))
        return list(decoded(output, len(self._names), settings))

    def _read(
        self, found: Candidates, box: Letterbox, maps: NDArray[np.float32] | None, settings: DetectSettings
    ) -> Detections:
        corners = box.back(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        data: dict[str, Any] = {"class_name": self._names[found.class_id]}
        if self._export.task == "pose" and settings.shapes:
            each = self._export.points.shape[1]
            points = found.more.reshape(len(corners), each, found.more.shape[1] // each).copy()
            points[..., :2] = box.back(points[..., :2])
            data |= key_points(points, self._export.points[found.class_id])
        objects = Detections(corners, confidence=found.confidence, class_id=found.class_id, data=data)
        if maps is not None:
            scores = (found.more @ maps.reshape(len(maps), -1)).reshape(-1, *maps.shape[1:])
            objects.mask = masks_in_boxes(scores, corners, box.picture, box.seen, fine=settings.fine_masks)
            objects = objects[objects.mask.area > 0]
        return suppressed(objects, settings) if self._export.end_to_end else objects


def _session(path: Path, device: str | None) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads take no time from others
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(path, device))
    except ModelError:
        raise
    except Exception as error:  # the runtime raises all sorts of things
        first = str(error).strip().split("\n")[0]
        raise ModelError(f"{path} cannot be loaded; the file may be damaged or no ONNX: {first}") from error


def _providers(path: Path, device: str | None) -> list[Any]:
    import onnxruntime

    kind, _, number = (device or "").partition(":")
    kind = "cuda" if kind.isdigit() else kind
    if kind == "cuda":
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise ModelError(f"{path} cannot run on {device!r}: install onnxruntime-gpu in place of onnxruntime")
        return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]
    return ["CPUExecutionProvider"]


def _export(path: Path, session: InferenceSession) -> Export | None:
    """Read what the export says; `None` where that is more than this file knows."""
    facts = session.get_modelmeta().custom_metadata_map
    if "task" not in facts or "names" not in facts:
        raise ModelError(f"{path} carries no task and class names; export the weights with Ultralytics")
    read = {name: _value(facts.get(name, "None")) for name in ("names", "imgsz", "stride", "args", "end2end")}
    task, arguments = _TASKS.get(facts["task"]), read["args"] or {}
    if task is None or arguments.get("nms") or facts.get("channels", "3") != "3":
        return None
    names = tuple(str(read["names"][index]) for index in sorted(read["names"]))
    count, _, *sides = session.get_inputs()[0].shape
    points = _value(facts.get("kpt_shape", "None")) or (0,)
    return Export(
        task,
        names,
        size=(int(read["imgsz"][0]), int(read["imgsz"][-1])),
        stride=int(read["stride"] or 32),
        free=not all(isinstance(side, int) for side in sides),
        batch=count if isinstance(count, int) else None,
        end_to_end=bool(read["end2end"]),
        points=point_names(_value(facts.get("kpt_names", "None")), len(names), points[0] if task == "pose" else 0),
    )


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None


def _rounded(size: Size, stride: int) -> Size:
    """Return the next larger size whose sides are multiples of the stride."""
    return -(-size[0] // stride) * stride, -(-size[1] // stride) * stride


def _other_size(path: Path, export: Export) -> str:
    return f"{path} was exported for pictures of {export.size[0]} x {export.size[1]} and takes no other size"
