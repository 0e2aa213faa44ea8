"""Keeps a log of which objects were there, from when to when."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, NamedTuple

from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.kinds import KINDS
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import Frame, Passed, Tracked, tracks

AtLeastOne = Annotated[int, Field(ge=1)]
Log = Annotated[dict[str, Any], KINDS["dictionary"]]


@dataclass(slots=True)
class _Event:
    """One track; frames are counted from 1 here, times are in seconds."""

    tracker_id: int
    class_name: str
    first_seen_frame: int
    first_seen_timestamp: float
    last_seen_frame: int
    last_seen_timestamp: float
    first_seen_relative: float
    last_seen_relative: float
    frame_count: int = 0


@dataclass(slots=True)
class _Events:
    """The log of one stream."""

    pending: dict[int, _Event] = field(default_factory=dict)
    logged: dict[int, _Event] = field(default_factory=dict)
    frame: int = 0
    flushed: int = 1
    began: float | None = None


class DetectionEventLog(Block):
    """Log which tracked objects were there, from which frame to which, and how often they were seen.

    A track is pending until it was seen in `frame_threshold` frames; then it is logged. Every `flush_interval` frames,
    tracks that have not been seen for more than `stale_frames` leave the log; those that were logged are given once as
    `complete_events`. Relative times count from the first frame: by its number where the rate is known, else by
    `fallback_fps`. Timestamps are relative times after `reference_timestamp`; without one, after the time at which a
    camera's first frame came, or after 0 for a file.

    Raises:
        ValueError: the boxes have no tracks.
    """

    type = "detection_event_log@v1"
    aliases = ("roboflow_core/detection_event_log@v1",)

    class Output(NamedTuple):
        """The log after this frame."""

        event_log: Annotated[Log, Port("`logged` and `pending`: by tracker id, what is known of each")]
        detections: Annotated[Detections, Passed, Port("the boxes as they came")]
        total_logged: Annotated[int, Port("how many are in `logged`")]
        total_pending: Annotated[int, Port("how many are in `pending`")]
        complete_events: Annotated[Log, Port("those that left the log in this frame, likewise")]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(
        self,
        image: Frame,
        detections: Tracked,
        stream: Stream,
        frame_threshold: Annotated[AtLeastOne, Port("frames after which a track is logged")] = 30,
        flush_interval: Annotated[AtLeastOne, Port("every how many frames stale tracks are looked for")] = 30,
        stale_frames: Annotated[AtLeastOne, Port("frames without being seen after which a track is over")] = 300,
        reference_timestamp: Annotated[float | None, Port("seconds since 1970 at the first frame")] = None,
        fallback_fps: Annotated[float, Field(gt=0), Port("frames in a second where nobody says")] = 1.0,
    ) -> Output:
        """Log."""
        events: _Events = stream.state.setdefault("events", _Events())
        events.frame += 1
        if events.began is None:
            live = reference_timestamp is None and not image.fps
            events.began = self._clock.now().timestamp() if live else reference_timestamp or 0.0
        relative = stream.frame / image.fps if image.fps else (events.frame - 1) / fallback_fps
        _see(events, detections, relative, frame_threshold)
        complete = _flush(events, flush_interval, stale_frames)
        log = {"logged": _told(events.logged), "pending": _told(events.pending)}
        return self.Output(log, detections, len(events.logged), len(events.pending), _told(complete))


def _see(events: _Events, detections: Detections, relative: float, threshold: int) -> None:
    names = detections.data.get("class_name", ["unknown"] * len(detections))
    now = (events.began or 0.0) + relative
    for track, name in zip(tracks(detections), names, strict=True):
        event = events.logged.get(track) or events.pending.get(track)
        if event is None:
            frame = events.frame
            event = events.pending[track] = _Event(track, str(name), frame, now, frame, now, relative, relative)
        event.last_seen_frame, event.last_seen_timestamp, event.last_seen_relative = events.frame, now, relative
        event.frame_count += 1
        if track in events.pending and event.frame_count >= threshold:
            events.logged[track] = events.pending.pop(track)


def _flush(events: _Events, interval: int, stale: int) -> dict[int, _Event]:
    """Forget tracks that are over; return those that were logged."""
    if events.frame - events.flushed < interval:
        return {}
    events.flushed = events.frame
    for track in [track for track, event in events.pending.items() if events.frame - event.last_seen_frame > stale]:
        del events.pending[track]
    over = [track for track, event in events.logged.items() if events.frame - event.last_seen_frame > stale]
    return {track: events.logged.pop(track) for track in over}


def _told(events: dict[int, _Event]) -> dict[str, Any]:
    return {str(track): asdict(event) for track, event in events.items()}
