"""Masks whose outline is pulled to the edges that the picture shows, where a model drew it a few pixels beside them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections, mask_to_xyxy
from supervision.detection.compact_mask import CompactMask

from cropflow.block import Block, KindOf, Port
from cropflow.detections import onto
from cropflow.kinds import KINDS
from cropflow_blocks.classical.ports import Picture, grey

Mask = NDArray[np.bool_]

_SQUARE = np.ones((3, 3), np.uint8)
_LOW, _HIGH = 20, 60  # gradients between which a Canny edge may go on, and from which one begins


class MaskEdgeSnap(Block):
    """Pull the outlines of masks to the edges of the picture.

    Edges are looked for in a band around the outlines. Every point of an outline moves to the nearest edge that is near
    enough; where there is none it stays. Boxes are those of the new masks; ids, classes and confidences stay, and a
    mask that finds no edge stays as it is. Masks found on a crop of the picture are moved to it.

    Raises:
        ValueError: there are detections, but they have no masks.
    """

    type = "mask_edge_snap@v1"
    aliases = ("roboflow_core/mask_edge_snap@v1",)

    class Output(NamedTuple):
        """The new masks, and what they were pulled to."""

        refined_segmentation: Annotated[Detections, KindOf("segmentation"), Port("the masks with better outlines")]
        edges: Annotated[
            Detections,
            KINDS["instance_segmentation_prediction"],
            Port("all edges that were found, as one mask of class `edges`; empty where there are none"),
        ]

    def run(
        self,
        image: Picture,
        segmentation: Annotated[
            Detections,
            KINDS["instance_segmentation_prediction"],
            KINDS["rle_instance_segmentation_prediction"],
            Port("the masks"),
        ],
        pixel_tolerance: Annotated[
            Annotated[int, Field(ge=1, le=100)], Port("how far a point of an outline may move, in pixels")
        ] = 15,
        sigma: Annotated[
            Annotated[float, Field(ge=0.01, le=10)], Port("blur before edges are looked for; more ignores fine texture")
        ] = 1.0,
        min_contour_area: Annotated[
            Annotated[float, Field(ge=0, le=10_000)], Port("smaller pieces of edges are ignored; in pixels, grown")
        ] = 50.0,
        dilation_iterations: Annotated[
            Annotated[int, Field(ge=0, le=50)], Port("by how many pixels pieces of edges grow to be joined")
        ] = 2,
        boundary_band_width: Annotated[
            Annotated[int, Field(ge=1, le=500)], Port("how far from an outline edges are looked for, in pixels")
        ] = 15,
        adaptive_window_size: Annotated[
            Annotated[int, Field(ge=3, le=999)], Port("an edge must be stronger than the mean of a square of this side")
        ] = 41,
    ) -> Output:
        """Pull."""
        found = onto(segmentation, image.origin)
        masks = _masks(found)
        levels = np.asarray(cv2.GaussianBlur(grey(image), (0, 0), sigma), np.uint8)
        strong = _edges(levels, adaptive_window_size) & _band(masks, levels.shape, boundary_band_width)
        edges = _long_pieces(strong, dilation_iterations, min_contour_area)
        pulled = [_pulled(mask, edges, pixel_tolerance) for mask in masks]
        return self.Output(_with_masks(found, pulled), _as_detection(edges))


def _masks(detections: Detections) -> list[Mask]:
    if len(detections) and detections.mask is None:
        raise ValueError("segmentation has no masks; give the predictions of an instance segmentation model")
    return [np.asarray(detections.mask[i], np.bool_) for i in range(len(detections))]


def _edges(levels: NDArray[Any], window: int) -> Mask:
    """Return thin edges that are stronger than what lies around them."""
    across, down = cv2.Sobel(levels, cv2.CV_16S, 1, 0), cv2.Sobel(levels, cv2.CV_16S, 0, 1)
    strength = np.hypot(across.astype(np.float32), down.astype(np.float32))
    around = np.asarray(cv2.blur(strength, (window, window)))
    return (np.asarray(cv2.Canny(across, down, _LOW, _HIGH)) > 0) & (strength > around)


def _band(masks: Sequence[Mask], shape: tuple[int, ...], width: int) -> Mask:
    """Return the pixels near the outline of any mask."""
    outlines = np.zeros(shape, np.uint8)
    for mask in masks:
        cv2.drawContours(outlines, _outlines(mask), -1, 1)
    distance = cv2.distanceTransform(1 - outlines, cv2.DIST_L2, 5)
    return np.asarray(distance <= width) & outlines.any()


def _outlines(mask: Mask) -> list[NDArray[Any]]:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(contour) for contour in contours]


def _long_pieces(edges: Mask, grown: int, least: float) -> Mask:
    joined = cv2.dilate(edges.astype(np.uint8), _SQUARE, iterations=grown)
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    kept = np.zeros(edges.shape, np.uint8)
    cv2.drawContours(kept, [c for c in contours if cv2.contourArea(c) >= least], -1, 1, cv2.FILLED)
    return edges & (kept > 0)


def _pulled(mask: Mask, edges: Mask, tolerance: int) -> Mask:
    """Return the mask with every point of its outlines on the nearest edge, if that is near enough."""
    if not edges.any():
        return mask
    distance, labels = cv2.distanceTransformWithLabels(
        (~edges).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.zeros((int(labels.max()) + 1, 2), np.int32)
    y, x = np.nonzero(edges)
    places[labels[y, x]] = np.stack((x, y), axis=1)
    moved = []
    for outline in _outlines(mask):
        points = outline[:, 0]
        column, row = points.T
        near = distance[row, column] <= tolerance
        moved.append(np.where(near[:, None], places[labels[row, column]], points).astype(np.int32))
    filled = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(filled, moved, 1)
    return filled > 0 if filled.any() else mask


def _with_masks(detections: Detections, masks: Sequence[Mask]) -> Detections:
    changed = copy.copy(detections)
    changed.data = {key: value for key, value in detections.data.items() if key not in ("polygon", "rle_mask")}
    if masks:
        changed.mask = CompactMask.merge([_compact(mask) for mask in masks])
        changed.xyxy = np.array(
            [_box(mask) if mask.any() else old for mask, old in zip(masks, detections.xyxy, strict=True)], np.float32
        )
    return changed


def _compact(mask: Mask) -> CompactMask:
    return CompactMask.from_dense(mask[None], mask_to_xyxy(mask[None]), (mask.shape[0], mask.shape[1]))


def _box(mask: Mask) -> NDArray[Any]:
    return np.asarray(mask_to_xyxy(mask[None])[0] + (0, 0, 1, 1), np.float32)


def _as_detection(edges: Mask) -> Detections:
    count = int(edges.any())
    return Detections(
        xyxy=np.array([_box(edges)] if count else [], np.float32).reshape(-1, 4),
        mask=edges[None][:count],
        confidence=np.ones(count, np.float32),
        class_id=np.zeros(count, np.int64),
        data={"class_name": np.full(count, "edges")},
    )
