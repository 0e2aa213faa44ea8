"""Slices of a picture, for models that lose small objects when a large picture is scaled down to their size."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from cropflow.block import Block, Group, Port
from cropflow.image import Image

Source = Annotated[Image, Port("the picture to slice", alias="images")]
Side = Annotated[int, Field(ge=1, le=1_000_000)]
Overlap = Annotated[float, Field(ge=0, lt=1)]
Width = Annotated[Side, Port("width of a slice in pixels")]
Height = Annotated[Side, Port("height of a slice in pixels")]
OverlapX = Annotated[Overlap, Port("share of a slice's width that the next one repeats")]
OverlapY = Annotated[Overlap, Port("share of a slice's height that the next one repeats")]

_MOST = 10_000
"""Slices of one picture; a slip in a size would otherwise fill the memory."""


class Slicer(Block):
    """What both versions share; it has no `run`."""

    class Output(NamedTuple):
        """One slice."""

        slices: Annotated[Image, Port("a part of the picture; nothing is copied")]

    def cut(self, image: Image, columns: list[int], rows: list[int], width: int, height: int) -> list[Output]:
        """Cut slices whose left and upper edges are given, row by row.

        Raises:
            ValueError: there are too many.
        """
        if len(rows) * len(columns) > _MOST:
            raise ValueError(
                f"slices of {width} × {height} pixels would be {len(rows) * len(columns):,} of a picture of "
                f"{image.width} × {image.height}, and at most {_MOST:,} are made; make them larger or overlap less"
            )
        places = [(left, top) for top in rows for left in columns]
        ids = [f"{image.id}/{self.step}/{i}" for i in range(len(places))]
        boxes = zip(places, ids, strict=True)
        slices = [image.crop(left, top, left + width, top + height, id=id) for (left, top), id in boxes]
        return [self.Output(part) for part in slices if part is not None]


class ImageSlicerV1(Slicer):
    """Cut a picture into overlapping slices, row by row.

    Slices at the right and lower border are as small as what is left. At most 10,000 are made of a picture. What is
    found on slices goes back to the picture with `detections_stitch`.
    """

    type = "image_slicer@v1"
    aliases = ("roboflow_core/image_slicer@v1",)

    def run(
        self,
        image: Source,
        slice_width: Width = 640,
        slice_height: Height = 640,
        overlap_ratio_width: OverlapX = 0.2,
        overlap_ratio_height: OverlapY = 0.2,
    ) -> Group[Slicer.Output]:
        """Slice."""
        columns = _starts(image.width, slice_width, overlap_ratio_width)
        rows = _starts(image.height, slice_height, overlap_ratio_height)
        return self.cut(image, columns, rows, slice_width, slice_height)


class ImageSlicerV2(Slicer):
    """Cut a picture into overlapping slices of the same size, row by row.

    Slices at the right and lower border are moved back onto the picture, so they overlap more; a picture smaller than a
    slice is one slice. At most 10,000 are made of a picture. What is found on slices goes back to the picture with
    `detections_stitch`.
    """

    type = "image_slicer@v2"
    aliases = ("roboflow_core/image_slicer@v2",)

    def run(
        self,
        image: Source,
        slice_width: Width = 640,
        slice_height: Height = 640,
        overlap_ratio_width: OverlapX = 0.2,
        overlap_ratio_height: OverlapY = 0.2,
    ) -> Group[Slicer.Output]:
        """Slice."""
        columns = _moved_back(_starts(image.width, slice_width, overlap_ratio_width), image.width, slice_width)
        rows = _moved_back(_starts(image.height, slice_height, overlap_ratio_height), image.height, slice_height)
        return self.cut(image, columns, rows, slice_width, slice_height)


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Return where slices begin along one side of a picture.

    >>> _starts(150, 64, 0.2)
    [0, 52, 104]
    """
    return list(range(0, length, side - int(side * overlap)))


def _moved_back(starts: list[int], length: int, side: int) -> list[int]:
    """Move the last slices back onto the picture; those that come to lie on others are left out.

    >>> _moved_back([0, 52, 104], 150, 64)
    [0, 52, 86]
    """
    last = max(length - side, 0)
    return list(dict.fromkeys(min(start, last) for start in starts))
