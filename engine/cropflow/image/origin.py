"""Where an image comes from: its identity and the way back to the original input picture.

An `Origin` holds no pixels, so predictions can carry one without keeping a frame in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Transform(NamedTuple):
    """Maps a point of one image to another: `x * scale_x + offset_x`, `y * scale_y + offset_y`."""

    offset_x: float = 0.0
    offset_y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    def then(self, outer: Transform) -> Transform:
        """Return the transform that applies this one first and `outer` after it."""
        return Transform(
            self.offset_x * outer.scale_x + outer.offset_x,
            self.offset_y * outer.scale_y + outer.offset_y,
            self.scale_x * outer.scale_x,
            self.scale_y * outer.scale_y,
        )

    @property
    def inverse(self) -> Transform:
        """The transform that leads back."""
        scale_x, scale_y = 1 / self.scale_x, 1 / self.scale_y
        return Transform(-self.offset_x * scale_x, -self.offset_y * scale_y, scale_x, scale_y)


IDENTITY = Transform()


@dataclass(frozen=True, slots=True)
class Origin:
    """Identity and geometry of an image.

    Attributes:
        id: `image`, `image.[3]` or a source path for an input; the id of its detection for a crop.
        width: pixels.
        height: pixels.
        parent: the image this one was cut or resized from; `None` for an input.
        to_parent: maps this image's pixel coordinates to the parent's.
        warped_from: the image this one was rotated, flipped or bent from; no offset and scale leads back to it, so this
            image is a root of its own.
    """

    id: str
    width: int
    height: int
    parent: Origin | None = None
    to_parent: Transform = IDENTITY
    warped_from: Origin | None = None

    @property
    def root(self) -> Origin:
        """The picture that coordinates can be moved to: the input (itself, if it is one), or a warped one."""
        origin = self
        while origin.parent is not None:
            origin = origin.parent
        return origin

    @property
    def source(self) -> Origin:
        """The input picture this image was made of, also where it was warped in between."""
        origin = self.root
        while origin.warped_from is not None:
            origin = origin.warped_from.root
        return origin

    @property
    def to_root(self) -> Transform:
        """Maps this image's pixel coordinates to those of the input picture."""
        transform, origin = self.to_parent, self.parent
        while origin is not None:
            transform, origin = transform.then(origin.to_parent), origin.parent
        return transform
