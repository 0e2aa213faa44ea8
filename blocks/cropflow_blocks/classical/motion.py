"""What moves in a video: the background is learned for each stream, and what differs from it is foreground."""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.image import Image
from cropflow.image.decode import Pixels
from cropflow.kinds import KINDS
from cropflow_blocks.classical.filters import KernelSize
from cropflow_blocks.classical.ports import Picture, plain

CLASS_NAME = "motion"

Sensitivity = Annotated[
    Annotated[int, Field(ge=1, le=10_000)],
    Port("how far a pixel may be from the background, squared and in units of its usual change; lower sees more"),
]
History = Annotated[
    Annotated[int, Field(ge=1, le=100_000)], Port("over how many frames the background is learned; fewer forget faster")
]


class BackgroundSubtraction(Block):
    """Show which pixels of a video differ from its background.

    The result is a grey picture: 255 where something moves, 127 in what looks like its shadow, 0 elsewhere. The
    background is learned frame by frame for each video, camera or fixed crop of one, so the first frame is all
    foreground, and what stays still for a while becomes background. Outside of a video, pictures count as frames in the
    order in which they come.
    """

    type = "background_subtraction@v1"
    aliases = ("roboflow_core/background_subtraction@v1",)

    class Output(NamedTuple):
        """What moves."""

        image: Annotated[Image, Port("grey: 255 moves, 127 is shadow, 0 is background")]

    def run(self, image: Picture, stream: Stream, threshold: Sensitivity = 16, history: History = 30) -> Output:
        """Subtract the background."""
        return self.Output(image.with_pixels(_foreground(_memory(stream, image), image, threshold, history, True)))


class MotionDetection(Block):
    """Detect what moves in a video.

    The background is learned frame by frame for each video, camera or fixed crop of one. Regions that differ from it
    are cleaned of specks and become detections of class `motion` (id 0, confidence 1). Shadows count as motion.
    Nothing is reported for the first `history` frames, unless `suppress_first_detections` is false: then the first
    frame is all motion. Outside of a video, pictures count as frames in the order in which they come.

    Raises:
        ValueError: the zone is no polygon of three or more points.
    """

    type = "motion_detection@v1"
    aliases = ("roboflow_core/motion_detection@v1",)

    class Output(NamedTuple):
        """What moves in a frame."""

        motion: Annotated[bool, Port("whether anything moves")]
        alarm: Annotated[bool, Port("whether motion begins in this frame")]
        detections: Annotated[Detections, Port("a box around each region that moves")]
        motion_zones: Annotated[list[Any], Port("the outline of each region: a list of [x, y] in pixels")]

    def run(
        self,
        image: Picture,
        stream: Stream,
        minimum_contour_area: Annotated[
            Annotated[int, Field(ge=1, le=1_000_000_000)], Port("smaller regions are left out; in pixels")
        ] = 200,
        morphological_kernel_size: Annotated[
            KernelSize,
            Port("specks thinner than this many pixels are removed; an even size counts as the next odd one"),
        ] = 3,
        threshold: Sensitivity = 16,
        history: History = 30,
        detection_zone: Annotated[
            list[Any] | str | None,
            KINDS["zone"],
            KINDS["list_of_values"],
            Port("where to look: corners [x, y] of a polygon in pixels, also as JSON text; everywhere where left out"),
        ] = None,
        suppress_first_detections: Annotated[bool, Port("report nothing for the first `history` frames")] = True,
    ) -> Output:
        """Detect."""
        memory = _memory(stream, image)
        mask = _opened(_foreground(memory, image, threshold, history, False), morphological_kernel_size)
        outlines = _outlines(_inside(mask, detection_zone), minimum_contour_area)
        if suppress_first_detections and memory["frames"] <= history:
            outlines = []
        moved_before, memory["motion"] = memory.get("motion", False), bool(outlines)
        zones = [cv2.approxPolyDP(o, 0.01 * cv2.arcLength(o, True), True).reshape(-1, 2).tolist() for o in outlines]
        return self.Output(bool(outlines), bool(outlines) and not moved_before, _boxes(outlines), zones)


def _memory(stream: Stream, image: Image) -> dict[str, Any]:
    """What is known of this part of the stream: the frame itself, or a crop at the same place of every frame."""
    part = image.id.removeprefix(image.origin.source.id)
    memory: dict[str, Any] = stream.state.setdefault(part, {"frames": 0})
    return memory


def _foreground(memory: dict[str, Any], image: Image, threshold: int, history: int, shadows: bool) -> Pixels:
    """Tell foreground from background, and learn from the frame."""
    if "background" not in memory:
        memory["background"] = cv2.createBackgroundSubtractorMOG2(detectShadows=shadows)
    background = memory["background"]
    background.setHistory(history)
    background.setVarThreshold(threshold)
    memory["frames"] += 1
    return np.asarray(background.apply(plain(image)), np.uint8)


def _opened(mask: Pixels, size: int) -> NDArray[Any]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size | 1, size | 1))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel))


def _inside(mask: NDArray[Any], zone: list[Any] | str | None) -> NDArray[Any]:
    if not zone:
        return mask
    allowed = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(allowed, [_polygon(zone)], 255)
    return cv2.bitwise_and(mask, allowed)


def _polygon(zone: list[Any] | str) -> NDArray[np.int32]:
    found: Any = zone
    try:
        points = np.asarray(json.loads(zone) if isinstance(zone, str) else zone, np.float64)
    except (ValueError, TypeError):
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[0] < 3 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(
            f"detection_zone: expected three or more corners such as [[0, 0], [9, 0], [9, 9]], found {found!r}"
        )
    corners: NDArray[np.int32] = np.rint(points.clip(-30_000, 30_000)).astype(np.int32)
    return corners


def _outlines(mask: NDArray[Any], least: int) -> list[NDArray[Any]]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(contour) for contour in contours if cv2.contourArea(contour) >= least]


def _boxes(outlines: list[NDArray[Any]]) -> Detections:
    corners = np.array([cv2.boundingRect(outline) for outline in outlines], np.float32).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    count = len(corners)
    return Detections(
        xyxy=corners,
        confidence=np.ones(count, np.float32),
        class_id=np.zeros(count, np.int64),
        data={"class_name": np.full(count, CLASS_NAME)},
    )
