"""QR codes made of text, with what OpenCV brings along."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port, Setting
from cropflow.image import Image
from cropflow_blocks.visualization.colors import ColorText, to_color

Recovery = Literal[
    "Low (~7% word recovery / highest data capacity)",
    "Medium (~15% word recovery)",
    "Quartile (~25% word recovery)",
    "High (~30% word recovery / lowest data capacity)",
]

_LEVELS = {
    "Low": cv2.QRCodeEncoder_CORRECT_LEVEL_L,
    "Medium": cv2.QRCodeEncoder_CORRECT_LEVEL_M,
    "Quartile": cv2.QRCodeEncoder_CORRECT_LEVEL_Q,
    "High": cv2.QRCodeEncoder_CORRECT_LEVEL_H,
}
_MODULE = 10
_OPENCV_BORDER = 2
_AUTO = 0
_BROKEN, _NEXT = 21, 22
"""OpenCV writes codes of version 21 (101 × 101) that no reader reads; the next larger one is fine."""


class QRCodeGenerator(Block):
    """Make a QR code of a text.

    A module of the code, the smallest square, is 10 pixels wide; the code is as large as the text needs. Keep a border
    of 4 modules and a dark colour on a light one, or readers may not find it.

    Raises:
        ValueError: the text is empty, or too long for a QR code (2953 letters at most, fewer with more recovery).
    """

    type = "qr_code_generator@v1"
    aliases = ("roboflow_core/qr_code_generator@v1", "QRCodeGenerator")

    class Output(NamedTuple):
        """The code."""

        qr_code: Annotated[Image, Port("the code in colour")]

    def run(
        self,
        text: Annotated[str, Port("what the code says")],
        error_correct: Annotated[Setting[Recovery], Port("how much of the code may be damaged")] = (
            "Medium (~15% word recovery)"
        ),
        border: Annotated[Annotated[int, Field(ge=0, le=100)], Port("room on each side, in modules")] = 4,
        fill_color: Annotated[ColorText, Port("colour of the code")] = "BLACK",
        back_color: Annotated[ColorText, Port("colour behind it")] = "WHITE",
    ) -> Output:
        """Make it."""
        modules = np.pad(_modules(text, error_correct), border).astype(int)
        colors = np.array([to_color(back_color).as_bgr(), to_color(fill_color).as_bgr()], np.uint8)
        pixels = colors[modules].repeat(_MODULE, axis=0).repeat(_MODULE, axis=1)
        return self.Output(Image(pixels, id=self.step or "qr_code"))


def _modules(text: str, recovery: str) -> NDArray[np.bool_]:
    """Return which modules of the code are dark, without a border."""
    if not text:
        raise ValueError("text is empty, so there is nothing to put into a QR code")
    level = _LEVELS[recovery.partition(" ")[0]]
    code = _encoded(text, level, _AUTO)
    if code.shape[0] == 17 + 4 * _BROKEN:
        code = _encoded(text, level, _NEXT)
    return code


def _encoded(text: str, level: int, version: int) -> NDArray[np.bool_]:
    settings: Any = cv2.QRCodeEncoder.Params()
    settings.correction_level, settings.version = level, version
    try:
        code = np.asarray(cv2.QRCodeEncoder.create(settings).encode(text))
    except cv2.error as error:
        count = len(text.encode())
        raise ValueError(
            f"text has {count} bytes, which is too much for one QR code with this error_correct; "
            "shorten it, or choose less recovery"
        ) from error
    dark: NDArray[np.bool_] = code[_OPENCV_BORDER:-_OPENCV_BORDER, _OPENCV_BORDER:-_OPENCV_BORDER] == 0
    return dark
