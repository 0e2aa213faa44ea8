"""Measures how fast tracked objects move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Stream
from cropflow.detections import onto, take
from cropflow.resources import Clock
from cropflow_blocks.tracking.ports import Frame, Remembered, Tracked, fps_of, ids_of, seconds

_STILL = np.zeros(2)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where the centre of a box was, when, and how it moved."""

    centre: NDArray[np.float64]
    time: float
    smoothed: NDArray[np.float64]


class Velocity(Block):
    """Tell how fast the centres of tracked objects move: from where an object was last seen to where it is now.

    Boxes get `velocity` and `smoothed_velocity` (along x and y; y points down), and the lengths of both, `speed` and
    `smoothed_speed`, in pixels a second, or in metres a second where `pixels_per_meter` tells how large a metre is. The
    first time an object is seen they are 0. Boxes found on a crop of the frame are moved to it. Time is that of the
    video; where no frame rate is known it is that of the clock.

    Raises:
        ValueError: the boxes have no tracker ids.
    """

    type = "velocity@v1"
    aliases = ("roboflow_core/velocity@v1",)

    class Output(NamedTuple):
        """The boxes with their velocities."""

        velocity_detections: Annotated[
            Detections, KindOf("detections"), Port("the boxes with how fast they move and where to")
        ]

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def run(
        self,
        image: Frame,
        detections: Tracked,
        stream: Stream,
        smoothing_alpha: Annotated[
            Annotated[float, Field(gt=0, le=1)],
            Port("what the present counts for in the smoothed velocity; the past counts for the rest"),
        ] = 0.5,
        pixels_per_meter: Annotated[Annotated[float, Field(gt=0)], Port("pixels that make a metre")] = 1.0,
    ) -> Output:
        """Measure."""
        boxes = onto(detections, image.origin).xyxy.astype(float)
        now = seconds(stream, fps_of(image), self._clock)
        known: Remembered[_Seen] = stream.state.setdefault("seen", Remembered())
        fast, smooth = np.zeros((len(boxes), 2)), np.zeros((len(boxes), 2))
        for place, (track, centre) in enumerate(
            zip(ids_of(detections), (boxes[:, :2] + boxes[:, 2:]) / 2, strict=True)
        ):
            last = known.get(track)
            if last is not None and now > last.time:
                fast[place] = (centre - last.centre) / (now - last.time)
            if last is not None:
                smooth[place] = smoothing_alpha * fast[place] + (1 - smoothing_alpha) * last.smoothed
            known.put(track, _Seen(centre, now, smooth[place]))
        return self.Output(_with(detections, fast / pixels_per_meter, smooth / pixels_per_meter))


def _with(detections: Detections, fast: NDArray[np.float64], smooth: NDArray[np.float64]) -> Detections:
    moving = take(detections, slice(None))
    moving.data = {
        **moving.data,
        "velocity": fast,
        "speed": np.linalg.norm(fast, axis=1),
        "smoothed_velocity": smooth,
        "smoothed_speed": np.linalg.norm(smooth, axis=1),
    }
    return moving
