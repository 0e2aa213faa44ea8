"""Contrast: spreading the brightness of a picture over the whole range from 0 to 255."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port, Setting
from cropflow.image.decode import Pixels
from cropflow_blocks.classical.ports import Filtered, Picture, plain

EqualizationType = Literal["Contrast Stretching", "Histogram Equalization", "Adaptive Equalization"]

_GAMMA = 1 / 1.3
_MIDDLE = 128
_TILES = (8, 8)
_CLIP = 0.03 * 256  # 3 % of a tile's pixels may have one value
_HAIR = 1e-6  # so that a whole 128 that came out as 127.999… is not cut to 127


class ContrastEqualization(Block):
    """Raise the contrast of a picture by the values its pixels have.

    `Contrast Stretching` puts the darkest 2 % of the values to 0 and the brightest 2 % to 255, `Histogram Equalization`
    makes all values about equally frequent; both treat the three channels alike. `Adaptive Equalization` (CLAHE, on the
    brightness alone) does so in each of 8×8 parts of the picture. A picture of one colour stays as it is. Grey pictures
    stay grey; transparency is dropped.
    """

    type = "contrast_equalization@v1"
    aliases = ("roboflow_core/contrast_equalization@v1",)

    def run(
        self,
        image: Picture,
        equalization_type: Annotated[EqualizationType, Port("how to spread the values")] = "Histogram Equalization",
    ) -> Filtered:
        """Equalise."""
        pixels = plain(image)
        low, high = int(pixels.min()), int(pixels.max())
        if low == high:
            return Filtered(image.with_pixels(pixels))
        match equalization_type:
            case "Contrast Stretching":
                made = _stretched(pixels)
            case "Histogram Equalization":
                made = _equalized(pixels, low, high)
            case _:
                made = _adapted(pixels)
        return Filtered(image.with_pixels(made))


def _stretched(pixels: Pixels) -> Pixels:
    low, high = np.percentile(pixels, (2, 98))
    if low == high:
        return pixels
    return _looked_up(pixels, np.clip((np.arange(256) - low) / (high - low), 0, 1) * 255)


def _equalized(pixels: Pixels, low: int, high: int) -> Pixels:
    levels = np.arange(256)
    counts = np.bincount(pixels.ravel(), minlength=256)
    shares, edges = np.histogram(levels, 256, (low, high), weights=counts)
    return _looked_up(pixels, np.interp(levels, (edges[:-1] + edges[1:]) / 2, shares.cumsum() / pixels.size) * 255)


def _looked_up(pixels: Pixels, values: NDArray[Any]) -> Pixels:
    """Replace each value by that of a table, cut to whole numbers as existing workflows cut them."""
    table = (values + _HAIR).astype(np.uint8)
    return table[pixels]


def _adapted(pixels: Pixels) -> Pixels:
    equalizer = cv2.createCLAHE(_CLIP, _TILES)
    if pixels.ndim == 2:
        return np.asarray(equalizer.apply(pixels), np.uint8)
    parts = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    parts[:, :, 2] = equalizer.apply(parts[:, :, 2])
    return np.asarray(cv2.cvtColor(parts, cv2.COLOR_HSV2BGR), np.uint8)


class ContrastEnhancement(Block):
    """Stretch each channel of a picture to the whole range, then raise or lower its contrast.

    Every channel is stretched by itself, so a colour cast disappears. A channel of one value stays as it is. Grey
    pictures stay grey; transparency is dropped.
    """

    type = "contrast_enhancement@v1"
    aliases = ("roboflow_core/contrast_enhancement@v1",)

    def run(
        self,
        image: Picture,
        clip_limit: Annotated[
            Setting[Annotated[int, Field(ge=0, le=50)]],
            Port("percent of the darkest values, and of the brightest, that stretching gives up"),
        ] = 0,
        contrast_multiplier: Annotated[
            Setting[Annotated[float, Field(ge=0.1, le=5.0)]],
            Port("distance from the middle (128) after stretching: above 1 more contrast, below 1 less"),
        ] = 1.0,
        normalize_brightness: Annotated[Setting[bool], Port("brighten the dark parts last (gamma 1.3)")] = False,
    ) -> Filtered:
        """Enhance."""
        pixels = plain(image)
        channels = [pixels] if pixels.ndim == 2 else list(cv2.split(pixels))
        made = [_enhanced(np.asarray(c), clip_limit, contrast_multiplier, normalize_brightness) for c in channels]
        return Filtered(image.with_pixels(made[0] if len(made) == 1 else cv2.merge(made)))


def _enhanced(channel: NDArray[Any], clip: int, multiplier: float, brighten: bool) -> NDArray[Any]:
    low, high = np.percentile(channel, (clip, 100 - clip))
    if low == high:
        return channel
    values = np.clip((np.arange(256) - low) / (high - low), 0, 1) * 255
    values = np.clip((values - _MIDDLE) * multiplier + _MIDDLE, 0, 255)
    if brighten:
        values = 255 * (values / 255) ** _GAMMA
    return _looked_up(channel, values)
