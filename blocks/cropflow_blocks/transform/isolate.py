"""Objects without their surroundings: each on a plain or transparent background, cut out or in its place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from cropflow.block import Block, Columns, Group, KindOf, Port
from cropflow.detections import CropPredictions, Masks, mask_inside, onto, stamp
from cropflow.image import Image
from cropflow.kinds import BLACK, KINDS, Color

Box: TypeAlias = tuple[int, int, int, int]
Background: TypeAlias = Literal["color", "transparent", "original"]
_OPAQUE = 255


class Isolate(Block):
    """Give every object of a segmentation a picture of its own, without its surroundings.

    Edges of boxes are cut down to whole pixels, and an object is all that its outline encloses, holes too, its parts
    joined by a thin line, as in Ultralytics' guide on isolating objects (`dynamic_crop` rounds, and keeps holes). A
    transparent picture has four
    channels, with the surroundings still in the other three; save it as PNG. Full-size pictures cost a frame for each
    object; those cut to the box cost their box. Picture i belongs to object i and has its `detection_id` as id; it is
    missing where the box has no area on the image.

    Raises:
        ValueError: the masks are not of the size of the image.
    """

    type = "isolate@v1"

    class Output(NamedTuple):
        """One object."""

        crops: Annotated[Image | None, Port("the object; missing where its box has no area on the image")]
        predictions: Annotated[
            Detections | None, KindOf("predictions"), Port("the object, in pixels of its own picture")
        ]

    def run(
        self,
        images: Annotated[Image, Port("the image the objects are on", alias="image")],
        predictions: Annotated[
            Detections,
            KINDS["instance_segmentation_prediction"],
            KINDS["rle_instance_segmentation_prediction"],
            Port("objects with masks", alias="detections"),
        ],
        background: Annotated[
            Background, Port("what takes the place of the surroundings: one colour, nothing, or the picture as it is")
        ] = "color",
        background_color: Annotated[Color, Port("the colour, where the background is one")] = BLACK,
        size: Annotated[Literal["box", "full"], Port("cut to the box, or the size of the image")] = "box",
    ) -> Group[Output]:
        """Isolate."""
        found = onto(predictions, images.origin)
        if "detection_id" not in found.data:
            found = stamp(found, images.origin, self.step)
        whole = np.tile([0, 0, images.width, images.height], (len(found), 1))
        ids = np.asarray(found.data["detection_id"]).tolist()
        cut = images.crops(np.trunc(found.xyxy), ids)
        places = cut if size == "box" else images.crops(whole, ids)
        crops: Sequence[Image | None] = [place if box else None for place, box in zip(places, cut, strict=True)]
        if background != "original" and len(found):
            masks = _checked(found.mask, images)
            color = background_color if background == "color" else None
            crops = [crop and _isolated(crop, masks, i, color) for i, crop in enumerate(crops)]
        return Columns(self.Output, crops=crops, predictions=CropPredictions(found, crops))


def _isolated(place: Image, masks: Masks, i: int, color: tuple[int, int, int] | None) -> Image:
    """Return a picture of the same identity with object `i` alone on a colour, or on nothing."""
    offset = place.origin.to_parent
    left, top = round(offset.offset_x), round(offset.offset_y)
    outlined, (x, y) = _filled(masks, i)
    x, y = x - left, y - top  # where the filled outline lies in the picture; it may reach over the edges
    over = (slice(max(-y, 0), max(place.height - y, 0)), slice(max(-x, 0), max(place.width - x, 0)))
    inside = outlined[over]
    here = (slice(max(y, 0), max(y, 0) + inside.shape[0]), slice(max(x, 0), max(x, 0) + inside.shape[1]))
    if color is None:
        alpha = np.zeros((place.height, place.width), np.uint8)
        alpha[here] = inside * np.uint8(_OPAQUE)
        return place.with_pixels(np.dstack([place.bgr, alpha]))
    pixels = np.zeros((place.height, place.width, 3), np.uint8)
    if any(color):
        pixels[:] = color[::-1]
    np.copyto(pixels[here], place.bgr[here], where=inside[..., None])
    return place.with_pixels(pixels)


def _filled(masks: Masks, i: int) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """Return what the outline of mask `i` encloses, within its bounds, and where these begin: x, y."""
    left, top, right, bottom = _bounds(masks, i)
    inside = mask_inside(masks, i, left, top, right - left, bottom - top).astype(np.uint8)
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros_like(inside), outlines, -1, 1, cv2.FILLED)
    for one, next_one in pairwise(outlines):
        cv2.line(filled, *_nearest(one[:, 0], next_one[:, 0]), 1)
    return filled.astype(bool), (left, top)


def _nearest(one: NDArray[Any], other: NDArray[Any]) -> tuple[list[int], list[int]]:
    """Return the two points of two outlines that are nearest to each other."""
    apart = ((one[:, None] - other[None]) ** 2).sum(2)
    first, second = np.unravel_index(apart.argmin(), apart.shape)
    return one[first].tolist(), other[second].tolist()


def _bounds(masks: Masks, i: int) -> Box:
    """Return the least box of whole pixels, end exclusive, that holds a mask; (0, 0, 1, 1) for an empty one."""
    if not isinstance(masks, np.ndarray):
        left, top, right, bottom = masks.bbox_xyxy[i].tolist()
        return left, top, right + 1, bottom + 1
    rows, columns = np.flatnonzero(masks[i].any(1)), np.flatnonzero(masks[i].any(0))
    if not len(rows):
        return 0, 0, 1, 1
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _checked(masks: Masks | None, image: Image) -> Masks:
    assert masks is not None  # the kind of the port asks for them
    if tuple(masks.shape[1:]) != (image.height, image.width):
        raise ValueError(
            f"the masks are {masks.shape[2]}×{masks.shape[1]} pixels but image {image.id!r} is "
            f"{image.width}×{image.height}; give the predictions that were made on this image"
        )
    return masks
