"""Crops of a fixed region: the same place of every picture, given in pixels or as a share of its size."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import ZeroToOne

Source = Annotated[Image, Port("the image to cut from", alias="image")]
Place = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
Length = Annotated[int, Field(gt=0, le=1_000_000_000)]


class StaticCrop(Block):
    """What both blocks share; it has no `run`."""

    class Output(NamedTuple):
        """The region of one image."""

        crops: Annotated[Image | None, Port("the region; missing where it has no area on the image")]

    def cut(self, image: Image, x_center: float, y_center: float, width: float, height: float) -> Output:
        """Cut out a region given in pixels; its id is that of the image and of the step."""
        left, top = round(x_center - width / 2), round(y_center - height / 2)
        id = f"{image.id}/{self.step}"
        return self.Output(image.crop(left, top, left + width, top + height, id=id))


class AbsoluteStaticCrop(StaticCrop):
    """Cut the same region out of every image, given by its centre and size in pixels.

    The left and upper edge are rounded to whole pixels, and the region is clipped to the image.
    """

    type = "absolute_static_crop@v1"
    aliases = ("roboflow_core/absolute_static_crop@v1", "AbsoluteStaticCrop")

    def run(
        self,
        images: Source,
        x_center: Annotated[Place, Port("centre of the region, in pixels from the left")],
        y_center: Annotated[Place, Port("centre of the region, in pixels from the top")],
        width: Annotated[Length, Port("width of the region in pixels")],
        height: Annotated[Length, Port("height of the region in pixels")],
    ) -> StaticCrop.Output:
        """Crop."""
        return self.cut(images, x_center, y_center, width, height)


class RelativeStaticCrop(StaticCrop):
    """Cut the same region out of every image, given by its centre and size as shares of the image's size.

    Half an image is 0.5, whatever its size. The left and upper edge are rounded to whole pixels, and the
    region is clipped to the image.
    """

    type = "relative_static_crop@v1"
    aliases = (
        "roboflow_core/relative_statoic_crop@v1",  # the spelling of existing documents
        "relative_statoic_crop@v1",
        "roboflow_core/relative_static_crop@v1",
        "RelativeStaticCrop",
    )

    def run(
        self,
        images: Source,
        x_center: Annotated[ZeroToOne, Port("centre of the region, from 0 (left) to 1 (right)")],
        y_center: Annotated[ZeroToOne, Port("centre of the region, from 0 (top) to 1 (bottom)")],
        width: Annotated[ZeroToOne, Port("width of the region as a share of the image's")],
        height: Annotated[ZeroToOne, Port("height of the region as a share of the image's")],
    ) -> StaticCrop.Output:
        """Crop."""
        wide, high = images.width, images.height
        return self.cut(images, x_center * wide, y_center * high, width * wide, height * high)
