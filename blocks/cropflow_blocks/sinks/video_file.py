"""Writes one video file, frame by frame, which is there under its name only when it is whole."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import cv2
import numpy as np

from cropflow.image import Image
from cropflow.resources import OutputFolder
from cropflow_blocks.sinks.whole import beside

_PRESET = "veryfast"
_MATRIX_601, _LIMITED, _BT709 = 6, 1, 1
"""How colours are coded, as numbers of H.264; the file says so, since players guess differently where it does not."""


class VideoFile:
    """A video in the making: H.264, 8 bits, 4:2:0, in an mp4 file that begins with its index.

    Args:
        output: the folder.
        name: path in the folder that the file gets in the end; one that is taken gets `~2`.
        first: the first frame, which is not written yet; all have its size.
        fps: frames in a second.
        crf: from 1, best, to 51.

    Attributes:
        is_open: whether it is still in the making.
    """

    def __init__(self, output: OutputFolder, name: str, first: Image, fps: float, crf: int) -> None:
        import av

        self._output = output
        self._name = name
        self._first = first.id
        self._size = (first.width, first.height)
        self._part = beside(output.file(name))
        self._file = av.open(str(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._file.add_stream("libx264", rate=Fraction(fps).limit_denominator(100_000))
        self._stream.width, self._stream.height = (side + side % 2 for side in self._size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": _PRESET}
        codec = self._stream.codec_context
        codec.colorspace, codec.color_range = _MATRIX_601, _LIMITED
        codec.color_primaries, codec.color_trc = _BT709, _BT709
        self._count = 0
        self.is_open = True

    def write(self, image: Image) -> None:
        """Append a frame.

        Raises:
            ValueError: it has another size than the first.
        """
        import av

        if (image.width, image.height) != self._size:
            raise ValueError(
                f"all pictures of a video have one size: {self._first!r} began {self._name!r} with "
                f"{self._size[0]}×{self._size[1]} pixels, and {image.id!r} has {image.width}×{image.height}; bring "
                "them to one size first, or give each size a step of its own"
            )
        pixels = cv2.copyMakeBorder(image.bgr, 0, image.height % 2, 0, image.width % 2, cv2.BORDER_REPLICATE)
        frame = av.VideoFrame.from_ndarray(np.asarray(pixels, np.uint8), format="bgr24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU601", dst_color_range=_LIMITED)
        frame.pts = self._count
        self._count += 1
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file and give it its name; nothing is left to do the second time."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            self._file.mux(self._stream.encode(None))
            self._file.close()
            # an empty file claims the name: `write` would want the whole video in memory
            self._part.replace(self._output.path / self._output.write(self._name, b""))
        except BaseException:
            with contextlib.suppress(Exception):
                self._file.close()
            self._part.unlink(missing_ok=True)
            raise
