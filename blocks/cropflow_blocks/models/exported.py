"""Networks that Ultralytics exported, without Ultralytics: a session of some runtime, and numpy before and after it.

Boxes, classes and scores are those of `YOLO("model.onnx").predict`; there is less around each call, and neither torch
nor Ultralytics has to be installed. What this does not know (other tasks, exports with suppression inside) goes to
Ultralytics.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.errors import ModelError
from cropflow.image.decode import Pixels
from cropflow.models import DetectSettings, Model, ModelInfo, Task
from cropflow_blocks.models.decoding import Candidates, decoded, decoded_rows
from cropflow_blocks.models.letterbox import Letterbox, Size, as_input, middle_square
from cropflow_blocks.models.masks import masks_in_boxes
from cropflow_blocks.models.pictures import by_shape, check_pictures
from cropflow_blocks.models.results import CANDIDATES, key_points, point_names, suppressed

Part = TypeVar("Part")
Answer = TypeVar("Answer")
FACTS = "metadata.yaml"
"""The file beside a network that tells what it is, in folders of Ultralytics."""
_AT_ONCE = 2 * 640 * 640
"""Pixels that go through a network at once on a CPU; with more, what lies between its layers leaves the caches."""
_TASKS: Mapping[str, Task] = {"detect": "detect", "segment": "segment", "pose": "pose", "classify": "classify"}


class Session(Protocol):
    """A network in a runtime.

    Attributes:
        runtime: its name.
        device: where it runs.
        lanes: how many threads may call it at the same time, each on a core of its own.
        shape: of what goes in, n×3×h×w; `None` for a side that may be anything.
        number: the type of what goes in.
    """

    runtime: str
    device: str
    lanes: int
    shape: tuple[int | None, ...]
    number: type[np.floating[Any]]

    def __call__(self, pictures: NDArray[Any], *, beside: bool) -> Sequence[NDArray[Any]]:
        """Run the network; each answer has a row for each picture.

        Args:
            beside: whether other threads call it too; otherwise a call has all cores.
        """


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

    @classmethod
    def read(cls, facts: Mapping[str, Any], shape: Sequence[int | None]) -> Export | None:
        """Read what Ultralytics wrote beside a network; `None` where that is more than this file knows."""
        task, arguments = _TASKS.get(facts["task"]), facts.get("args") or {}
        if task is None or arguments.get("nms") or facts.get("channels", 3) != 3:
            return None
        names = tuple(str(facts["names"][index]) for index in sorted(facts["names"]))
        points = facts.get("kpt_shape") or (0,)
        count, _, *sides = shape
        return cls(
            task,
            names,
            size=(int(facts["imgsz"][0]), int(facts["imgsz"][-1])),
            stride=int(facts.get("stride") or 32),
            free=None in sides,
            batch=count,
            end_to_end=bool(facts.get("end2end")),
            points=point_names(facts.get("kpt_names"), len(names), points[0] if task == "pose" else 0),
        )


def exported_model(
    path: Path,
    session: Session,
    facts: Mapping[str, Any],
    *,
    device: str | None,
    image_size: int | None,
    half: bool,
    cache_dir: Path,
) -> Model:
    """Return the model that a session and the facts beside it make, or that Ultralytics makes where it has to run it.

    Args:
        facts: what Ultralytics writes beside a network: task, names, imgsz, stride and more; the others are those of
            `ModelLoader.load`.

    Raises:
        ModelError: there are no such facts, or the export takes no such size.
    """
    if "task" not in facts or "names" not in facts:
        raise ModelError(f"{path} carries no task and class names; export the weights with Ultralytics")
    try:
        export = Export.read(facts, session.shape)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ModelError(f"{path}: what stands beside the network is damaged ({what}); export it again") from error
    if export is None:
        from cropflow_blocks.models.ultralytics import UltralyticsLoader

        loader = UltralyticsLoader()
        return loader.load(path, device=device, image_size=image_size, half=half, cache_dir=cache_dir)
    return ExportedModel(path, session, export, image_size)


class ExportedModel:
    """One session, and what its export says; one thread at a time (the store sees to that)."""

    def __init__(self, path: Path, session: Session, export: Export, size: int | None) -> None:
        if size is not None and not export.free and (size, size) != export.size:
            raise ModelError(_other_size(path, export))
        self._size = export.size if size is None or not export.free else _rounded((size, size), export.stride)
        names = export.names
        self.info = ModelInfo(path.name, path, export.task, names, self._size, session.runtime, session.device)
        self._on_gpu = session.device not in ("cpu", "intel:cpu")
        self._pool = ThreadPoolExecutor(session.lanes, thread_name_prefix="cropflow-model")
        self._session: Session | None = session
        self._export = export
        self._names = np.array(names, str)

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`."""
        if self._export.task == "classify":
            raise ModelError(f"{self.info.path} does 'classify', no detection")
        check_pictures(images)
        size = self._wanted_size(settings)
        found: list[Detections] = [Detections.empty()] * len(images)
        parts: list[tuple[Letterbox, Sequence[int]]] = []
        for members in by_shape(images):
            height, width = images[members[0]].shape[:2]
            box = Letterbox.around((height, width), size, self._export.stride if self._export.free else None)
            parts += [(box, part) for part in self._parts(members, box.seen, len(images))]

        def look(place: tuple[Letterbox, Sequence[int]], beside: bool) -> None:
            box, part = place
            outputs = self._run([box.place(images[index]) for index in part], beside)
            for row, (index, objects) in enumerate(zip(part, self._decoded(outputs[0], settings), strict=True)):
                maps = outputs[1][row] if self._export.task == "segment" and settings.shapes else None
                found[index] = self._read(objects, box, maps, settings)

        self._spread(look, parts)
        return found

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`. The middle square of each is looked at."""
        if self._export.task != "classify":
            raise ModelError(f"{self.info.path} does {self._export.task!r}, no classification")
        check_pictures(images)
        if not images:
            return np.zeros((0, len(self._names)), np.float32)

        def look(part: Sequence[int], beside: bool) -> NDArray[np.float32]:
            return self._run([middle_square(images[index], self._size) for index in part], beside)[0]

        return np.concatenate(self._spread(look, [*self._parts(range(len(images)), self._size, len(images))]))

    def close(self) -> None:
        """Let go of the weights."""
        self._session = None
        self._pool.shutdown()

    def _wanted_size(self, settings: DetectSettings) -> Size:
        if settings.augment:
            raise ModelError(f"{self.info.path} cannot augment: only .pt files do that find boxes and suppress doubles")
        if settings.image_size is None or settings.image_size == self._size:
            return self._size
        if not self._export.free:
            raise ModelError(_other_size(self.info.path, self._export))
        return _rounded(settings.image_size, self._export.stride)

    def _parts(self, members: Sequence[int], seen: Size, total: int) -> Iterator[Sequence[int]]:
        """Give the pictures that go through the network together, of `total` in this call."""
        each = self._export.batch or len(members)
        if not self._export.batch and not self._on_gpu:
            each = max(1, min(_AT_ONCE // (seen[0] * seen[1]), total // self._open.lanes))
        for start in range(0, len(members), each):
            yield members[start : start + each]

    def _spread(self, look: Callable[[Part, bool], Answer], parts: Sequence[Part]) -> list[Answer]:
        """Look at parts side by side where every core gets one; else one after the other, on all cores."""
        if 1 < self._open.lanes <= len(parts):
            return list(self._pool.map(lambda part: look(part, True), parts))
        return [look(part, False) for part in parts]

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise ModelError(f"the model {self.info.path} is closed")
        return self._session

    def _run(self, seen: list[Pixels], beside: bool) -> list[NDArray[np.float32]]:
        """Run the network; an export for so many pictures at once gets so many, the last ones grey."""
        batch = as_input(seen).astype(self._open.number, copy=False)
        short = (self._export.batch or len(batch)) - len(batch)
        batch = np.pad(batch, ((0, short), (0, 0), (0, 0), (0, 0))) if short else batch
        return [output[: len(seen)].astype(np.float32, copy=False) for output in self._open(batch, beside=beside)]

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


def fact(text: str) -> Any:
    """Return what is written as in Python, and other text as it is: ONNX carries facts as text."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def _rounded(size: Size, stride: int) -> Size:
    """Return the next larger size whose sides are multiples of the stride."""
    return -(-size[0] // stride) * stride, -(-size[1] // stride) * stride


def _other_size(path: Path, export: Export) -> str:
    return f"{path} was exported for pictures of {export.size[0]} x {export.size[1]} and takes no other size"
