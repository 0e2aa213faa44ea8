"""A log of who was seen, from when to when: one entry for each tracked object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, NamedTuple

from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import Frame, Tracked, fps_of, ids_of

Frames = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class Event:
    """One object, with the names of the JSON form; frames are counted from 1, times are seconds."""

    tracker_id: int
    class_name: str
    first_seen_frame: int
    first_seen_timestamp: float
    last_seen_frame: int
    last_seen_timestamp: float
    first_seen_relative: float
    last_seen_relative: float
    frame_count: int


class Log:
    """What is known of the objects of one stream.

    Args:
        first: number of the frame that comes first.
        began: moment of that frame, in seconds.
    """

    def __init__(self, first: int, began: float) -> None:
        self.first, self.began = first, began
        self.frames = 0
        self.events: dict[int, Event] = {}

    def see(self, track: int, class_name: str, relative: float) -> None:
        """Note that an object is seen in this frame, so many seconds after the first frame."""
        now = self.began + relative
        event = self.events.get(track) or Event(
            track, class_name, self.frames, now, self.frames, now, relative, relative, 0
        )
        self.events[track] = replace(
            event,
            last_seen_frame=self.frames,
            last_seen_timestamp=now,
            last_seen_relative=relative,
            frame_count=event.frame_count + 1,
        )

    def gone(self, stale_frames: int) -> list[Event]:
        """Take out the objects that were not seen for more than so many frames, and return them."""
        found = [event for event in self.events.values() if self.frames - event.last_seen_frame > stale_frames]
        for event in found:
            del self.events[event.tracker_id]
        return found


class DetectionEventLog(Block):
    """Keep a log of tracked objects: when each was first and last seen, and in how many frames.

    An object is pending until it was seen in `frame_threshold` frames, then it is logged. Every `flush_interval` frames
    those that were not seen for more than `stale_frames` frames leave the log: logged ones are in `complete_events` in
    that frame and never again, pending ones are dropped. At the end of a video the rest is still in the log. An entry
    has `tracker_id`, `class_name` (that of its first frame), `frame_count`, and `frame`, `timestamp` and `relative` of
    `first_seen` and `last_seen`. Frames are those that come here, counted from 1. Relative times are seconds of the
    video since the first of them; timestamps are seconds too, and count from `reference_timestamp`.

    Raises:
        ValueError: the boxes have no tracker ids.
    """

    type = "detection_event_log@v1"
    aliases = ("roboflow_core/detection_event_log@v1",)

    class Output(NamedTuple):
        """The log as it is in this frame."""

        event_log: Annotated[dict[str, Any], Port("`logged` and `pending` objects, each by its tracker id")]
        detections: Annotated[Detections, KindOf("detections"), Port("the boxes that came in")]
        total_logged: Annotated[int, Port("how many objects are logged")]
        total_pending: Annotated[int, Port("how many objects are pending")]
        complete_events: Annotated[dict[str, Any], Port("logged objects that are gone, told in one frame only")]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(
        self,
        image: Frame,
        detections: Tracked,
        stream: Stream,
        frame_threshold: Annotated[Frames, Port("frames in which an object is seen before it is logged")] = 30,
        flush_interval: Annotated[Frames, Port("how often it is looked for objects that are gone, in frames")] = 30,
        stale_frames: Annotated[Frames, Port("frames without an object after which it is gone")] = 300,
        reference_timestamp: Annotated[
            float | None, Port("moment of the first frame in seconds, as since 1970; that of the clock by default")
        ] = None,
        fallback_fps: Annotated[
            Annotated[float, Field(gt=0)], Port("frames that make a second where the video does not tell")
        ] = 1.0,
    ) -> Output:
        """Log."""
        log = self._log(stream, reference_timestamp)
        log.frames += 1
        relative = (stream.frame - log.first) / (fps_of(image) or fallback_fps)
        names = detections.data.get("class_name", [""] * len(detections))
        for track, name in zip(ids_of(detections), names, strict=True):
            if track >= 0:
                log.see(track, str(name), relative)
        gone = log.gone(stale_frames) if log.frames % flush_interval == 1 % flush_interval else []
        logged = [event for event in log.events.values() if event.frame_count >= frame_threshold]
        pending = [event for event in log.events.values() if event.frame_count < frame_threshold]
        complete = [event for event in gone if event.frame_count >= frame_threshold]
        told = {"logged": _told(logged), "pending": _told(pending)}
        return self.Output(told, detections, len(logged), len(pending), _told(complete))

    def _log(self, stream: Stream, reference: float | None) -> Log:
        log: Log | None = stream.state.get("log")
        if log is None:
            began = self._clock.now().timestamp() if reference is None else reference
            log = stream.state["log"] = Log(stream.frame, began)
        return log


def _told(events: list[Event]) -> dict[str, Any]:
    return {str(event.tracker_id): asdict(event) for event in events}
