"""Values of the past: what a step gave some frames ago, beside what it gives now."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from cropflow.block import Block, Port, Setting, Stream
from cropflow.image import Image


class FrameDelay(Block):
    """Give the value that the stream had some frames ago.

    Frames are told by their number, not counted: an offset of -2 at frame 7 means frame 5, also where frame 6 never
    came here; where frame 5 never came, its value is not available. The first frames have none either, nor have
    those that follow a jump back. On crops, the value of a frame is that of its last crop. Values stay in memory for
    as many frames as the offset says.
    """

    type = "frame_delay@v1"
    aliases = ("roboflow_core/frame_delay@v1", "FrameDelay", "roboflow_core/time_travel@v1", "TimeTravel")

    class Output(NamedTuple):
        """What was, and whether it is known."""

        output: Annotated[Any, Port("the value of the frame in the past, else the default; missing without one")]
        is_available: Annotated[bool, Port("whether the frame in the past is known")]
        reference_frame_number: Annotated[int, Port("the number of the frame that the offset counts from")]

    def run(
        self,
        image: Annotated[Image, Port("the frame; tells the stream")],
        data: Annotated[Any, Port("the value of this frame")],
        offset: Annotated[int, Field(le=0), Port("how many frames to go back, as a number of 0 or below")],
        stream: Stream,
        default_value: Annotated[
            Setting[bool | int | float | str | None], Port("the value where the frame in the past is not known")
        ] = None,
    ) -> Output:
        """Look back."""
        wanted = stream.frame + offset
        seen: dict[int, Any] = stream.state.get("values", {})
        kept = {number: value for number, value in seen.items() if wanted <= number < stream.frame}
        kept[stream.frame] = data
        stream.state["values"] = kept
        return self.Output(kept.get(wanted, default_value), wanted in kept, stream.frame)
