"""Do two pictures show the same thing? Told by how many of their salient points match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cropflow.block import Block, Port
from cropflow.image import Image
from cropflow.kinds import KINDS, ZeroToOne
from cropflow_blocks.classical.sift import Features, features

Descriptors = Annotated[NDArray[Any], KINDS["numpy_array"]]
Either = Annotated[Image | NDArray[Any], KINDS["image"], KINDS["numpy_array"]]
Enough = Annotated[int, Field(ge=0, le=1_000_000), Port("how many good matches make the pictures match")]
Matcher = Literal["FlannBasedMatcher", "BFMatcher"]
Match = Annotated[bool, Port("whether there are enough good matches")]
Count = Annotated[int, Port("how many points of the first have one clear counterpart in the second")]

_RATIO = "the best counterpart must be nearer than this share of the distance to the second best; lower is stricter"
_GREEN = (0, 255, 0)


class SiftComparison(Block):
    """Compare two sets of SIFT descriptors.

    A point matches well if its best counterpart is clearly nearer than its second best. Without points on either side
    nothing matches. All pairs are looked at: resize large pictures first, which have ten thousands of points.

    Raises:
        ValueError: the descriptors are no n×d arrays, or have different lengths.
    """

    type = "sift_comparison@v1"
    aliases = ("roboflow_core/sift_comparison@v1",)

    class Output(NamedTuple):
        """What the comparison says."""

        good_matches_count: Count
        images_match: Match

    def run(
        self,
        descriptor_1: Annotated[Descriptors, Port("descriptors of the first picture")],
        descriptor_2: Annotated[Descriptors, Port("descriptors of the second picture")],
        good_matches_threshold: Enough = 50,
        ratio_threshold: Annotated[Annotated[float, Field(ge=0, le=1)], Port(_RATIO)] = 0.7,
    ) -> Output:
        """Compare."""
        good = len(good_matches(descriptor_1, descriptor_2, ratio_threshold))
        return self.Output(good, good >= good_matches_threshold)


class SiftComparisonV2(Block):
    """Compare two pictures, or SIFT descriptors of them, and draw what matches.

    As version 1; pictures are described first. Both matchers look at all pairs, so they give the same answer, every
    time. Key points are known for pictures only; the three drawings are made of two pictures and if asked for.
    """

    type = "sift_comparison@v2"
    aliases = ("roboflow_core/sift_comparison@v2",)

    class Output(NamedTuple):
        """What the comparison says, and what it was made of."""

        images_match: Match
        good_matches_count: Count
        keypoints_1: Annotated[
            list[Any] | None, KINDS["image_keypoints"], Port("points of the first picture; missing for descriptors")
        ]
        descriptors_1: Annotated[Descriptors, Port("n×128 descriptors of the first")]
        keypoints_2: Annotated[
            list[Any] | None, KINDS["image_keypoints"], Port("points of the second picture; missing for descriptors")
        ]
        descriptors_2: Annotated[Descriptors, Port("n×128 descriptors of the second")]
        visualization_1: Annotated[Image | None, Port("the first picture with its points; missing if not asked for")]
        visualization_2: Annotated[Image | None, Port("the second picture with its points; missing if not asked for")]
        visualization_matches: Annotated[
            Image | None, Port("both side by side, good matches joined by lines; missing if not asked for")
        ]

    def run(
        self,
        input_1: Annotated[Either, Port("a picture, or its descriptors")],
        input_2: Annotated[Either, Port("another picture, or its descriptors")],
        good_matches_threshold: Enough = 50,
        ratio_threshold: Annotated[ZeroToOne, Port(_RATIO)] = 0.7,
        matcher: Annotated[Matcher, Port("accepted for existing documents; both give the same answer")] = (
            "FlannBasedMatcher"
        ),
        visualize: Annotated[bool, Port("whether to draw")] = False,
    ) -> Output:
        """Compare."""
        first, second = _described(input_1), _described(input_2)
        good = good_matches(first.descriptors, second.descriptors, ratio_threshold)
        drawings: tuple[Image | None, ...] = (None, None, None)
        if visualize and isinstance(input_1, Image) and isinstance(input_2, Image):
            both = _side_by_side(input_1, first, input_2, second, good)
            drawings = (first.drawn(input_1), second.drawn(input_2), both)
        return self.Output(
            len(good) >= good_matches_threshold,
            len(good),
            first.as_list() if isinstance(input_1, Image) else None,
            first.descriptors,
            second.as_list() if isinstance(input_2, Image) else None,
            second.descriptors,
            *drawings,
        )


def _described(value: Image | NDArray[Any]) -> Features:
    return features(value) if isinstance(value, Image) else Features((), value)


def good_matches(first: NDArray[Any], second: NDArray[Any], ratio: float) -> list[cv2.DMatch]:
    """Return the matches from the first to the second that are clearly better than the second best.

    Raises:
        ValueError: the descriptors cannot be compared.
    """
    one, other = _checked(first), _checked(second)
    if len(one) == 0 or len(other) < 2:
        return []
    if one.shape[1] != other.shape[1]:
        raise ValueError(f"descriptors of {one.shape[1]} and of {other.shape[1]} numbers cannot be compared")
    pairs: Sequence[Sequence[cv2.DMatch]] = cv2.BFMatcher(cv2.NORM_L2).knnMatch(one, other, k=2)
    return [best for best, next_best in pairs if best.distance < ratio * next_best.distance]


def _checked(descriptors: NDArray[Any]) -> NDArray[np.float32]:
    array = np.asarray(descriptors)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(
            "expected descriptors as an n×d array of numbers, such as those of sift, "
            f"found an array of shape {array.shape} and type {array.dtype}"
        )
    return np.ascontiguousarray(array, np.float32)


def _side_by_side(image: Image, first: Features, other: Image, second: Features, good: Sequence[cv2.DMatch]) -> Image:
    pixels = cv2.drawMatches(  # type: ignore[call-overload]
        image.bgr.copy(), first.points, other.bgr.copy(), second.points, good, None, _GREEN, _GREEN
    )
    return image.warped(pixels)
