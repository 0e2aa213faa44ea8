"""Networks of Ultralytics' architectures without its predictor: a session of some runtime, and numpy around it.

Boxes, classes and scores are those of `YOLO(…).predict`; there is far less around each call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.cores import cores
from cropflow.errors import ModelError
from cropflow.image.decode import Pixels
from cropflow.models import DetectSettings, ModelInfo, Task
from cropflow_blocks.models.decoding import Floats, found_among, found_by_network
from cropflow_blocks.models.letterbox import Letterbox, Size, place_middle
from cropflow_blocks.models.masks import masks_in_boxes
from cropflow_blocks.models.pictures import by_shape, check_pictures
from cropflow_blocks.models.results import CANDIDATES, ROW, key_points, suppressed
from cropflow_blocks.models.sessions import Session, Signature

Part = TypeVar("Part")
Answer = TypeVar("Answer")
TASKS: Mapping[str, Task] = {"detect": "detect", "segment": "segment", "pose": "pose", "classify": "classify"}
"""What networks that run here do, by the names of Ultralytics."""


class DirectModel:
    """A network in a session; one thread at a time (the store sees to that).

    Args:
        info: of the model; its image size is that of pictures, unless settings say otherwise.
    """

    def __init__(self, info: ModelInfo, session: Session, signature: Signature) -> None:
        self.info = info
        self._session: Session | None = session
        self._signature = signature
        self._size = rounded(info.image_size, signature.stride) if signature.free else info.image_size
        self._pool = ThreadPoolExecutor(cores(), thread_name_prefix="cropflow-model")

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`."""
        if self._signature.task == "classify":
            raise ModelError(f"{self.info.path} does 'classify', no detection")
        check_pictures(images)
        size = self._wanted_size(settings)
        found: list[Detections] = [Detections.empty()] * len(images)
        parts: list[tuple[Letterbox, Sequence[int]]] = []
        for members in by_shape(images):
            height, width = images[members[0]].shape[:2]
            box = Letterbox.around((height, width), size, self._signature.stride if self._signature.free else None)
            parts += [(box, part) for part in self._parts(members, box.seen, len(images))]

        def look(place: tuple[Letterbox, Sequence[int]], beside: bool) -> None:
            box, part = place
            pictures = self._placed(box.place, [images[index] for index in part], box.seen, beside)
            shown = self._open.find(pictures, self._signature, settings, beside=beside)
            for number, (index, rows) in enumerate(zip(part, shown.rows, strict=True)):
                maps = None if shown.maps is None else partial(shown.maps, number)
                found[index] = self._read(rows, maps, box, settings)

        self._spread(look, parts)
        return found

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`. The middle square of each is looked at."""
        if self._signature.task != "classify":
            raise ModelError(f"{self.info.path} does {self._signature.task!r}, no classification")
        check_pictures(images)
        if not images:
            return np.zeros((0, len(self._signature.names)), np.float32)

        def look(part: Sequence[int], beside: bool) -> Floats:
            pictures = self._placed(place_middle, [images[index] for index in part], self._size, beside)
            return self._open.scores(pictures, beside=beside)

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
        if not self._signature.free:
            raise ModelError(other_size(self.info.path, self._signature))
        return rounded(settings.image_size, self._signature.stride)

    def _parts(self, members: Sequence[int], seen: Size, total: int) -> Iterator[Sequence[int]]:
        """Give the pictures that go through the network together, of `total` in this call."""
        session = self._open
        each = session.batch or len(members)
        if session.batch is None and session.at_once is not None:
            each = max(1, min(session.at_once // (seen[0] * seen[1]), total // session.lanes))
        for start in range(0, len(members), each):
            yield members[start : start + each]

    def _spread(self, look: Callable[[Part, bool], Answer], parts: Sequence[Part]) -> list[Answer]:
        """Look at parts side by side where every core gets one; else one after the other, on all cores."""
        if 1 < self._open.lanes <= len(parts):
            return list(self._pool.map(lambda part: look(part, True), parts))
        return [look(part, False) for part in parts]

    def _placed(
        self, place: Callable[[Pixels, Pixels], None], images: Sequence[Pixels], size: Size, beside: bool
    ) -> NDArray[np.uint8]:
        """Bring pictures to what the network sees; on all cores, unless a thread has one of them."""
        room = self._open.room(len(images), size)

        def some(first: int, step: int) -> None:
            for image, where in zip(images[first::step], room[first::step], strict=True):
                place(image, where)

        if beside or len(images) == 1:
            some(0, 1)
        else:
            count = min(cores(), len(images))
            list(self._pool.map(some, range(count), [count] * count))
        return room

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise ModelError(f"the model {self.info.path} is closed")
        return self._session

    def _read(
        self, numbers: Floats, maps: Callable[[], Floats] | None, box: Letterbox, settings: DetectSettings
    ) -> Detections:
        signature = self._signature
        if signature.end_to_end:
            found = found_by_network(numbers, settings, max(settings.max_detections, CANDIDATES))
        else:
            found = found_among(numbers, settings)
        corners = box.back(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        data: dict[str, Any] = {"class_name": signature.names[found.class_id], ROW: np.arange(len(corners))}
        if signature.task == "pose" and settings.shapes:
            each = signature.points.shape[1]
            points = found.more.reshape(len(corners), each, found.more.shape[1] // each).copy()
            points[..., :2] = box.back(points[..., :2])
            data |= key_points(points, signature.points[found.class_id])
        objects = Detections(corners, confidence=found.confidence, class_id=found.class_id, data=data)
        if signature.end_to_end:
            objects = suppressed(objects, settings)
        rows = objects.data.pop(ROW)
        if maps is not None and signature.task == "segment" and settings.shapes:
            scores = _mixed(found.more[rows], maps)
            objects.mask = masks_in_boxes(scores, objects.xyxy, box.picture, box.seen, fine=settings.fine_masks)
            objects = objects[objects.mask.area > 0]
        return objects


def _mixed(weights: Floats, maps: Callable[[], Floats]) -> Floats:
    """Return the scores of each object, n×h×w: its own mixture of the maps that all share, fetched if there are any."""
    if not len(weights):
        return np.zeros((0, 1, 1), np.float32)
    shared = maps()
    scores: Floats = (weights @ shared.reshape(len(shared), -1)).reshape(-1, *shared.shape[1:])
    return scores


def rounded(size: Size, stride: int) -> Size:
    """Return the next larger size whose sides are multiples of the stride."""
    return -(-size[0] // stride) * stride, -(-size[1] // stride) * stride


def other_size(path: Path, signature: Signature) -> str:
    """Say that an export takes one size only."""
    return f"{path} was exported for pictures of {signature.size[0]} x {signature.size[1]} and takes no other size"
