"""Changes to boxes that need no query: more room around them, a threshold for each class, the smallest turned box."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting
from cropflow.detections import take
from cropflow.detections.masks import Inside, put_together
from cropflow.image.origin import Origin
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.transform.outlines import Rectangle, outline, rectangle

Size = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Adjusted(NamedTuple):
    """The changed predictions."""

    predictions: Annotated[Detections, KindOf("predictions"), Port("the predictions after the change")]


class DetectionOffset(Block):
    """Make boxes wider and higher, half of it on each side; boxes stay on the picture.

    In percent, it is a share of the width and height of each box. Boxes keep their ids, so that crops of them are still
    crops of the detections; masks and points stay.
    """

    type = "detection_offset@v1"
    aliases = ("roboflow_core/detection_offset@v1", "DetectionOffset")

    def run(
        self,
        predictions: Annotated[Detections, Port("the boxes to enlarge")],
        offset_width: Annotated[
            Size, Port("how much wider boxes become; negative makes them slimmer", alias="offset_x")
        ],
        offset_height: Annotated[Size, Port("how much higher boxes become", alias="offset_y")],
        units: Annotated[Setting[Literal["Pixels", "Percent (%)"]], Port("what the numbers are")] = "Pixels",
    ) -> Adjusted:
        """Enlarge."""
        grown = take(predictions, slice(None))
        box = predictions.xyxy
        more = np.array([offset_width, offset_height], float)
        if units == "Percent (%)":
            more = (box[:, 2:] - box[:, :2]) * more / 100
        half = np.trunc(more / 2)
        xyxy = np.hstack((box[:, :2] - half, box[:, 2:] + half))
        xyxy[:, 2:] = np.maximum(xyxy[:, 2:], xyxy[:, :2])
        grown.xyxy = _on(xyxy, predictions.metadata.get("origin")).astype(np.result_type(box.dtype, np.float32))
        return Adjusted(grown)


def _on(xyxy: NDArray[Any], origin: Origin | None) -> NDArray[Any]:
    return xyxy if origin is None else xyxy.clip(0, [origin.width, origin.height, origin.width, origin.height])


class PerClassConfidenceFilter(Block):
    """Keep the boxes that reach the threshold of their class."""

    type = "per_class_confidence_filter@v1"
    aliases = ("roboflow_core/per_class_confidence_filter@v1",)

    def run(
        self,
        predictions: Annotated[Detections, Port("the boxes to filter")],
        class_thresholds: Annotated[dict[str, ZeroToOne], KINDS["dictionary"], Port("the threshold of each class")],
        default_threshold: Annotated[ZeroToOne, Port("the threshold of all other classes")] = 0.3,
    ) -> Adjusted:
        """Filter."""
        if predictions.confidence is None:
            return Adjusted(predictions)
        names = np.asarray(predictions.data.get("class_name", [""] * len(predictions)), str).tolist()
        least = np.array([class_thresholds.get(name, default_threshold) for name in names], np.float32)
        return Adjusted(take(predictions, np.asarray(predictions.confidence) >= least))


class BoundingRect(Block):
    """Put the smallest turned rectangle around the mask of every detection in its place.

    Mask and box become those of the rectangle, in whole pixels. Further properties tell it exactly: `rect` holds its
    four corners, `width` and `height` its sides in pixels, `angle` how far it is turned, in degrees from more than 0 to
    90. A detection without a mask, or with an empty one, has the rectangle of its box.
    """

    type = "bounding_rect@v1"
    aliases = ("roboflow_core/bounding_rect@v1",)

    class Output(NamedTuple):
        """The detections with their rectangles."""

        detections_with_rect: Annotated[
            Detections, KindOf("predictions"), Port("the detections with rect, width, height and angle")
        ]

    def run(
        self,
        predictions: Annotated[
            Detections,
            KINDS["instance_segmentation_prediction"],
            Port("the detections to find rectangles for"),
        ],
    ) -> Output:
        """Measure."""
        found = take(predictions, slice(None))
        rectangles = [rectangle(outline(predictions, i)) for i in range(len(predictions))]
        if rectangles and predictions.mask is not None:
            found.xyxy = np.array([_around(rect) for rect in rectangles], np.result_type(found.xyxy.dtype, np.float32))
            found.mask = put_together(map(_filled, rectangles), *predictions.mask.shape[1:])
        found.data = {
            **found.data,
            "rect": np.array([rect.corners for rect in rectangles], np.float32).reshape(-1, 4, 2),
            "width": np.array([rect.width for rect in rectangles], np.float32),
            "height": np.array([rect.height for rect in rectangles], np.float32),
            "angle": np.array([rect.angle for rect in rectangles], np.float32),
        }
        return self.Output(found)


def _around(rect: Rectangle) -> NDArray[Any]:
    whole = _whole(rect)
    return np.concatenate((whole.min(axis=0), whole.max(axis=0)))


def _filled(rect: Rectangle) -> tuple[Inside, int, int]:
    """Return the pixels of a turned rectangle, with the left and top edge of where they lie."""
    whole = _whole(rect)
    corner = whole.min(axis=0)
    width, height = (whole.max(axis=0) - corner + 1).tolist()
    pixels = cv2.fillPoly(np.zeros((height, width), np.uint8), [whole - corner], 1)
    return pixels > 0, int(corner[0]), int(corner[1])


def _whole(rect: Rectangle) -> NDArray[np.int32]:
    """Cut fractions off, as existing documents expect."""
    return rect.corners.astype(np.int32)
