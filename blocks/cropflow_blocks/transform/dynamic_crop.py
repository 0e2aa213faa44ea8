"""The crop around every detection, the step that turns one picture into many.

Nothing is copied: crops are views, and the prediction of a crop is made only if somebody reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from supervision import Detections

from cropflow.block import Block, Columns, Group, KindOf, Port
from cropflow.detections import CropPredictions, onto, stamp
from cropflow.image import Image
from cropflow.kinds import BLACK, Color, ZeroToOne
from cropflow_blocks.transform.background import cover_background
from cropflow_blocks.transform.boxes import Padding, Pixels, grow
from cropflow_blocks.transform.chosen import Count, chosen


class DynamicCrop(Block):
    """Cut every detection's box out of its image, one crop per detection.

    Boxes are rounded to whole pixels and clipped to the image. Crop i belongs to box i and has its
    `detection_id` as id; where a box has no area on the image, or `class_filter`, `min_size` or `max_crops` leave it
    out, crop and prediction are missing. Crops can be cut out of crops. Predictions that were made on another cut of
    the same input picture are moved to the image first.
    """

    type = "dynamic_crop@v1"
    aliases = ("roboflow_core/dynamic_crop@v1", "DynamicCrop", "Crop")

    class Output(NamedTuple):
        """One crop."""

        crops: Annotated[Image | None, Port("the crop; missing where its box has no area on the image")]
        predictions: Annotated[
            Detections | None, KindOf("predictions"), Port("the box of the crop, in pixels of the crop")
        ]

    def run(
        self,
        images: Annotated[Image, Port("the image to cut from", alias="image")],
        predictions: Annotated[Detections, Port("one box per crop", alias="detections")],
        mask_opacity: Annotated[
            ZeroToOne, Port("what lies outside of a mask: 0 keeps it, 1 replaces it; no effect without masks")
        ] = 0.0,
        background_color: Annotated[Color, Port("colour put in place of the background")] = BLACK,
        padding: Annotated[
            Padding, Port('room on each side of a box: pixels, or a share of the box such as "10%"')
        ] = 0,
        square: Annotated[
            bool, Port("make boxes square around their centre, before the padding; moved to lie on the image")
        ] = False,
        class_filter: Annotated[list[str] | None, Port("classes to cut out; all where it is left out")] = None,
        min_size: Annotated[
            Pixels, Port("least width and height of a box on the image, in pixels and before the padding")
        ] = 0,
        max_crops: Annotated[
            Count | None, Port("how many boxes of an image to cut out at most: the surest ones")
        ] = None,
    ) -> Group[Output]:
        """Crop."""
        found = onto(predictions, images.origin)
        if "detection_id" not in found.data:
            found = stamp(found, images.origin, self.step)
        boxes = grow(found.xyxy, images.width, images.height, padding, square) if padding or square else found.xyxy
        ids = np.asarray(found.data["detection_id"]).tolist()  # supervision allows plain lists too
        crops: Sequence[Image | None] = images.crops(boxes, ids)
        if class_filter is not None or min_size or max_crops is not None:
            wanted = chosen(found, images.width, images.height, class_filter, min_size, max_crops)
            crops = [crop if keep else None for crop, keep in zip(crops, wanted.tolist(), strict=True)]
        if mask_opacity > 0 and found.mask is not None:
            crops = cover_background(crops, found.mask, mask_opacity, background_color)
        return Columns(self.Output, crops=crops, predictions=CropPredictions(found, crops))
