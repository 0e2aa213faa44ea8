"""Filters with one parameter or two: grey, blurred, black and white."""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.ports import Filtered, Picture, grey, plain

KernelSize = Annotated[int, Field(ge=1, le=999)]
Level = Annotated[int, Field(ge=0, le=255)]
BlurType = Literal["average", "gaussian", "median", "bilateral"]
ThresholdType = Literal[
    "binary", "binary_inv", "trunc", "tozero", "tozero_inv", "adaptive_mean", "adaptive_gaussian", "otsu"
]

_MEDIAN_MOST, _BILATERAL_MOST = 255, 99  # OpenCV's own limit, and what still takes seconds rather than hours
_THRESHOLDS = {
    "binary": cv2.THRESH_BINARY,
    "binary_inv": cv2.THRESH_BINARY_INV,
    "trunc": cv2.THRESH_TRUNC,
    "tozero": cv2.THRESH_TOZERO,
    "tozero_inv": cv2.THRESH_TOZERO_INV,
}
_ADAPTIVE = {"adaptive_mean": cv2.ADAPTIVE_THRESH_MEAN_C, "adaptive_gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C}
_NEIGHBOURHOOD, _BELOW_MEAN = 11, 2


class ConvertGrayscale(Block):
    """Turn a colour picture into a grey one, with a single channel.

    A grey picture passes through; transparency is dropped.
    """

    type = "convert_grayscale@v1"
    aliases = ("roboflow_core/convert_grayscale@v1",)

    def run(self, image: Picture) -> Filtered:
        """Convert."""
        return Filtered(image.with_pixels(grey(image)))


class ImageBlur(Block):
    """Blur a picture.

    `gaussian` and `median` take odd sizes; an even one counts as the next odd one. `median` removes specks, `bilateral`
    keeps edges sharp and is slow. Grey pictures stay grey; transparency is dropped.
    """

    type = "image_blur@v1"
    aliases = ("roboflow_core/image_blur@v1",)

    def run(
        self,
        image: Picture,
        blur_type: Annotated[BlurType, Port("how to blur")] = "gaussian",
        kernel_size: Annotated[
            KernelSize,
            Port("pixels that are mixed, across; 1 changes nothing; median takes at most 255, bilateral 99"),
        ] = 5,
    ) -> Filtered:
        """Blur."""
        return Filtered(image.with_pixels(_blurred(plain(image), blur_type, kernel_size)))


def _blurred(pixels: Pixels, blur_type: str, size: int) -> Pixels:
    most = {"median": _MEDIAN_MOST, "bilateral": _BILATERAL_MOST}.get(blur_type, size)
    if size > most:
        raise ValueError(f"kernel_size of {blur_type} blur is at most {most}, found {size}; use gaussian or average")
    odd = size | 1
    match blur_type:
        case "average":
            return cv2.blur(pixels, (size, size))  # type: ignore[return-value]
        case "gaussian":
            return cv2.GaussianBlur(pixels, (odd, odd), 0)  # type: ignore[return-value]
        case "median":
            return cv2.medianBlur(pixels, odd)  # type: ignore[return-value]
    return cv2.bilateralFilter(pixels, size, 75, 75)  # type: ignore[return-value]


class Threshold(Block):
    """Make pixels black or white by their brightness, or cut their values off at a limit.

    `binary` gives `max_value` above `thresh_value` and 0 elsewhere, `binary_inv` the opposite; `trunc` cuts values
    above it down to it; `tozero` makes values up to it 0, `tozero_inv` those above. These five take each channel of a
    colour picture by itself. `otsu` finds the limit by itself; `adaptive_mean` and `adaptive_gaussian` compare a pixel
    with its 11×11 neighbourhood; these three do not use `thresh_value` and always give a grey picture. Transparency is
    dropped.
    """

    type = "threshold@v1"
    aliases = ("roboflow_core/threshold@v1",)

    def run(
        self,
        image: Picture,
        thresh_value: Annotated[Level, Port("the limit, from 0 to 255; otsu and the adaptive types find their own")],
        threshold_type: Annotated[ThresholdType, Port("what becomes of a pixel")] = "binary",
        max_value: Annotated[Level, Port("value of a pixel that passes, from 0 to 255")] = 255,
    ) -> Filtered:
        """Apply the threshold."""
        if threshold_type in _ADAPTIVE:
            method = _ADAPTIVE[threshold_type]
            made = cv2.adaptiveThreshold(grey(image), max_value, method, cv2.THRESH_BINARY, _NEIGHBOURHOOD, _BELOW_MEAN)
        elif threshold_type == "otsu":
            _, made = cv2.threshold(grey(image), 0, max_value, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        else:
            _, made = cv2.threshold(plain(image), thresh_value, max_value, _THRESHOLDS[threshold_type])
        return Filtered(image.with_pixels(made))
