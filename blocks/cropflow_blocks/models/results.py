"""What a result of Ultralytics says, as `supervision.Detections`, with the keys that existing documents know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow.models import DetectSettings

Data = dict[str, NDArray[Any]]
ROW = "row of the result"
"""The key under which objects know their row until masks are made."""
CANDIDATES = 300
"""Boxes that an end-to-end head is asked for, so that enough are left after suppression."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """How the results of one model are read.

    Attributes:
        names: the class names; the index is the class id.
        point_names: names of the key points, classes × points; no points where the weights find none.
        end_to_end: whether the model leaves overlapping boxes in.
    """

    names: NDArray[np.str_]
    point_names: NDArray[np.str_]
    end_to_end: bool = False

    def objects(self, result: Any, settings: DetectSettings) -> Detections:
        """Return the objects on one picture, best confidence first."""
        found = self._boxes(result)
        if self.end_to_end:
            found = suppressed(found, settings)
        rows = found.data.pop(ROW)
        if not settings.shapes:
            found.data = {"class_name": found.data["class_name"]}
        elif hasattr(result, "masks_of"):
            found.mask = result.masks_of(rows, settings.fine_masks)
            found = found[found.mask.area > 0]
        return found

    def regions(self, result: Any, settings: DetectSettings) -> Detections:
        """Return the classes that cover a pixel of the picture, ordered by class id."""
        classes = result.semantic_mask.data.cpu().numpy()
        likely: NDArray[np.float32] | None = result.probability
        if likely is None and settings.confidence > 0:
            raise ValueError("this export gives classes without probabilities; leave the confidence at 0")
        if likely is not None:
            classes = np.where(likely >= settings.confidence, classes, -1)
        # A single class is told from the background: 1 means the class, 0 what is none.
        first = 1 if len(self.names) == 1 else 0
        wanted = range(len(self.names)) if settings.classes is None else settings.classes
        seen = set(np.unique(classes).tolist())
        ids = [class_id for class_id in sorted(wanted) if class_id + first in seen]
        parts = [_region(classes == class_id + first, likely) for class_id in ids]
        return self._regions(ids, parts, classes.shape)

    def _boxes(self, result: Any) -> Detections:
        boxes = result.boxes if result.obb is None else result.obb
        class_id = boxes.cls.cpu().numpy().astype(int)
        data = {"class_name": self.names[class_id], ROW: np.arange(len(class_id))}
        if result.obb is not None:
            data |= _corners(result.obb)
        if result.keypoints is not None:
            data |= key_points(result.keypoints.data.cpu().numpy(), self.point_names[class_id])
        return Detections(_floats(boxes.xyxy), confidence=_floats(boxes.conf), class_id=class_id, data=data)

    def _regions(
        self, ids: Sequence[int], parts: Sequence[tuple[CompactMask, float | None]], shape: tuple[int, int]
    ) -> Detections:
        nothing = CompactMask.from_dense(np.zeros((0, *shape), bool), np.zeros((0, 4)), shape)
        mask = CompactMask.merge([nothing, *(part for part, _ in parts)])
        told = [likely for _, likely in parts if likely is not None]
        return Detections(
            (mask.bbox_xyxy + np.array([0, 0, 1, 1])).astype(np.float32),  # boxes end where the last pixel does
            mask=mask,
            confidence=np.array(told, np.float32) if len(told) == len(parts) else None,
            class_id=np.array(ids, int),
            data={"class_name": self.names[list(ids)]},
        )


def point_names(names: Mapping[int, Sequence[str]] | None, classes: int, points: int) -> NDArray[np.str_]:
    """Return the names of key points, classes × points; numbers from 0 where the weights carry none.

    >>> point_names({0: ["left", "right"]}, classes=2, points=2).tolist()
    [['left', 'right'], ['0', '1']]
    """
    numbers = [str(number) for number in range(points)]
    given = [list(map(str, (names or {}).get(class_id, ()))) for class_id in range(classes)]
    return np.array([row if len(row) == points else numbers for row in given], str).reshape(classes, points)


def _floats(tensor: Any) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.cpu().numpy().astype(np.float32)  # a copy: the tensor can go
    return array


def suppressed(found: Detections, settings: DetectSettings) -> Detections:
    """Do for an end-to-end head what it leaves out: drop overlapping boxes, then keep the best ones."""
    kept = found.with_nms(threshold=settings.iou, class_agnostic=settings.class_agnostic)
    best = np.argsort(-kept.confidence, kind="stable")[: settings.max_detections]
    chosen: Detections = kept[best]
    return chosen


def _corners(boxes: Any) -> Data:
    corners = _floats(boxes.xyxyxyxy)
    width, height, turn = _floats(boxes.xywhr)[:, 2:].T
    return {"xyxyxyxy": corners, "rect": corners, "width": width, "height": height, "angle": np.degrees(turn)}


def key_points(points: NDArray[np.float32], names: NDArray[np.str_]) -> Data:
    """Read n×k×2 points, or n×k×3 with a confidence each; without, all are sure."""
    count, each, parts = points.shape
    return {
        "keypoints_xy": points[..., :2].astype(np.float32),
        "keypoints_confidence": points[..., 2].astype(np.float32) if parts > 2 else np.ones((count, each), np.float32),
        "keypoints_class_id": np.tile(np.arange(each), (count, 1)),
        "keypoints_class_name": names,
    }


def _region(pixels: NDArray[np.bool_], likely: NDArray[np.float32] | None) -> tuple[CompactMask, float | None]:
    y, x = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    box = np.array([[x[0], y[0], x[-1], y[-1]]])
    mask = CompactMask.from_dense(pixels[np.newaxis], box, pixels.shape)
    return mask, None if likely is None else float(likely[pixels].mean())
