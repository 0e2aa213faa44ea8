"""What code in documents expects of a picture: `WorkflowImageData` with its pixels as `numpy_image`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cropflow.image import Image


class WorkflowImageData:
    """A picture as code in documents sees it.

    Attributes:
        image: the picture of the engine.
        numpy_image: its pixels as a copy: height × width × 3, BGR, uint8.
    """

    def __init__(self, image: Image, pixels: NDArray[np.uint8] | None = None) -> None:
        self.image = image
        self._pixels = pixels

    @property
    def numpy_image(self) -> NDArray[np.uint8]:
        """The pixels; what is drawn on them shows in the picture this one gives back, not in the input."""
        if self._pixels is None:
            self._pixels = self.image.bgr.copy()
        return self._pixels

    @staticmethod
    def copy_and_replace(
        origin_image_data: WorkflowImageData, numpy_image: NDArray[np.uint8], **_: Any
    ) -> WorkflowImageData:
        """Return a picture of the same identity with other pixels."""
        return WorkflowImageData(origin_image_data.image, numpy_image)

    def to_image(self) -> Image:
        """Return the picture of the engine, with the pixels as they are now."""
        return self.image if self._pixels is None else self.image.with_pixels(self._pixels)


def into_code(value: Any) -> Any:
    """Return a value as code in documents expects it, also inside lists and mappings."""
    match value:
        case Image():
            return WorkflowImageData(value)
        case list() | tuple():
            return [into_code(item) for item in value]
        case Mapping():
            return {name: into_code(item) for name, item in value.items()}
    return value


def out_of_code(value: Any) -> Any:
    """Return what code in documents answered as the engine expects it."""
    match value:
        case WorkflowImageData():
            return value.to_image()
        case list() | tuple():
            return [out_of_code(item) for item in value]
        case Mapping():
            return {name: out_of_code(item) for name, item in value.items()}
    return value
