"""Brings boxes together: those of two predictions into one list, or all of one into a single box."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from supervision import Detections

from cropflow.block import Block, KindOf, Port, Setting
from cropflow.detections import onto
from cropflow_blocks.fusion.joining import join, nothing


class DetectionsCombine(Block):
    """Put the boxes of two predictions about one picture into one, those of the first before those of the second.

    Boxes of the second that were found on another cut of the picture are moved to that of the first. What only one of
    the two carries, such as masks, is left out. Nothing is merged.
    """

    type = "detections_combine@v1"
    aliases = ("roboflow_core/detections_combine@v1",)

    class Output(NamedTuple):
        """The boxes of both."""

        predictions: Annotated[Detections, KindOf("prediction_one", "prediction_two"), Port("first one, then two")]

    def run(
        self,
        prediction_one: Annotated[Detections, Port("the first boxes")],
        prediction_two: Annotated[Detections, Port("the boxes that follow them")],
    ) -> Output:
        """Combine."""
        origin = prediction_one.metadata.get("origin") or prediction_two.metadata.get("origin")
        second = prediction_two if origin is None else onto(prediction_two, origin)
        return self.Output(join([prediction_one, second], origin))


class DetectionsMerge(Block):
    """Put one box around all boxes of a picture.

    It has the confidence of the least sure of them and the class id 0. No boxes give no box.
    """

    type = "detections_merge@v1"
    aliases = ("roboflow_core/detections_merge@v1",)

    class Output(NamedTuple):
        """The box around all."""

        predictions: Annotated[Detections, Port("one box, or none where there was none")]

    def run(
        self,
        predictions: Annotated[Detections, Port("the boxes to put a box around")],
        class_name: Annotated[Setting[str], Port("class of the box")] = "merged_detection",
    ) -> Output:
        """Merge."""
        origin = predictions.metadata.get("origin")
        if not len(predictions):
            return self.Output(nothing(origin))
        box = predictions.xyxy
        confidence = None if predictions.confidence is None else predictions.confidence.min(keepdims=True)
        merged = Detections(
            np.concatenate((box[:, :2].min(axis=0), box[:, 2:].max(axis=0)))[np.newaxis],
            confidence=confidence,
            class_id=np.array([0]),
            data={"class_name": np.array([class_name])},
            metadata={} if origin is None else {"origin": origin},
        )
        return self.Output(merged)
