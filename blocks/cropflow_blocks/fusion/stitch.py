"""The end of slicing: what was found on slices goes back to the picture, and what was found twice becomes one."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from supervision import Detections

from cropflow.block import Block, Group, KindOf, Port
from cropflow.detections import onto
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow_blocks.fusion.joining import join


class DetectionsStitch(Block):
    """Bring what was found on slices or crops of a picture back to the picture.

    Boxes, masks and points are moved to the pixels of the picture. Where slices overlap, an object is found twice:
    `nms` keeps the surest of overlapping boxes of one class, `nmm` merges them into one, `none` keeps all.
    """

    type = "detections_stitch@v1"
    aliases = ("roboflow_core/detections_stitch@v1",)

    class Output(NamedTuple):
        """All that was found on the picture."""

        predictions: Annotated[Detections, KindOf("predictions"), Port("in the pixels of the picture")]

    def run(
        self,
        reference_image: Annotated[Image, Port("the picture that the slices were cut from")],
        predictions: Annotated[Group[Detections], Port("what was found on each slice")],
        overlap_filtering_strategy: Annotated[
            Literal["none", "nms", "nmm"], Port("what to do about boxes that were found twice")
        ] = "nms",
        iou_threshold: Annotated[
            ZeroToOne, Port("overlap from which boxes are the same, as intersection over union")
        ] = 0.3,
    ) -> Output:
        """Stitch."""
        origin = reference_image.origin
        found = join([onto(part, origin) for part in predictions], origin)
        if len(found) > 1 and found.confidence is not None:
            if overlap_filtering_strategy == "nms":
                found = found.with_nms(threshold=iou_threshold)
            elif overlap_filtering_strategy == "nmm":
                found = found.with_nmm(threshold=iou_threshold)
        return self.Output(found)
