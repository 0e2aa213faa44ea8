"""The way from boxes to tracks: the trackers inside Ultralytics, one for each stream.

They are imported when the first frame comes. What they leave to their caller is done here: boxes are found again by
their place, so that nothing of a detection is lost; ids count from 1 in every stream, whatever else runs in the
process; a track counts only once it was seen in enough frames in a row.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from supervision import Detections

from cropflow.errors import ModelError
from cropflow_blocks.models.quiet import INSTALL, ultralytics_imported

_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rules:
    """How boxes are joined to tracks.

    Attributes:
        method: which tracker.
        high: confidence from which a box takes part in the first round.
        low: confidence above which the others take part in the second round; `None` for no second round.
        start: confidence from which a box begins a track.
        overlap: least intersection over union of a box with the place where its track is expected.
        second_overlap: the same in the second round.
        new_overlap: the same for tracks that were seen once.
        weighted: whether the overlap is multiplied by the confidence of the box.
        buffer: frames for which a lost track may come back.
        in_a_row: frames in a row in which a track is seen before it counts.
        at_once: tracks of the first frame count at once.
        camera: how the motion of the camera is found and undone; `None` for a camera that stands still.
        downscale: by how much frames are made smaller for that.
        direction: how much it costs to turn round.
        delta_t: frames over which the direction of a track is taken.
    """

    method: Literal["byte", "bot", "oc"]
    high: float
    low: float | None
    start: float
    overlap: float
    second_overlap: float
    new_overlap: float
    buffer: int
    in_a_row: int
    weighted: bool = False
    at_once: bool = False
    camera: str | None = None
    downscale: int = 2
    direction: float = 0.0
    delta_t: int = 3

    def lasting(self, buffer: int) -> Rules:
        """Return the same rules with another buffer."""
        return replace(self, buffer=buffer)


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes in the form that Ultralytics takes; its classes carry the places of the boxes, which it hands back."""

    xyxy: NDArray[np.float32]
    conf: NDArray[np.float32]
    cls: NDArray[np.float32]

    @property
    def xywh(self) -> NDArray[np.float32]:
        """Centres and sizes."""
        return np.concatenate([(self.xyxy[:, :2] + self.xyxy[:, 2:]) / 2, self.xyxy[:, 2:] - self.xyxy[:, :2]], axis=1)

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, index: Any) -> Found:
        return Found(self.xyxy[index], self.conf[index], self.cls[index])


class Follower:
    """Follows the boxes of one stream."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._count = 0
        self._ids: dict[int, int] = {}
        self._next = 1
        with self._counting():
            self._tracker = _trackers()[rules.method](_arguments(rules))
        if rules.camera is not None:
            self._tracker.gmc.downscale = rules.downscale

    def follow(self, detections: Detections, frame: NDArray[np.uint8] | None) -> tuple[list[int], list[int]]:
        """Take the boxes of the next frame.

        Args:
            detections: boxes without an area, or that are not finite, are left out.
            frame: BGR pixels, where the motion of the camera is undone.

        Returns:
            The places of the boxes that belong to a track that counts, in order, and the ids of these tracks.
        """
        with self._counting():
            self._tracker.update(_found(detections), frame)
        now = self._tracker.frame_id
        seen = [track for track in self._tracker.tracked_stracks if track.frame_id == now and self._counts(track)]
        seen.sort(key=lambda track: int(track.cls))
        for track in seen:
            if track.track_id not in self._ids:
                self._ids[track.track_id] = self._next
                self._next += 1
        ids = [self._ids[track.track_id] for track in seen]
        alive = {track.track_id for track in (*self._tracker.tracked_stracks, *self._tracker.lost_stracks)}
        self._ids = {raw: id for raw, id in self._ids.items() if raw in alive}
        return [int(track.cls) for track in seen], ids

    def _counts(self, track: Any) -> bool:
        if track.track_id in self._ids:
            return True
        at_once = self._rules.at_once and track.start_frame == 1
        return bool(track.is_activated) and (at_once or track.tracklet_len + 1 >= self._rules.in_a_row)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Count tracks by ourselves: some releases of Ultralytics count those of the whole process in one place."""
        from ultralytics.trackers.basetrack import BaseTrack

        with _LOCK:
            others, BaseTrack._count = BaseTrack._count, self._count
            try:
                yield
            finally:
                self._count, BaseTrack._count = BaseTrack._count, others


def _found(detections: Detections) -> Found:
    boxes = detections.xyxy.astype(np.float32)
    sizes = boxes[:, 2:] - boxes[:, :2]
    places = np.flatnonzero(np.isfinite(boxes).all(axis=1) & (sizes > 0).all(axis=1))
    sure = np.ones(len(boxes)) if detections.confidence is None else detections.confidence
    return Found(boxes[places], sure[places].astype(np.float32), places.astype(np.float32))


def _arguments(rules: Rules) -> SimpleNamespace:
    """Return the settings by the names that Ultralytics gives them; its limits are costs, 1 less the overlap."""
    return SimpleNamespace(
        track_high_thresh=rules.high,
        track_low_thresh=rules.high if rules.low is None else rules.low,
        new_track_thresh=rules.start,
        track_buffer=rules.buffer,
        match_thresh=1 - rules.overlap,
        second_thresh=1 - rules.second_overlap,
        unconfirmed_thresh=1 - rules.new_overlap,
        fuse_score=rules.weighted,
        gmc_method=rules.camera or "none",
        proximity_thresh=0.5,
        appearance_thresh=0.8,
        with_reid=False,
        model="auto",
        delta_t=rules.delta_t,
        inertia=rules.direction,
        use_byte=False,
    )


@cache
def _trackers() -> dict[str, Any]:
    """Return the trackers by our names for them."""
    missing = [name for name in ("ultralytics", "lap") if find_spec(name) is None]
    if missing:
        raise ModelError(f"trackers need {' and '.join(missing)}; install what is missing with: {INSTALL}")
    with ultralytics_imported(user_cache_path("cropflow")):
        from ultralytics.trackers.bot_sort import BOTSORT
        from ultralytics.trackers.byte_tracker import BYTETracker
        from ultralytics.trackers.oc_sort import OCSORT
    return {"byte": _with_limits(BYTETracker), "bot": _with_limits(BOTSORT), "oc": _with_limits(OCSORT)}


def _with_limits(base: Any) -> Any:
    """Return a tracker whose second round, and whose tracks that were seen once, have limits that can be set."""
    from ultralytics.trackers.basetrack import TrackState
    from ultralytics.trackers.utils import matching

    class Limited(base):  # type: ignore[misc]
        def _second_association(
            self, pool: Any, rest: Any, boxes: Any, activated: Any, refound: list[Any], lost: list[Any]
        ) -> None:
            tracks = [pool[i] for i in rest if pool[i].state == TrackState.Tracked]
            costs = matching.iou_distance(tracks, boxes)
            pairs, left, _ = matching.linear_assignment(costs, thresh=self.args.second_thresh)
            self._apply_matches(pairs, tracks, boxes, activated, refound)
            for i in left:
                tracks[i].mark_lost()
                lost.append(tracks[i])

        def _unconfirmed_association(
            self, tracks: list[Any], rest: Any, boxes: Any, activated: list[Any], removed: list[Any]
        ) -> tuple[Any, list[Any]]:
            free = [boxes[i] for i in rest]
            costs = self.get_dists(tracks, free)
            pairs, left, over = matching.linear_assignment(costs, thresh=self.args.unconfirmed_thresh)
            for i, j in pairs:
                tracks[i].update(free[j], self.frame_id)
                activated.append(tracks[i])
            for i in left:
                tracks[i].mark_removed()
                removed.append(tracks[i])
            return over, free

    return Limited
