"""Places of a picture that look like a small template picture.

All boxes are as large as the template, so which of them overlap too much depends on their distance alone. That makes
suppression exact and cheap also where a plain background gives a hundred thousand candidates.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from supervision import Detections

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import ZeroToOne
from cropflow_blocks.classical.ports import Picture, grey

CLASS_NAME = "template_match"


class TemplateMatching(Block):
    """Find the places of a picture that look like a template, in grey, at the size and angle of the template.

    Every match is a detection of class `template_match` (id 0) as large as the template; its confidence says how alike
    the two are (normalised correlation, 1 is alike but for brightness and contrast). Of overlapping matches the best
    stays. A template that is larger than the picture matches nowhere.

    Raises:
        ValueError: the template has one colour only, so there is nothing to find.
    """

    type = "template_matching@v1"
    aliases = ("roboflow_core/template_matching@v1",)

    class Output(NamedTuple):
        """What was found."""

        predictions: Annotated[Detections, Port("the matches, best first")]
        number_of_matches: Annotated[int, Port("how many matches there are")]

    def run(
        self,
        image: Picture,
        template: Annotated[Image, Port("what to look for", alias="templates")],
        matching_threshold: Annotated[
            Annotated[float, Field(ge=0, le=1)], Port("how alike a place must be, from 0 to 1")
        ] = 0.8,
        apply_nms: Annotated[bool, Port("of overlapping matches, keep the best")] = True,
        nms_threshold: Annotated[ZeroToOne, Port("from which overlap (IoU) on only the better match is kept")] = 0.5,
    ) -> Output:
        """Match."""
        wide, high = template.width, template.height
        corners, scores = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
        if wide <= image.width and high <= image.height:
            likeness = _likeness(grey(image), grey(template))
            corners, scores = _candidates(likeness, matching_threshold)
            if apply_nms:
                kept = _best(corners, likeness.shape, _too_near(wide, high, nms_threshold))
                corners, scores = corners[kept], scores[kept]
        found = Detections(
            xyxy=np.hstack((corners, corners + np.array((wide, high)))).astype(np.float32),
            confidence=scores,
            class_id=np.zeros(len(scores), np.int64),
            data={"class_name": np.full(len(scores), CLASS_NAME)},
        )
        return self.Output(found, len(found))


def _likeness(pixels: NDArray[Any], template: NDArray[Any]) -> NDArray[np.float32]:
    """Return the correlation at every place, by the upper left corner."""
    if template.min() == template.max():
        raise ValueError(
            "the template has one colour only, so it cannot be found; give a template that shows something"
        )
    scores = np.asarray(cv2.matchTemplate(pixels, template, cv2.TM_CCOEFF_NORMED), np.float32)
    return np.nan_to_num(scores, nan=0.0, posinf=0.0, neginf=0.0).clip(-1, 1)


def _candidates(likeness: NDArray[np.float32], threshold: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return n×2 corners (x, y) and scores of the places that are alike enough, best first, equal ones by row."""
    y, x = np.nonzero(likeness >= np.float32(threshold))
    scores = likeness[y, x]
    order = np.argsort(-scores, kind="stable")
    return np.stack((x, y), axis=1)[order], scores[order]


def _too_near(wide: int, high: int, threshold: float) -> NDArray[np.bool_]:
    """Return which of the places around a box overlap it too much; the box itself is in the middle."""
    across = (wide - np.abs(np.arange(1 - wide, wide))) / wide
    down = (high - np.abs(np.arange(1 - high, high))) / high
    common = down[:, None] * across
    return common / (2 - common) > threshold


def _best(corners: NDArray[np.int64], shape: tuple[int, ...], near: NDArray[np.bool_]) -> list[int]:
    """Return which corners stay if every one, from the best on, removes those too near to it."""
    down, across = near.shape[0] // 2, near.shape[1] // 2
    taken = np.zeros((shape[0] + 2 * down, shape[1] + 2 * across), np.bool_)  # a margin in place of clipping
    kept = []
    for number, (x, y) in enumerate(corners.tolist()):
        if not taken[y + down, x + across]:
            kept.append(number)
            taken[y : y + near.shape[0], x : x + near.shape[1]] |= near
    return kept
