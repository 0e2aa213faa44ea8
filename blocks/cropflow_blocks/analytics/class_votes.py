"""The votes of a tracked object: which class it settles on, and when it changes its mind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import supervision as sv
from numpy.typing import NDArray

Box = NDArray[np.floating]


class Label(NamedTuple):
    """A class."""

    class_id: int
    name: str


UNKNOWN = Label(-1, "")


@dataclass(frozen=True, slots=True)
class Rules:
    """How many votes decide, and how long an object is remembered; see `TrackClassLock`."""

    min_votes: int
    vote_confidence: float
    lead_margin: int
    switch_after: int
    state_ttl: int
    reattach_window: int
    reattach_iou: float


@dataclass(slots=True)
class Track:
    """What is remembered of one object.

    Attributes:
        box: where it was seen last.
        seen: in which frame that was.
        locked: the class it has settled on.
        confidence: mean of the votes that decided for it.
    """

    box: Box
    seen: int
    locked: Label | None = None
    confidence: float = 0.0
    _votes: dict[Label, list[float]] = field(default_factory=dict)
    _rival: Label | None = None
    _streak: list[float] = field(default_factory=list)

    def vote(self, label: Label, confidence: float, rules: Rules) -> None:
        """Count what was found on a frame."""
        counts = confidence >= rules.vote_confidence
        if self.locked is None:
            if counts:
                self._votes.setdefault(label, []).append(confidence)
                self._settle(rules)
        elif not counts or label == self.locked:
            self._rival, self._streak = None, []
        else:
            self._oppose(label, confidence, rules)

    def _settle(self, rules: Rules) -> None:
        first, *others = sorted(self._votes.items(), key=lambda item: -len(item[1]))
        votes, second = len(first[1]), len(others[0][1]) if others else 0
        if votes >= rules.min_votes and votes - second >= rules.lead_margin:
            self._lock(*first)

    def _oppose(self, label: Label, confidence: float, rules: Rules) -> None:
        self._streak = [*self._streak, confidence] if label == self._rival else [confidence]
        self._rival = label
        if len(self._streak) >= rules.switch_after:
            self._lock(label, self._streak)

    def _lock(self, label: Label, votes: list[float]) -> None:
        self.locked, self.confidence = label, float(np.mean(votes))
        self._votes, self._rival, self._streak = {}, None, []


@dataclass(slots=True)
class Tracks:
    """The objects of one stream, by the id their tracker gave them."""

    frame: int = 0
    tracks: dict[int, Track] = field(default_factory=dict)

    def see(self, ids: list[int], boxes: Box, rules: Rules) -> Iterator[Track]:
        """Go on to the next frame and give the track of every id, known, taken over from a lost one, or new."""
        self.frame += 1
        self.tracks = {id: track for id, track in self.tracks.items() if self._is_kept(id, track, ids, rules)}
        for id, box in zip(ids, boxes, strict=True):
            track = self.tracks.get(id) or self._taken_over(box, ids, rules) or Track(box, self.frame)
            track.box, track.seen = box, self.frame
            self.tracks[id] = track
            yield track

    def _is_kept(self, id: int, track: Track, ids: list[int], rules: Rules) -> bool:
        """Whether an object was seen in time; one that is not seen now is forgotten when its time is over."""
        return id in ids or self.frame - track.seen <= rules.state_ttl

    def _taken_over(self, box: Box, ids: list[int], rules: Rules) -> Track | None:
        """Take the settled track whose last box overlaps most out of those that were lost a short time ago."""
        lost = [
            id
            for id, track in self.tracks.items()
            if id not in ids and track.locked and self.frame - track.seen <= rules.reattach_window
        ]
        if not lost:
            return None
        overlaps = sv.box_iou_batch(box[np.newaxis], np.stack([self.tracks[id].box for id in lost]))[0]
        best = int(overlaps.argmax())
        return self.tracks.pop(lost[best]) if overlaps[best] >= rules.reattach_iou else None
