"""Zones that the picture itself shows: the outline of a court or a lane, where nobody drew it beforehand."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port
from cropflow.detections import put_together, take
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.transform.flattened import NOTHING, Part, mask_part
from cropflow_blocks.transform.simplify import Outline, corners_of, fitted, scaled

Whole = NDArray[np.int32]


class DynamicZone(Block):
    """Make a zone of every mask: a polygon with a given number of corners around its largest part.

    Corners are those of the convex hull that are left when it is simplified, counter-clockwise from the top. With
    `apply_least_squares`, sides are lines fitted to the outline, and corners lie where they meet. Zones are in pixels
    of the picture that the masks were found on, and may reach beyond it. A detection whose mask is empty has the zone
    of its box. Every zone has the number of corners asked for: where simplifying skips the number, the corners that
    matter least are left out, and a triangle that should have four has its last one twice; then it has not converged.
    """

    type = "dynamic_zone@v1"
    aliases = ("roboflow_core/dynamic_zone@v1", "DynamicZone")

    class Output(NamedTuple):
        """The zones."""

        zones: Annotated[list[Any], Port("the zone of every detection: a list of [x, y] in pixels")]
        predictions: Annotated[
            Detections, KindOf("predictions"), Port("the detections with the zone as mask and `polygon`; boxes stay")
        ]
        simplification_converged: Annotated[
            bool, Port("whether all zones came to the number of corners by simplifying; false if there are none")
        ]

    def run(
        self,
        predictions: Annotated[
            Detections, KINDS["instance_segmentation_prediction"], Port("masks of the objects that are to be zones")
        ],
        required_number_of_vertices: Annotated[Annotated[int, Field(ge=3)], Port("how many corners a zone has")],
        scale_ratio: Annotated[
            Annotated[float, Field(ge=0, le=1000)], Port("makes zones larger or smaller around their centre")
        ] = 1,
        apply_least_squares: Annotated[bool, Port("whether sides are fitted to the outline")] = False,
        midpoint_fraction: Annotated[
            ZeroToOne, Port("how much of the outline between two corners counts when a side is fitted")
        ] = 1,
    ) -> Output:
        """Make zones."""
        outlines = [_outline(predictions, i) for i in range(len(predictions))]
        chosen = [corners_of(outline, required_number_of_vertices) for outline in outlines]
        zones = []
        for outline, (places, _) in zip(outlines, chosen, strict=True):
            corners = outline[places].astype(float)
            if apply_least_squares:
                corners = fitted(outline, places, midpoint_fraction)
            zones.append(np.rint(scaled(corners, scale_ratio)).astype(np.int32))
        converged = bool(chosen) and all(simple for _, simple in chosen)
        return self.Output([zone.tolist() for zone in zones], _with_zones(predictions, zones), converged)


def _outline(found: Detections, i: int) -> Outline:
    """Return all pixels of the outline of the largest part of mask `i`, or the corners of its box."""
    part, left, top = NOTHING if found.mask is None else mask_part(found.mask, i)
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        x0, y0, x1, y1 = np.rint(found.xyxy[i]).astype(np.int32).tolist()
        return np.array([[x0, y0], [x0, y1], [x1, y1], [x1, y0]], np.int32)
    largest: Outline = np.asarray(max(outlines, key=cv2.contourArea), np.int32).reshape(-1, 2)
    return largest + np.array([left, top], np.int32)


def _with_zones(found: Detections, zones: list[Whole]) -> Detections:
    zoned = take(found, slice(None))
    count = len(zones[0]) if zones else 0
    zoned.data = {**found.data, "polygon": np.array(zones, np.int32).reshape(len(zones), count, 2)}
    if found.mask is not None:
        height, width = found.mask.shape[1:]
        zoned.mask = put_together((_filled(zone, height, width) for zone in zones), height, width)
    return zoned


def _filled(zone: Whole, height: int, width: int) -> Part:
    """Return the part of a zone that lies on the picture."""
    left, top = zone.min(axis=0).clip(0).tolist()
    right, bottom = np.minimum(zone.max(axis=0) + 1, [width, height]).tolist()
    if left >= right or top >= bottom:
        return NOTHING
    part = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(part, [zone - np.array([left, top], np.int32)], 1)
    return part.astype(bool), left, top
