"""Gates that remember: of the elements of a stream only some go on, by time or by change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from cropflow.block import Block, Port, Route, StepRef, Stream
from cropflow.image import Image

_ROUNDING = 1e-9
"""Times of frames are quotients; a frame that is due may come out a trace too early."""
NextSteps = Annotated[list[StepRef], Port("the steps that elements go on to")]


class RateLimiter(Block):
    """Let at most one element of a stream go on in each stretch of time; the first one always does.

    Time is that of the clock. With a `video_reference_image` whose frame rate is known it is that of the video, however
    fast the video is worked through; where a video jumps back, time begins anew. Elements that are stopped are not
    kept for later.
    """

    type = "rate_limiter@v1"
    aliases = ("roboflow_core/rate_limiter@v1",)

    now: Callable[[], float] = staticmethod(time.monotonic)
    """The clock, in seconds; tests put another one in its place."""

    def run(
        self,
        depends_on: Annotated[Any, Port("what the elements are; its values do not matter")],
        next_steps: NextSteps,
        stream: Stream,
        cooldown_seconds: Annotated[float, Field(ge=0), Port("length of the stretch of time")] = 1.0,
        video_reference_image: Annotated[
            Image | None, Port("the frame of a video that an element comes from, to go by the time of the video")
        ] = None,
    ) -> Route:
        """Decide."""
        fps = None if video_reference_image is None else video_reference_image.fps
        clock, moment = ("video", stream.frame / fps) if fps else ("clock", self.now())
        last = stream.state.get(clock)
        if last is not None and 0 <= moment - last < cooldown_seconds - _ROUNDING:
            return Route()
        stream.state[clock] = moment
        return Route(next_steps)


class DeltaFilter(Block):
    """Let an element go on where its value is another one than the last of its stream; the first one always does."""

    type = "delta_filter@v1"
    aliases = ("roboflow_core/delta_filter@v1",)

    def run(
        self,
        image: Annotated[Image, Port("tells the stream that an element belongs to")],
        value: Annotated[Any, Port("the value that is watched")],
        next_steps: NextSteps,
        stream: Stream,
    ) -> Route:
        """Decide."""
        changed = "value" not in stream.state or not _same(stream.state["value"], value)
        stream.state["value"] = value
        return Route(next_steps if changed else ())


def _same(one: Any, other: Any) -> bool:
    """Equality that is safe for arrays and predictions."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    try:
        return type(one) is type(other) and bool(one == other)
    except ValueError:
        return False
