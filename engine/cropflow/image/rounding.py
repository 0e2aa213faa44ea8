"""How boxes become whole pixels: one rule for all that cuts, so that all agree on which boxes have an area."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def whole_boxes(xyxy: NDArray[Any], width: int, height: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Round boxes to whole pixels (halves to even) and clip them to an image.

    Args:
        xyxy: n×4 corners in pixels: left, top, right, bottom.
        width: of the image, in pixels.
        height: of the image, in pixels.

    Returns:
        The n×4 whole corners, and which of the boxes have an area; those that are not finite have none.

    >>> import numpy as np
    >>> whole_boxes(np.array([[-3, 1.4, 7.6, 9], [8, 2, 8.2, 5]]), 20, 5)[0].tolist()
    [[0, 1, 8, 5], [8, 2, 8, 5]]
    """
    boxes = np.asarray(xyxy).reshape(-1, 4)
    finite = np.isfinite(boxes).all(axis=1)
    rounded = np.rint(np.where(finite[:, None], boxes, 0)).clip(0, [width, height, width, height])
    whole = rounded.astype(np.int64)
    return whole, (whole[:, 0] < whole[:, 2]) & (whole[:, 1] < whole[:, 3])
