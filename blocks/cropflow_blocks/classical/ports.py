"""What the classical blocks share: the picture that comes in, the one that goes out, and its pixels without extras."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import cv2
import numpy as np

from cropflow.block import Port
from cropflow.image import Image
from cropflow.image.decode import Pixels

Picture = Annotated[Image, Port("the picture", alias="images")]


class Filtered(NamedTuple):
    """The picture after the step."""

    image: Annotated[Image, Port("the picture after this step, under the same id")]


def plain(image: Image) -> Pixels:
    """Return h×w pixels of a grey picture, h×w×3 BGR of any other; transparency is dropped."""
    return image.pixels if image.pixels.ndim == 2 else image.bgr


def grey(image: Image) -> Pixels:
    """Return h×w brightness, as the eye sees it: 0.3 red, 0.59 green, 0.11 blue."""
    pixels = image.pixels
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(image.bgr, cv2.COLOR_BGR2GRAY), np.uint8)
