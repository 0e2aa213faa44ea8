"""Resizing, rotating and flipping: the steps that give pixels another place.

A resized picture knows its scale, so what is found on it leads back to the input. Rotations and flips are no offset and
scale; such a picture is a root of its own (`Image.warped`).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import Field

from cropflow.block import Block, Port, Setting
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.ports import Filtered, Picture

Task = Literal["resize", "rotate", "flip"]
Side = Annotated[int, Field(ge=1, le=16_384)]
FlipType = Literal["vertical", "horizontal", "both"]

_FLIPS = {"vertical": 0, "horizontal": 1, "both": -1}
_QUARTERS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


class ImagePreprocessing(Block):
    """Resize, rotate or flip a picture.

    Resizing goes to `width` × `height` pixels; where one of them is null, it follows from the other and the shape of
    the picture. Predictions made on a resized picture are given in coordinates of the input like those of a crop.

    A positive angle rotates counter-clockwise. Quarter turns are exact; at other angles the picture grows to hold all
    of the old one, and the corners are black. `vertical` swaps top and bottom, `horizontal` left and right.

    No way leads back from a rotated or flipped picture: predictions made on it stay in its own pixels, also where an
    output asks for coordinates of the input, and drawing them on the picture before the rotation is an error. Draw them
    on the rotated one.
    """

    type = "image_preprocessing@v1"
    aliases = ("roboflow_core/image_preprocessing@v1",)

    def run(
        self,
        image: Picture,
        task_type: Annotated[Setting[Task], Port("what to do")],
        width: Annotated[Side | None, Port("resize: new width in pixels; null keeps the shape")] = 640,
        height: Annotated[Side | None, Port("resize: new height in pixels; null keeps the shape")] = 640,
        rotation_degrees: Annotated[
            Annotated[int, Field(ge=-360, le=360)], Port("rotate: the angle, counter-clockwise; negative is clockwise")
        ] = 90,
        flip_type: Annotated[
            FlipType, Port("flip: vertical swaps top and bottom, horizontal left and right")
        ] = "vertical",
    ) -> Filtered:
        """Do it."""
        match task_type:
            case "resize":
                return Filtered(resized(image, width, height))
            case "rotate":
                return Filtered(rotated(image, rotation_degrees))
            case _:
                return Filtered(image.warped(cv2.flip(image.pixels, _FLIPS[flip_type])))


def resized(image: Image, width: int | None, height: int | None) -> Image:
    """Return the picture at another size, which knows its scale.

    Raises:
        ValueError: neither width nor height is given, or there would be too many pixels.
    """
    if width is None and height is None:
        raise ValueError("resize needs width, height or both; found null for both")
    wide = width or _following(image.width, height, image.height)
    high = height or _following(image.height, width, image.width)
    if max(wide, high) > 16_384:
        raise ValueError(f"resize to {wide}×{high} makes a side longer than 16384 pixels; give width and height")
    if (wide, high) == (image.width, image.height):
        return image
    return image.with_pixels(cv2.resize(image.pixels, (wide, high), interpolation=cv2.INTER_AREA))


def _following(side: int, given: int | None, other: int) -> int:
    return max(1, round(side * (given or 0) / other))


def rotated(image: Image, degrees: float) -> Image:
    """Return the picture rotated counter-clockwise, on a canvas that holds all of it."""
    turns = degrees / 90
    if turns % 4 == 0:
        return image
    if turns == round(turns):
        return image.warped(cv2.rotate(image.pixels, _QUARTERS[round(turns) % 4]))
    return image.warped(_turned(image.pixels, degrees))


def _turned(pixels: Pixels, degrees: float) -> Pixels:
    high, wide = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((wide - 1) / 2, (high - 1) / 2), degrees, 1.0)
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    new_wide, new_high = max(1, int(wide * cos + high * sin)), max(1, int(wide * sin + high * cos))
    matrix[:, 2] += (new_wide - wide) / 2, (new_high - high) / 2
    return np.asarray(cv2.warpAffine(pixels, matrix, (new_wide, new_high)), np.uint8)
