"""Ultralytics' predictor as a model of the engine.

The predictor is used as it is, so boxes and scores are those of `YOLO(path).predict`. This file adds what the
predictor leaves to its caller: thresholds of this call only, pictures of one shape at a time (mixed shapes
change the padding and so the result), suppression for heads that do none, and no picture kept in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.errors import ModelError
from cropflow.models import DetectSettings, ModelInfo

_CANDIDATES = 300
"""Boxes that an end-to-end head is asked for, so that enough are left after suppression."""


class UltralyticsModel:
    """Weights loaded by Ultralytics; one thread at a time (the store sees to that)."""

    def __init__(self, info: ModelInfo, predictor: Any) -> None:
        self.info = info
        self._predictor = predictor
        self._names = np.array(info.names, dtype=str)

    def detect(self, images: Sequence[NDArray[np.uint8]], settings: DetectSettings) -> list[Detections]:
        """Find objects; see `Model.detect`. Masks, key points and oriented corners are left out."""
        self._expect(self.info.task not in ("classify", "semantic"), "detection")
        _check(images)
        end_to_end = bool(self._predictor and getattr(self._predictor.model, "end2end", False))
        self._set(settings, end_to_end)
        found: list[Detections] = [Detections.empty()] * len(images)
        for members in _by_shape(images):
            boxes = self._predict([images[index] for index in members], _boxes)
            for index, rows in zip(members, boxes, strict=True):
                detections = self._detections(rows)
                found[index] = _suppressed(detections, settings) if end_to_end else detections
        return found

    def classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Score whole pictures; see `Model.classify`. The middle square of each is looked at."""
        self._expect(self.info.task == "classify", "classification")
        _check(images)
        if not images:
            return np.zeros((0, len(self._names)), np.float32)
        return np.stack(self._predict(images, _scores))

    def close(self) -> None:
        """Let go of the weights."""
        self._predictor = None

    def _expect(self, able: bool, what: str) -> None:
        if not able:
            raise ModelError(f"{self.info.path} does {self.info.task!r}, no {what}")
        if self._predictor is None:
            raise ModelError(f"the model {self.info.path} is closed")

    def _set(self, settings: DetectSettings, end_to_end: bool) -> None:
        most = settings.max_detections
        arguments = self._predictor.args
        arguments.conf = settings.confidence
        arguments.iou = settings.iou
        arguments.max_det = max(most, _CANDIDATES) if end_to_end else most
        arguments.agnostic_nms = settings.class_agnostic
        arguments.classes = None if settings.classes is None else list(settings.classes)

    def _predict(
        self, images: Sequence[NDArray[np.uint8]], read: Callable[[Any], NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        """Run the predictor and take the numbers out, so that its results and their pictures can go."""
        try:
            return [read(result) for result in self._predictor(source=list(images))]
        except Exception as error:  # the framework raises all sorts of things
            raise ModelError(f"{self.info.path} failed on {len(images)} picture(s): {error}") from error
        finally:
            self._predictor.results = self._predictor.batch = self._predictor.dataset = None

    def _detections(self, rows: NDArray[np.float32]) -> Detections:
        class_id = rows[:, 5].astype(int)
        return Detections(
            xyxy=rows[:, :4].copy(),
            confidence=rows[:, 4].copy(),
            class_id=class_id,
            data={"class_name": self._names[class_id]},
        )


def _boxes(result: Any) -> NDArray[np.float32]:
    """Return n × 6: x0, y0, x1, y1, confidence, class id."""
    boxes = result.boxes if result.obb is None else result.obb
    columns = (boxes.xyxy, boxes.conf[:, None], boxes.cls[:, None])
    return np.hstack([column.cpu().numpy() for column in columns]).astype(np.float32, copy=False)


def _scores(result: Any) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = result.probs.data.float().cpu().numpy()
    return scores


def _suppressed(detections: Detections, settings: DetectSettings) -> Detections:
    """Do for an end-to-end head what it leaves out: drop overlapping boxes, then keep the best ones."""
    kept = detections.with_nms(threshold=settings.iou, class_agnostic=settings.class_agnostic)
    best = np.argsort(-kept.confidence, kind="stable")[: settings.max_detections]
    chosen: Detections = kept[best]
    return chosen


def _by_shape(images: Sequence[NDArray[np.uint8]]) -> list[list[int]]:
    """Return the indices of the pictures, those of one shape together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(image.shape, []).append(index)
    return list(groups.values())


def _check(images: Sequence[NDArray[np.uint8]]) -> None:
    """Refuse what the framework would misread without a word, such as float pictures from 0 to 1."""
    for index, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            found = f"{image.dtype} with the shape {image.shape}"
            raise ModelError(f"picture {index} is {found}; expected uint8, height × width × 3 in BGR, not empty")
