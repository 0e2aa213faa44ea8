"""The prediction of every crop, as a column that costs nothing until somebody reads it.

Slicing supervision objects one by one is the dearest part of a crop; most workflows never look at the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from cropflow.detections.boxes import each_into, into, take

if TYPE_CHECKING:
    from supervision import Detections

    from cropflow.image import Image


@dataclass(frozen=True, slots=True, eq=False)
class CropPredictions(Sequence["Detections | None"]):
    """Box i of `detections` in the pixels of crop i, each made only when it is read.

    Where a crop is `None` (its box has no area), the prediction is `None`.

    Args:
        detections: on the image that the crops were cut from.
        crops: as many as there are boxes.

    Raises:
        ValueError: the numbers of boxes and crops differ.
    """

    detections: Detections
    crops: Sequence[Image | None]

    def __post_init__(self) -> None:
        if len(self.detections) != len(self.crops):
            raise ValueError(
                f"{len(self.detections)} boxes but {len(self.crops)} crops; give one crop, or None, per box"
            )

    def __len__(self) -> int:
        return len(self.crops)

    def __iter__(self) -> Iterator[Detections | None]:
        return each_into(self.detections, [None if crop is None else crop.origin for crop in self.crops])

    @overload
    def __getitem__(self, i: int) -> Detections | None: ...
    @overload
    def __getitem__(self, i: slice) -> CropPredictions: ...
    def __getitem__(self, i: int | slice) -> Detections | CropPredictions | None:
        if isinstance(i, slice):
            return CropPredictions(take(self.detections, i), self.crops[i])
        crop = self.crops[i]
        return None if crop is None else into(take(self.detections, i), crop.origin)
