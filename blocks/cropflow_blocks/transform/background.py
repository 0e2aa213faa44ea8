"""Covering what lies around an object: what is outside of the mask is blended with a colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cropflow.detections import Masks, mask_inside
from cropflow.image import Image

Inside = NDArray[np.bool_]


def cover_background(
    crops: Sequence[Image | None], masks: Masks, opacity: float, color: tuple[int, int, int]
) -> list[Image | None]:
    """Return the crops with their background covered, as BGR pictures with the same identity.

    Args:
        crops: one per mask, `None` where there is no crop.
        masks: n × height × width over the image that the crops were cut from.
        opacity: 0 keeps the background, 1 replaces it.
        color: red, green, blue from 0 to 255.

    Raises:
        ValueError: the masks do not have the size of that image.
    """
    return [
        None if crop is None else _covered(crop, _inside(crop, masks, i), opacity, color)
        for i, crop in enumerate(crops)
    ]


def _inside(crop: Image, masks: Masks, i: int) -> Inside:
    """Return mask `i` over the crop alone; the full frame is never decoded."""
    _check_size(crop, masks)
    place = crop.origin.to_parent
    left, top = round(place.offset_x), round(place.offset_y)
    return mask_inside(masks, i, left, top, crop.width, crop.height)


def _check_size(crop: Image, masks: Masks) -> None:
    image = crop.origin.parent
    if image is not None and tuple(masks.shape[1:]) != (image.height, image.width):
        raise ValueError(
            f"the masks are {masks.shape[2]}×{masks.shape[1]} pixels but image {image.id!r} is "
            f"{image.width}×{image.height}; give the predictions that were made on this image"
        )


def _covered(crop: Image, inside: Inside, opacity: float, color: tuple[int, int, int]) -> Image:
    pixels = crop.bgr.copy()
    background = pixels[~inside]
    blended = background * (1 - opacity) + np.array(color[::-1]) * opacity
    pixels[~inside] = np.rint(blended).astype(np.uint8)
    return crop.with_pixels(pixels)
