"""Says how fast tracked objects move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.detections import onto
from cropflow.kinds import ZeroToOne
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import Frame, Passed, Tracked, anchors, moment, tracks, with_data

Vector = NDArray[np.float64]


@dataclass(slots=True)
class _Moving:
    """Where a track was, when, and how fast it was on average."""

    place: Vector
    time: float
    smooth: Vector


class Velocity(Block):
    """Tell how fast each tracked object moves, by the centre of its box from one frame to the next.

    Adds `velocity` (x to the right and y downwards) and its length `speed`, and the same smoothed: each new value
    counts `smoothing_alpha`, all before it the rest. They are in metres a second, or pixels a second where
    `pixels_per_meter` is 1. In the first frame of a track they are 0. Times are those of `time_in_zone@v1`.

    Raises:
        ValueError: the boxes have no tracks.
    """

    type = "velocity@v1"
    aliases = ("roboflow_core/velocity@v1",)

    class Output(NamedTuple):
        """The boxes with their velocities."""

        velocity_detections: Annotated[
            Detections, Passed, Port("the boxes; `velocity`, `speed`, `smoothed_velocity`, `smoothed_speed`")
        ]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(
        self,
        image: Frame,
        detections: Tracked,
        stream: Stream,
        smoothing_alpha: Annotated[ZeroToOne, Port("how much the newest value counts")] = 0.5,
        pixels_per_meter: Annotated[float, Field(gt=0), Port("pixels of the frame to a metre")] = 1.0,
    ) -> Output:
        """Measure."""
        here = onto(detections, image.origin)
        now = moment(stream, image, self._clock)
        moving: dict[int, _Moving] = stream.state.setdefault("moving", {})
        made = np.zeros((len(here), 4))
        for row, (track, place) in enumerate(zip(tracks(here), anchors(here, "CENTER"), strict=True)):
            made[row, :2], made[row, 2:] = _moved(moving, track, place, now, smoothing_alpha)
        plain, smooth = made[:, :2] / pixels_per_meter, made[:, 2:] / pixels_per_meter
        return self.Output(
            with_data(
                here,
                velocity=plain,
                speed=np.linalg.norm(plain, axis=1),
                smoothed_velocity=smooth,
                smoothed_speed=np.linalg.norm(smooth, axis=1),
            )
        )


def _moved(moving: dict[int, _Moving], track: int, place: Vector, now: float, alpha: float) -> tuple[Vector, Vector]:
    """Note where a track is; return its velocity and the smoothed one in pixels a second."""
    before = moving.get(track)
    if before is None or now <= before.time:
        still = np.zeros(2) if before is None else before.smooth
        moving[track] = _Moving(place, now, still)
        return np.zeros(2), still
    plain = (place - before.place) / (now - before.time)
    moving[track] = _Moving(place, now, alpha * plain + (1 - alpha) * before.smooth)
    return plain, moving[track].smooth
