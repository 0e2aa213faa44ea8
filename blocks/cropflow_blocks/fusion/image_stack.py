"""The last pictures of a stream, small enough to keep many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import cv2
from pydantic import Field

from cropflow.block import Block, Port, Stream
from cropflow.image import Image


class ImageStack(Block):
    """Collect the last pictures of a stream, the newest first, made smaller to fit a size.

    Pictures keep their shape and are never made larger. They are kept as JPEG, so that a long stack of large frames
    fits into memory, and read again when somebody looks at them; transparency is lost. Each stream has a stack of
    its own. Predictions made on a picture of the stack are in the pixels of that smaller picture.
    """

    type = "image_stack@v1"
    aliases = ("roboflow_core/image_stack@v1",)

    class Output(NamedTuple):
        """The stack."""

        frames: Annotated[list[Image], Port("the pictures, the newest first")]
        frames_count: Annotated[int, Port("how many they are")]

    def run(
        self,
        image: Annotated[Image, Port("the picture to put on the stack")],
        stream: Stream,
        stack_size: Annotated[int, Field(ge=1, le=64), Port("how many pictures the stack holds")] = 10,
        resolution_width: Annotated[int, Field(ge=64, le=1920), Port("the most pixels from left to right")] = 1920,
        resolution_height: Annotated[int, Field(ge=64, le=1080), Port("the most pixels from top to bottom")] = 1080,
        clear: Annotated[bool, Port("whether the stack is emptied before this picture is put on it")] = False,
    ) -> Output:
        """Put the picture on the stack."""
        below: tuple[_Packed, ...] = () if clear else stream.state.get("frames", ())
        frames = (_pack(image, resolution_width, resolution_height), *below)[:stack_size]
        stream.state["frames"] = frames
        return self.Output([frame.image() for frame in frames], len(frames))


@dataclass(frozen=True, slots=True)
class _Packed:
    """A picture as the bytes of a JPEG, and what is known of it."""

    data: bytes
    id: str
    stream: str | None
    frame: int | None
    fps: float | None

    def image(self) -> Image:
        """Return the picture; its pixels are read when they are first looked at."""
        return Image.load(self.data, id=self.id, stream=self.stream, frame=self.frame, fps=self.fps)


def _pack(image: Image, width: int, height: int) -> _Packed:
    scale = min(1.0, width / image.width, height / image.height)
    small = image
    if scale < 1:
        size = max(1, int(image.width * scale)), max(1, int(image.height * scale))
        small = Image(cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA))
    return _Packed(small.encode(".jpg"), image.id, image.stream, image.frame, image.fps)
