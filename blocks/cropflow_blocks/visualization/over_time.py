"""Draws what was seen over time: the ways of tracked objects, and where most of them were."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import supervision as sv
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port, Stream
from cropflow.detections import onto, take
from cropflow.kinds import KINDS
from cropflow_blocks.visualization.colors import Look
from cropflow_blocks.visualization.drawing import Anchor, Boxes, CopyImage, Drawn, Opacity, Picture, Thickness, draw

Length = Annotated[int, Field(ge=1, le=100_000)]
Hue = Annotated[int, Field(ge=0, le=179)]


class TraceVisualization(Block):
    """Draw the way that every tracked object has come, each stream by itself.

    The boxes need tracker ids: put a tracker before this step.
    """

    type = "trace_visualization@v1"
    aliases = ("roboflow_core/trace_visualization@v1",)

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        look: Look,
        stream: Stream,
        position: Anchor = "CENTER",
        trace_length: Annotated[Length, Port("how many frames the way goes back")] = 30,
        thickness: Thickness = 1,
    ) -> Drawn:
        """Draw."""
        if len(predictions) and predictions.tracker_id is None:
            raise ValueError("these boxes have no tracker ids; put a tracker before this step")
        if "annotator" not in stream.state:
            place, colors = sv.Position[position], look.of(predictions)
            stream.state["annotator"] = sv.TraceAnnotator(
                **colors, position=place, trace_length=trace_length, thickness=thickness
            )
        return draw(image, predictions, stream.state["annotator"].annotate)


class HeatmapVisualization(Block):
    """Colour the places where most detections were so far, each stream by itself.

    With `ignore_stationary`, a tracked object counts again only when it moved by more than `motion_threshold`; objects
    without tracker ids always count.
    """

    type = "heatmap_visualization@v1"
    aliases = ("roboflow_core/heatmap_visualization@v1", "HeatmapVisualization")

    def run(
        self,
        image: Picture,
        predictions: Boxes,
        stream: Stream,
        copy_image: CopyImage = True,
        metadata: Annotated[
            dict[str, Any] | None, KINDS["video_metadata"], Port("accepted for existing documents; has no effect")
        ] = None,
        position: Anchor = "BOTTOM_CENTER",
        opacity: Opacity = 0.2,
        radius: Annotated[Length, Port("how far a detection warms its surroundings, in pixels")] = 40,
        kernel_size: Annotated[Length, Port("how much edges are softened, in pixels")] = 25,
        top_hue: Annotated[Hue, Port("hue of the warmest places, 0 to 179")] = 0,
        low_hue: Annotated[Hue, Port("hue of the coolest places, 0 to 179")] = 125,
        ignore_stationary: Annotated[bool, Port("whether objects that stay where they are count once")] = True,
        motion_threshold: Annotated[int, Field(ge=0), Port("what counts as moving, in pixels")] = 25,
    ) -> Drawn:
        """Draw."""
        if "annotator" not in stream.state:
            stream.state["annotator"] = sv.HeatMapAnnotator(
                position=sv.Position[position],
                opacity=opacity,
                radius=radius,
                kernel_size=kernel_size,
                top_hue=top_hue,
                low_hue=low_hue,
            )
        found = onto(predictions, image.origin)
        if ignore_stationary:
            found = _moving(found, stream.state.setdefault("places", {}), motion_threshold)
        scene = image.bgr.copy()
        stream.state["annotator"].annotate(scene, found)
        return Drawn(image.with_pixels(scene))


def _moving(found: Detections, places: dict[int, Any], threshold: int) -> Detections:
    """Return the boxes that moved since they last counted, and remember where they count now."""
    if found.tracker_id is None:
        return found
    centres = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    moved = []
    for track, centre in zip(found.tracker_id.tolist(), centres, strict=True):
        before = places.get(track)
        moved.append(before is None or float(np.linalg.norm(centre - before)) > threshold)
        if moved[-1]:
            places[track] = centre
    return take(found, np.array(moved, bool))
