"""Weights of Ultralytics as a model of the engine.

The usual architectures run without its predictor (see `pytorch`). For all else the predictor is used as it is (masks
excepted, see `pixelwise`), so boxes and scores are those of `YOLO(path).predict`. This file adds what the predictor
leaves to its caller: thresholds of this call only, pictures of one shape at a time (mixed shapes change the padding and
so the result), suppression for heads that do none, and no picture kept in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.errors import ModelError
from cropflow.models import DetectSettings, ModelInfo
from cropflow_blocks.models.masks import without_bars
from cropflow_blocks.models.pictures import by_shape, check_pictures
from cropflow_blocks.models.results import CANDIDATES, Reader, point_names

Answer = TypeVar("Answer")


class UltralyticsModel:
    """Weights loaded by Ultralytics, in `ultralytics_imported`; one thread at a time (the store sees to that)."""

    def __init__(self, info: ModelInfo, predictor: Any) -> None:
        from cropflow_blocks.models.pytorch import direct_model

        self.info = info
        self._predictor = predictor
        self._size = predictor.args.imgsz
        self._end_to_end = bool(getattr(predictor.model, "end2end", False))
        points = _point_names(info, predictor.model)
        self._reader = Reader(np.array(info.names, dtype=str), points, self._end_to_end)
        self._direct = direct_model(info, predictor.model, points)

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`."""
        self._expect(self.info.task != "classify", "detection")
        check_pictures(images)
        if self._direct is not None and not settings.augment:
            with self._told(images):
                return self._direct.detect(images, settings)
        self._set(settings)
        read = self._reader.regions if self.info.task == "semantic" else self._reader.objects
        found: list[Detections] = [Detections.empty()] * len(images)
        for members in by_shape(images):
            answers = self._predict([images[index] for index in members], lambda result: read(result, settings))
            for index, answer in zip(members, answers, strict=True):
                found[index] = answer
        return found

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`. The middle square of each is looked at."""
        self._expect(self.info.task == "classify", "classification")
        check_pictures(images)
        if not images:
            return np.zeros((0, len(self.info.names)), np.float32)
        if self._direct is not None:
            with self._told(images):
                return self._direct.classify(images)
        return np.stack(self._predict(images, _scores))

    def embed(self, images: Sequence[NDArray[np.uint8]], layers: Sequence[int] | None) -> list[NDArray[np.float32]]:
        """Describe pictures by vectors; see `Network.embed`."""
        check_pictures(images)
        last = len(self._inside("embeddings").model.model) - 2
        wrong = [layer for layer in layers or () if not 0 <= layer <= last]
        if wrong:
            raise ModelError(
                f"{self.info.path} has no layer {wrong[0]} to take embeddings from; they go from 0 to {last}"
            )
        vectors: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(images)
        with self._asked(embed=sorted(set(layers or [last])), imgsz=self._size):
            for members in by_shape(images):
                told = self._predict([images[index] for index in members], lambda vector: vector.float().cpu().numpy())
                for index, vector in zip(members, told, strict=True):
                    vectors[index] = vector
        return vectors

    def activation(self, image: NDArray[np.uint8], settings: DetectSettings) -> NDArray[np.uint8]:
        """Show what in a picture speaks for what was found; see `Network.activation`."""
        check_pictures([image])
        self._inside("activations")
        if self.info.task != "classify":
            self._set(settings)
        with tempfile.TemporaryDirectory() as folder, self._asked(visualize=True):
            self._predictor.save_dir = Path(folder)
            self._predict([image], lambda _: None)
            shown = np.asarray(cv2.imread(str(next(Path(folder).iterdir()))), np.uint8)
        return without_bars(shown, image.shape[:2]) if self.info.task != "classify" else shown

    def _inside(self, what: str) -> Any:
        if self._predictor is None or not getattr(self._predictor.model, "base_model", True):
            raise ModelError(f"{self.info.path} gives no {what}: only .pt files do")
        return self._predictor.model

    @contextmanager
    def _asked(self, **arguments: object) -> Iterator[None]:
        """Set arguments of the predictor for a while."""
        before = {name: getattr(self._predictor.args, name) for name in arguments}
        vars(self._predictor.args).update(arguments)
        try:
            yield
        finally:
            vars(self._predictor.args).update(before)

    def close(self) -> None:
        """Let go of the weights."""
        if self._direct is not None:
            self._direct.close()
        self._predictor = self._direct = None

    def _expect(self, able: bool, what: str) -> None:
        if not able:
            raise ModelError(f"{self.info.path} does {self.info.task!r}, no {what}")
        if self._predictor is None:
            raise ModelError(f"the model {self.info.path} is closed")

    def _set(self, settings: DetectSettings) -> None:
        self._refuse(settings)
        most = settings.max_detections
        arguments = self._predictor.args
        arguments.conf = settings.confidence
        arguments.iou = settings.iou
        arguments.max_det = max(most, CANDIDATES) if self._end_to_end else most
        arguments.agnostic_nms = settings.class_agnostic
        arguments.imgsz = self._size if settings.image_size is None else list(settings.image_size)
        arguments.augment = settings.augment
        arguments.classes = None if settings.classes is None else list(settings.classes)

    def _refuse(self, settings: DetectSettings) -> None:
        """Refuse what the framework would pass over with a warning."""
        backend = self._predictor.model
        if settings.image_size is not None and hasattr(backend, "imgsz") and not getattr(backend, "dynamic", False):
            size = " x ".join(map(str, backend.imgsz))
            raise ModelError(f"{self.info.path} was exported for pictures of {size} and takes no other size")
        if settings.augment and (self._end_to_end or not _augments(backend)):
            raise ModelError(f"{self.info.path} cannot augment: only .pt files do that find boxes and suppress doubles")

    def _predict(self, images: Sequence[NDArray[np.uint8]], read: Callable[[Any], Answer]) -> list[Answer]:
        """Run the predictor and take the numbers out, so that its results and their pictures can go."""
        with self._told(images):
            try:
                return [read(result) for result in self._predictor(source=list(images))]
            finally:
                self._predictor.results = self._predictor.batch = self._predictor.dataset = None

    @contextmanager
    def _told(self, images: Sequence[NDArray[np.uint8]]) -> Iterator[None]:
        """Say which model failed, and on how many pictures."""
        try:
            yield
        except Exception as error:  # the framework raises all sorts of things
            raise RuntimeError(f"{self.info.path} failed on {len(images)} picture(s): {error}") from error


def _point_names(info: ModelInfo, backend: Any) -> NDArray[np.str_]:
    """Exports carry the names of key points themselves; a `.pt` file keeps them in the network."""
    names = getattr(backend, "kpt_names", None) or getattr(getattr(backend, "model", None), "kpt_names", None)
    points = (getattr(backend, "kpt_shape", None) or (0,))[0] if info.task == "pose" else 0
    return point_names(names, len(info.names), points)


def _augments(backend: Any) -> bool:
    from ultralytics.nn.modules import Detect

    return bool(getattr(backend, "base_model", True)) and type(backend.model.model[-1]) is Detect


def _scores(result: Any) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = result.probs.data.float().cpu().numpy()
    return scores
