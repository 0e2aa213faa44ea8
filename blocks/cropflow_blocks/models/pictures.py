"""What every model asks of the pictures it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def by_shape(images: Sequence[NDArray[np.uint8]]) -> list[list[int]]:
    """Return the indices of the pictures, those of one shape together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(image.shape, []).append(index)
    return list(groups.values())


def check_pictures(images: Sequence[NDArray[np.uint8]]) -> None:
    """Refuse what a framework would misread without a word, such as float pictures from 0 to 1."""
    for index, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            found = f"{image.dtype} with the shape {image.shape}"
            raise ValueError(f"picture {index} is {found}; expected uint8, height × width × 3 in BGR, not empty")
