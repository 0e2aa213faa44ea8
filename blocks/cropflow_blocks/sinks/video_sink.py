"""Saves annotated frames as videos that a browser plays."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from cropflow.block import Block, Port, Stream
from cropflow.image import Image
from cropflow.names import safe_path
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.extras import require
from cropflow_blocks.sinks.template import bare, check_template, filled
from cropflow_blocks.sinks.video_file import VideoFile

_PLACEHOLDERS = ("source",)
_IN_MEMORY = "pictures"
_USUAL_FPS = 25.0
_STATE = "video"


def check_name(template: str) -> str:
    """Return the template of a video's name; ValueError where the extension is another."""
    if PurePosixPath(template).suffix.lower() != ".mp4":
        raise ValueError("a name that ends in .mp4")
    return check_template(template, _PLACEHOLDERS)


def check_folder(template: str) -> str:
    """Return the template of the folder; ValueError where it cannot be one."""
    return check_template(template, _PLACEHOLDERS)


class VideoSink(Block):
    """Save the frames of every video or camera as a video in the output folder (mp4, H.264, for browsers too).

    Each stream gets a file of its own, named after it: `{source}` is the id of the video without its extension, or
    the folder that pictures come from. Pictures in memory form one video, `pictures.mp4`. All frames of a video have
    one size; another one is an error. An odd width or height gets one pixel more, since the format has even ones. A
    frame that does not come here is left out, so the video becomes shorter.

    A file appears when its stream ends or the workflow is closed, whole; until then it has a hidden name. A name that
    this run already used gets `~2`, and files of earlier runs are replaced. Without frames nothing is written. Needs
    the extra `video`.

    Raises:
        ValueError: a frame has another size than the first of its video.
    """

    type = "video_sink@v1"
    effects = True

    def __init__(self, output: OutputFolder) -> None:
        self._output = output
        self._files: list[VideoFile] = []

    def ready(self) -> None:
        """Look for what writes videos."""
        require("av", "video", "video_sink")

    def run(
        self,
        images: Annotated[Image, Port("the frames, one after the other", alias="image")],
        stream: Stream,
        file_name: Annotated[str, AfterValidator(check_name), Port("name with {source}; ends in .mp4")] = (
            "{source}.mp4"
        ),
        folder: Annotated[
            str, AfterValidator(check_folder), Port("folder inside the output folder, with the same placeholder")
        ] = "videos",
        fps: Annotated[
            Annotated[float, Field(gt=0, le=1000)] | None,
            Port("frames in a second; if left out, those of the source, or 25 where they are not known"),
        ] = None,
        crf: Annotated[
            Annotated[int, Field(ge=1, le=51)],
            Port("quality from 1 to 51; a lower one looks better and takes more space"),
        ] = 23,
    ) -> None:
        """Append."""
        file = stream.state.get(_STATE)
        if file is None:
            path = filled(folder, file_name, {"source": safe_path(bare(stream.id or _IN_MEMORY))})
            file = VideoFile(self._output, path, images, fps or images.fps or _USUAL_FPS, crf)
            stream.state[_STATE] = file
            self._files = [*(other for other in self._files if other.is_open), file]
        file.write(images)

    def close(self) -> None:
        """Finish the videos that have not ended."""
        with ExitStack() as stack:
            for file in reversed(self._files):
                stack.callback(file.close)
        self._files.clear()
