"""QR codes and bar codes, found and decoded by OpenCV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import KINDS
from cropflow_blocks.reading.quads import Corners, Pixels, as_corners, found, reading_order, straightened

_QUIET = 0.12
"""The white edge a QR code needs around it, as a share of its side."""
_SIDE = 400
"""A QR code that cannot be decoded as it stands is looked at again in about this size, in pixels."""

Picture = Annotated[Image, Port("the picture to look at", alias="image")]


class QRCodeDetector(Block):
    """Find QR codes and read them.

    Codes may be turned, tilted and of several sizes. Each is a box of the class `qr_code` around its four corners
    (`xyxyxyxy`), confidence 1, with the text in `data`. A code that is found but cannot be decoded has an empty
    text. Codes come line by line, from left to right.
    """

    type = "qr_code_detector@v1"
    aliases = ("roboflow_core/qr_code_detector@v1", "QRCodeDetector", "QRCodeDetection")

    class Output(NamedTuple):
        """The codes of one picture."""

        predictions: Annotated[Detections, KINDS["qr_code_detection"], Port("one box per code, the text in `data`")]

    def __init__(self) -> None:
        self._finder = cv2.QRCodeDetectorAruco()
        self._second = cv2.QRCodeDetector()

    def run(self, images: Picture) -> Output:
        """Find and decode."""
        _, texts, points, _ = self._finder.detectAndDecodeMulti(images.bgr)
        corners = as_corners(points)
        read = [text or self._again(images.bgr, quad) for text, quad in zip(texts or (), corners, strict=True)]
        return self.Output(_codes(corners, read, "qr_code", "qrcode-detection"))

    def _again(self, bgr: Pixels, quad: Corners) -> str:
        """Decode one code from straight above and large enough: small and turned ones are often read only so."""
        flat = straightened(bgr, quad, _QUIET)
        scale = _SIDE / max(flat.shape)
        text, _, _ = self._second.detectAndDecode(cv2.resize(flat, None, fx=scale, fy=scale))
        return str(text)


class BarcodeDetector(Block):
    """Find bar codes of goods and read them: EAN-13, EAN-8, UPC-A and UPC-E.

    Each is a box of the class `barcode` around its four corners (`xyxyxyxy`), confidence 1, with the digits in
    `data`. What looks like a bar code but cannot be decoded is left out, other sorts of codes among it. Codes come
    line by line, from left to right.
    """

    type = "barcode_detector@v1"
    aliases = ("roboflow_core/barcode_detector@v1", "BarcodeDetector", "BarcodeDetection")

    class Output(NamedTuple):
        """The codes of one picture."""

        predictions: Annotated[Detections, KINDS["bar_code_detection"], Port("one box per code, the digits in `data`")]

    def __init__(self) -> None:
        self._finder = cv2.barcode.BarcodeDetector()

    def run(self, images: Picture) -> Output:
        """Find and decode."""
        _, texts, points, _ = self._finder.detectAndDecodeMulti(images.bgr)
        corners = as_corners(points)
        read = [i for i, text in enumerate(texts or ()) if text]
        return self.Output(_codes(corners[read], [texts[i] for i in read], "barcode", "barcode-detection"))


def _codes(corners: Corners, texts: Iterable[str], name: str, task: str) -> Detections:
    order = [i for line in reading_order(corners) for i in line]
    content: np.ndarray[Any, Any] = np.array(list(texts), str)[order]
    return found(corners[order], name, task, data=content.tolist())
