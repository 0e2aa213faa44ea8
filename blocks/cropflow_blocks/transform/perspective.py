"""A flat surface that was seen at an angle as if seen from above: a road, a field, a table, a sheet of paper."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import cv2
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections, Position

from cropflow.block import Block, KindOf, Port
from cropflow.detections import onto
from cropflow.image import Image
from cropflow.image.origin import Origin
from cropflow.kinds import KINDS
from cropflow_blocks.anchors import AnyAnchor
from cropflow_blocks.transform.flattened import flattened
from cropflow_blocks.transform.plane import Plane, four_corners

Side = Annotated[int, Field(ge=1, le=1_000_000)]
Anchor: TypeAlias = Literal["", "ALL", AnyAnchor]
_LONGEST = 32_000  # OpenCV warps no longer sides


class PerspectiveCorrection(Block):
    """Show a flat surface, and what was found on it, as seen from above.

    The surface shows on the picture as four corners, in any order. They become a rectangle of the given size, so that
    distances in the rectangle are those on the surface. Boxes are those around the moved corners of each box, or around
    its moved mask; masks and points are moved too, ids stay; turned rectangles (`rect`) are left out, as they are none
    any more. What lies beside the surface lies beside the rectangle; what lies beyond its horizon, very far away.
    The rectangle can be extended, at the same scale, to show a point of every box.
    Coordinates and picture belong to the rectangle and are not moved back to the input picture. Where the list of
    polygons is empty, all outputs are missing.

    Raises:
        ValueError: the zone has not four outer corners, there are several, or the picture would be too large.
    """

    type = "perspective_correction@v1"
    aliases = ("roboflow_core/perspective_correction@v1", "PerspectiveCorrection")

    class Output(NamedTuple):
        """What is seen from above."""

        corrected_coordinates: Annotated[
            Detections | None,
            KindOf("predictions"),
            Port("the predictions in the rectangle; missing if left out"),
        ]
        warped_image: Annotated[Image | None, Port("the rectangle as a picture; the picture itself without warp_image")]
        extended_transformed_rect_width: Annotated[int | None, Port("width of the rectangle, extended or not")]
        extended_transformed_rect_height: Annotated[int | None, Port("height of the rectangle, extended or not")]

    def run(
        self,
        images: Annotated[Image, Port("the picture that shows the surface", alias="image")],
        perspective_polygons: Annotated[
            list[Any],
            KINDS["list_of_values"],
            KINDS["zone"],
            Port("the four corners of the surface: [[x, y], …] in pixels, or a list of one such polygon"),
        ],
        predictions: Annotated[Detections | None, Port("what was found on the picture")] = None,
        transformed_rect_width: Annotated[Side, Port("width of the rectangle")] = 1000,
        transformed_rect_height: Annotated[Side, Port("height of the rectangle")] = 1000,
        extend_perspective_polygon_by_detections_anchor: Annotated[
            Anchor, Port("extend the rectangle by this point of every box, or by all its corners; not where empty")
        ] = "",
        warp_image: Annotated[bool, Port("whether to make the picture of the rectangle")] = False,
    ) -> Output:
        """Correct."""
        corners = four_corners(perspective_polygons, "perspective_polygons")
        if corners is None:
            return self.Output(None, None, None, None)
        plane = Plane.of(corners, transformed_rect_width, transformed_rect_height)
        found = None if predictions is None else onto(predictions, images.origin)
        if found is not None and extend_perspective_polygon_by_detections_anchor:
            plane = plane.extended(_anchors(found, extend_perspective_polygon_by_detections_anchor))
        origin = Origin(images.id, plane.width, plane.height, warped_from=images.origin)
        return self.Output(
            None if found is None else flattened(found, plane, origin),
            _warped(images, plane) if warp_image else images,
            plane.width,
            plane.height,
        )


def _anchors(found: Detections, anchor: str) -> NDArray[Any]:
    points: NDArray[Any]
    if anchor == "ALL":
        points = found.xyxy[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    else:
        points = found.get_anchors_coordinates(Position(anchor))
    return points.reshape(-1, 2)


def _warped(image: Image, plane: Plane) -> Image:
    if max(plane.width, plane.height) > _LONGEST:
        raise ValueError(
            f"the corrected picture would be {plane.width}×{plane.height} pixels, and no side may be longer than "
            f"{_LONGEST}; make the rectangle smaller, or extend it by boxes nearer to the surface only"
        )
    return image.warped(cv2.warpPerspective(image.pixels, plane.matrix, (plane.width, plane.height)))
