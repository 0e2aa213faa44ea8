"""Follows boxes from frame to frame with the trackers that come with Ultralytics.

They get boxes and scores only, so the detections may come from anywhere. One `Tracker` belongs to one stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.detections import take
from cropflow.errors import ModelError
from cropflow_blocks.models.quiet import INSTALL, ultralytics_imported

Method = Literal["bytetrack", "botsort", "ocsort"]
_CLASSES = {
    "bytetrack": ("byte_tracker", "BYTETracker"),
    "botsort": ("bot_sort", "BOTSORT"),
    "ocsort": ("oc_sort", "OCSORT"),
}
LEAST = 0.1
"""Boxes that are less sure are never looked at."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How boxes and tracks are brought together.

    Attributes:
        high: confidence from which a box is matched in the first round; those from `low` on get a second round.
        new: confidence from which a box begins a track.
        farthest: the most that box and track may differ, 1 − intersection over union (weighted by the score with
            `by_score`).
        kept: frames for which a lost track may come back.
        steady: frames in a row in which a track must be found before it counts.
        at_once: whether those of the first frame count from it on.
        more: what one method alone knows.
    """

    method: Method
    high: float
    new: float
    farthest: float
    kept: int
    steady: int
    low: float = LEAST
    by_score: bool = False
    at_once: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


class Tracker:
    """Gives the boxes of one stream ids that stay; the first track is 1.

    Args:
        cache_dir: the one folder Ultralytics may write to.

    Raises:
        ModelError: Ultralytics or its package `lap` is not installed.
    """

    def __init__(self, rules: Rules, cache_dir: Path) -> None:
        self._rules = rules
        self._tracker = _made(rules, cache_dir)
        self._runs: dict[int, int] = {}
        self._ids: dict[int, int] = {}
        self._frames = 0

    def follow(self, detections: Detections, frame: NDArray[np.uint8] | None) -> Detections:
        """Return the boxes that belong to a track, in their order, with `tracker_id`; call it once per frame.

        Args:
            detections: of the next frame.
            frame: its pixels, BGR, for methods that look at them.
        """
        self._frames += 1
        rows = self._tracker.update(_Boxes.of(detections), frame)
        tracks = {int(row[-1]): int(row[-4]) for row in np.asarray(rows).reshape(-1, 8)}
        self._count(set(tracks.values()))
        found = [(place, self._ids[track]) for place, track in sorted(tracks.items()) if track in self._ids]
        followed = take(detections, np.array([place for place, _ in found], np.intp))
        followed.tracker_id = np.array([track for _, track in found], int)
        return followed

    def _count(self, seen: set[int]) -> None:
        """Number the tracks that are steady; a track that is missed before it is begins to count anew."""
        self._runs = {track: self._runs.get(track, 0) + 1 for track in seen if track not in self._ids}
        at_once = self._frames == 1 and self._rules.at_once
        for track in sorted(track for track, run in self._runs.items() if at_once or run >= self._rules.steady):
            self._ids[track] = len(self._ids) + 1
            del self._runs[track]


def _made(rules: Rules, cache_dir: Path) -> Any:
    module, name = _CLASSES[rules.method]
    arguments = SimpleNamespace(
        track_high_thresh=rules.high,
        track_low_thresh=rules.low,
        new_track_thresh=rules.new,
        track_buffer=rules.kept,
        match_thresh=rules.farthest,
        fuse_score=rules.by_score,
        **rules.more,
    )
    with ultralytics_imported(cache_dir):
        try:
            import_module("lap")  # else Ultralytics would look for it when the first boxes meet
            tracker = getattr(import_module(f"ultralytics.trackers.{module}"), name)(arguments)
        except ImportError as error:
            raise ModelError(f"tracking needs Ultralytics with lap ({error}); install them with: {INSTALL}") from error
    if rules.method == "botsort":
        tracker.gmc.downscale = rules.more["downscale"]
    return tracker


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Boxes in the form Ultralytics' trackers read."""

    xyxy: NDArray[np.float32]
    conf: NDArray[np.float32]
    cls: NDArray[np.float32]

    @classmethod
    def of(cls, detections: Detections) -> Self:
        count = len(detections)
        sure = np.ones(count, np.float32) if detections.confidence is None else detections.confidence
        classes = np.zeros(count, np.float32) if detections.class_id is None else detections.class_id
        return cls(*(np.asarray(part, np.float32) for part in (detections.xyxy.reshape(-1, 4), sure, classes)))

    @property
    def xywh(self) -> NDArray[np.float32]:
        corner, opposite = self.xyxy[:, :2], self.xyxy[:, 2:]
        return np.concatenate([(corner + opposite) / 2, opposite - corner], 1)

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, chosen: Any) -> _Boxes:
        return _Boxes(self.xyxy[chosen], self.conf[chosen], self.cls[chosen])
