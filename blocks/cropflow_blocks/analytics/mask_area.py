"""How large objects are."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, KindOf, Port
from cropflow.detections import take


class MaskAreaMeasurement(Block):
    """Measure the area of every detection: the pixels of its mask, or of its box where it has none.

    It comes as further properties: `area_px` in square pixels, and `area_converted` in square units, of which
    `pixels_per_unit` pixels lie in a row.
    """

    type = "mask_area_measurement@v1"
    aliases = ("roboflow_core/mask_area_measurement@v1",)

    class Output(NamedTuple):
        """The detections with their areas."""

        predictions: Annotated[
            Detections, KindOf("predictions"), Port("the detections with area_px and area_converted")
        ]

    def run(
        self,
        predictions: Annotated[Detections, Port("the detections to measure")],
        pixels_per_unit: Annotated[
            float, Field(gt=0), Port("how many pixels a unit of length is, such as a centimetre")
        ] = 1.0,
    ) -> Output:
        """Measure."""
        measured = take(predictions, slice(None))
        box = predictions.xyxy
        area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]) if predictions.mask is None else predictions.area
        pixels = np.asarray(area, np.float64)
        measured.data = {**measured.data, "area_px": pixels, "area_converted": pixels / pixels_per_unit**2}
        return self.Output(measured)
