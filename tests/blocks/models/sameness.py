"""What Ultralytics predicts, and whether boxes are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from cropflow_blocks.models.quiet import ultralytics_imported

Pictures = Sequence[NDArray[np.uint8]]
Export = Callable[..., Path]


def predicted(path: Path, picture: NDArray[np.uint8], size: Any, **arguments: Any) -> Any:
    with ultralytics_imported(path.parent) as ultralytics:
        yolo = _YOLOS.setdefault(path, ultralytics.YOLO(path))
        return yolo.predict(picture, imgsz=size, verbose=False, save=False, device="cpu", **arguments)[0]


_YOLOS: dict[Path, Any] = {}


def paired(ours: sv.Detections, theirs: sv.Detections) -> NDArray[np.intp]:
    """Return the places of our boxes among theirs: those of equal confidence may come in another order."""
    assert len(ours) == len(theirs)
    apart = np.abs(ours.xyxy[:, None] - theirs.xyxy[None]).max(axis=2)
    places: NDArray[np.intp] = apart.argmin(axis=1) if len(ours) else np.empty(0, np.intp)
    assert sorted(places) == list(range(len(ours)))
    return places


def same_boxes(ours: sv.Detections, result: Any) -> NDArray[np.intp]:
    theirs = sv.Detections.from_ultralytics(result)
    places = paired(ours, theirs)
    if len(ours):
        np.testing.assert_allclose(ours.xyxy, theirs.xyxy[places], atol=0.02)
        np.testing.assert_allclose(ours.confidence, theirs.confidence[places], atol=1e-5)  # type: ignore
        assert list(ours.class_id) == list(theirs.class_id[places])  # type: ignore
    return places


def rows(found: sv.Detections) -> NDArray[np.float64]:
    """Return boxes, confidence and class of each, in an order that hangs on them alone: many boxes are the same."""
    table = np.column_stack([found.xyxy, found.confidence, found.class_id])  # type: ignore[list-item]
    ordered: NDArray[np.float64] = table[np.lexsort(table.round(1).T)]
    return ordered
