"""The picture that flows through a workflow: lazily loaded, read-only, and aware of where it was cut from.

A crop stores its box in the coordinates of the image that owns the pixels (its home), so that the pixels of
a crop of a crop are one slice away, however deep the nesting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cropflow.image.decode import Pixels, as_pixels, from_pil, is_pil, to_bgr
from cropflow.image.fetch import UrlPolicy
from cropflow.image.origin import Origin, Transform
from cropflow.image.rounding import whole_boxes
from cropflow.image.source import Reader, find_reader, unwrap
from cropflow.image.wire import Frame, encode, frame_of, to_wire

_UNNAMED = "image"


class Image:
    """A picture with an identity.

    Args:
        pixels: uint8 h×w grey, h×w×3 BGR or h×w×4 BGRA; looked at in place, not copied. Change the array
            afterwards and the image changes with it.
        id: the name of the picture in results; without one it is `image`, and a workflow names it after the input
            it is given to.
        stream: the video or camera this is a frame of.
        frame: number of the frame in its stream.
        fps: frames of that stream in a second.

    Attributes:
        id: `image`, `image.[3]` or a source path for an input; the id of its detection for a crop.
        parent: the image this one was cut from, which stays in memory as long as the crop does; `None` for an
            input and for a copy.

    Raises:
        ImageError: the array is no uint8 picture; the message says how to convert it.

    >>> import numpy as np
    >>> image = Image(np.zeros((100, 200, 3), np.uint8))
    >>> crop = image.crop(-5, 10.4, 50, 30, id="image/detect/0")
    >>> crop.width, crop.height, crop.origin.to_root.offset_y
    (50, 20, 10.0)
    """

    __slots__ = ("_bgr", "_fps", "_frame", "_is_named", "_origin", "_pixels", "_reader", "_stream", "id", "parent")

    id: str
    parent: Image | None
    _origin: Origin | None
    _is_named: bool

    def __init__(
        self,
        pixels: NDArray[Any],
        *,
        id: str | None = None,
        stream: str | None = None,
        frame: int | None = None,
        fps: float | None = None,
    ):
        self._set_up(as_pixels(pixels, _called(id)), None, id, (stream, frame, fps))

    def _set_up(self, pixels: Pixels | None, reader: Reader | None, id: str | None, frame: Frame) -> None:
        self.id = _UNNAMED if id is None else id
        self._is_named = id is not None
        self.parent = None
        self._origin = None
        self._pixels = pixels
        self._bgr: Pixels | None = None
        self._reader = reader
        self._stream, self._frame, self._fps = frame

    @classmethod
    def load(
        cls,
        value: object,
        *,
        id: str | None = None,
        allow_urls: bool | UrlPolicy = False,
        base: str | Path | None = None,
        stream: str | None = None,
        frame: int | None = None,
        fps: float | None = None,
    ) -> Image:
        """Make an image of whatever a user has: it is read when its pixels or its size are first asked for.

        Args:
            value: a path, bytes, base64 text, data URI, URL, uint8 array (BGR), PIL image, a wire mapping
                `{"type": "file" | "url" | "base64" | "numpy_object", "value": …}`, or an `Image`. Text is a data URI,
                else a URL, else the path of a file, else base64. An `Image` is returned as it is; one that was made
                without a name is returned under the name `id`, with the same pixels.
            id: the name of the picture in results.
            allow_urls: whether URLs are fetched; a `UrlPolicy` sets limits too. Private addresses never are
                unless such a policy says so.
            base: the folder that relative paths start from, before the current folder.
            stream: the video or camera this is a frame of; else taken from the `video_metadata` of a mapping.
            frame: number of the frame in its stream; likewise.
            fps: frames of that stream in a second; likewise.

        Raises:
            ImageError: the value cannot be a picture, such as a number, a torch tensor or a float array. What
                is wrong with a file, a URL or encoded bytes is raised by the first use, or by `decode`.
        """
        if isinstance(value, Image):
            return value if id is None or value._is_named else value._renamed(id)
        if isinstance(value, Mapping):
            stream, frame, fps = frame_of(value, stream, frame, fps)
            value = unwrap(value, _called(id))
        if is_pil(value):
            return cls(from_pil(value, _called(id)), id=id, stream=stream, frame=frame, fps=fps)
        if isinstance(value, np.ndarray) or type(value).__module__.startswith("torch"):
            array: Any = value  # a tensor is refused there, with advice
            return cls(array, id=id, stream=stream, frame=frame, fps=fps)
        policy = allow_urls if isinstance(allow_urls, UrlPolicy) else UrlPolicy(allow=allow_urls)
        reader = find_reader(value, _called(id), policy, None if base is None else Path(base))
        image = cls.__new__(cls)
        image._set_up(None, reader, id, (stream, frame, fps))
        return image

    @classmethod
    def deferred(
        cls,
        read: Callable[[], NDArray[Any]],
        *,
        id: str | None = None,
        stream: str | None = None,
        frame: int | None = None,
        fps: float | None = None,
    ) -> Image:
        """Make an image whose pixels are asked for once, when they are first used; else as the constructor.

        Args:
            read: returns the pixels, or raises ImageError.
        """
        image = cls.__new__(cls)
        image._set_up(None, lambda: as_pixels(read(), _called(id)), id, (stream, frame, fps))
        return image

    @classmethod
    def from_json(cls, wire: Mapping[str, Any], *, id: str | None = None) -> Image:
        """Read the wire form that `to_json` writes; a crop comes back as a picture without parent."""
        return cls.load(wire, id=id)

    @property
    def pixels(self) -> Pixels:
        """Read-only uint8 pixels: h×w grey, h×w×3 BGR or h×w×4 BGRA; ImageError where loading fails."""
        reader = self._reader
        if reader is not None:  # two threads may both read; each finds pixels before the reader is gone
            self._pixels = reader()
            self._reader = None
        assert self._pixels is not None
        return self._pixels

    @property
    def bgr(self) -> Pixels:
        """Read-only uint8 pixels, always h×w×3 BGR; transparency is dropped. ImageError likewise."""
        if self._bgr is None:
            self._bgr = to_bgr(self.pixels)
        return self._bgr

    @property
    def width(self) -> int:
        """Pixels from left to right; loads the picture."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom; loads the picture."""
        return int(self.pixels.shape[0])

    @property
    def has_alpha(self) -> bool:
        """Whether the pixels have a fourth channel, transparency; loads the picture."""
        return self.pixels.ndim == 3 and self.pixels.shape[2] == 4

    @property
    def stream(self) -> str | None:
        """The video or camera this picture, or the one it was cut from, is a frame of."""
        return self._stream

    @property
    def frame(self) -> int | None:
        """The number of the frame in its stream."""
        return self._frame

    @property
    def fps(self) -> float | None:
        """How many frames of its stream make a second; `None` where that is not known."""
        return self._fps

    @property
    def root(self) -> Image:
        """The input this image goes back to; itself, if it is one."""
        image = self
        while image.parent is not None:
            image = image.parent
        return image

    @property
    def origin(self) -> Origin:
        """Identity and geometry without pixels; predictions carry it. Loads the picture, for its size."""
        if self._origin is None:
            self._origin = Origin(self.id, self.width, self.height)
        return self._origin

    def decode(self) -> Image:
        """Load the pixels now, so that an unreadable picture is found here; returns the image itself."""
        _ = self.pixels
        return self

    def crop(self, x0: float, y0: float, x1: float, y1: float, *, id: str | None = None) -> Image | None:
        """Cut a box out, rounded to whole pixels (halves to even) and clipped to the image.

        Returns a read-only view; `None` where no area is left or a coordinate is not finite.
        """
        name = f"{self.id}[{x0:g},{y0:g},{x1:g},{y1:g}]" if id is None else id
        return self.crops(np.array([[x0, y0, x1, y1]], np.float64), [name])[0]

    def crops(self, xyxy: NDArray[Any], ids: Sequence[str]) -> list[Image | None]:
        """Cut many boxes out, as `crop` does.

        Args:
            xyxy: n×4 corners in pixels of this image: left, top, right, bottom.
            ids: the id of each crop.

        Raises:
            ValueError: there are not as many ids as boxes.
        """
        if len(ids) != len(xyxy):
            raise ValueError(f"{len(xyxy)} boxes need as many ids, found {len(ids)}")
        home, left, top = self._place()
        boxes, kept = whole_boxes(xyxy, self.width, self.height)
        corners = (boxes + np.array([left, top, left, top])).T.tolist()
        cut: list[Image | None] = list(map(_Crop, repeat(self), repeat(home), ids, *corners))
        for empty in np.flatnonzero(~kept).tolist():
            cut[empty] = None
        return cut

    def _place(self) -> tuple[Image, int, int]:
        """The image that owns the pixels, and where in it this one begins."""
        return self, 0, 0

    def with_pixels(self, pixels: NDArray[Any]) -> Image:
        """Return an image of the same identity with other pixels, such as an annotated or a resized one.

        Pixels of the same size keep the origin. Of another size, the new image counts as resized from this.
        """
        image = self._like(pixels)
        if (image.width, image.height) == (self.width, self.height):
            image.parent, image._origin = self.parent, self.origin
        else:
            image.parent = self
            scale = Transform(scale_x=self.width / image.width, scale_y=self.height / image.height)
            image._origin = Origin(self.id, image.width, image.height, self.origin, scale)
        return image

    def warped(self, pixels: NDArray[Any]) -> Image:
        """Return an image of the same identity whose pixels lie elsewhere: rotated, flipped, undistorted.

        No offset and scale leads back from it, so it is a root of its own: predictions made on it stay in its pixels.
        """
        image = self._like(pixels)
        image._origin = Origin(self.id, image.width, image.height, warped_from=self.origin)
        return image

    def copy(self) -> Image:
        """Return the same image with pixels of its own, which keeps no parent in memory; the origin stays."""
        image = self._like(self.pixels.copy())
        image._origin = self.origin
        return image

    def _like(self, pixels: NDArray[Any]) -> Image:
        """An image of the same name and frame, which has no name of its own where this one has none."""
        image = Image(pixels, id=self.id, stream=self.stream, frame=self.frame, fps=self.fps)
        image._is_named = self._is_named
        return image

    def _renamed(self, id: str) -> Image:
        """The same pixels under another name, read once for both; what they were resized from is renamed too."""
        image = Image.__new__(Image)
        reader = None if self._reader is None else lambda: self.pixels
        image._set_up(self._pixels, reader, id, (self.stream, self.frame, self.fps))
        image.parent = None if self.parent is None else self.parent._renamed(id)
        image._origin = None if self._origin is None else _renamed(self._origin, id)
        return image

    def encode(self, ext: str = ".png", quality: int = 95) -> bytes:
        """Return the bytes of a picture file.

        Args:
            ext: `.png`, `.jpg` or another suffix OpenCV writes; only PNG and WebP keep transparency.
            quality: 0 to 100, for JPEG only.

        Raises:
            ImageError: OpenCV writes no such format, or not in this size.
        """
        return encode(self, ext, quality)

    def _repr_png_(self) -> bytes:
        """Show the picture where a notebook displays it, scaled down if it is large."""
        from cropflow.notebook import png

        return png(self)

    def to_json(self) -> dict[str, Any]:
        """Return the wire form that existing clients read: base64 of a JPEG, of a PNG for four channels."""
        return to_wire(self)

    def __repr__(self) -> str:
        if self._place()[0]._reader is not None:
            return f"<Image {self.id!r}, not read yet>"
        cut = f", from {self.parent.id!r}" if self.parent is not None else ""
        return f"<Image {self.id!r}, {self.width}×{self.height}{cut}>"


class _Crop(Image):
    """A part of another image; made by the hundred thousand, so it keeps five references and no pixels."""

    __slots__ = ("_bottom", "_home", "_left", "_right", "_top")
    _is_named = True

    def __init__(self, parent: Image, home: Image, id: str, left: int, top: int, right: int, bottom: int):
        self.id = id
        self.parent = parent
        self._origin = None
        self._home = home
        self._left = left  # four slots, not a tuple: one object less per crop for the garbage collector
        self._top = top
        self._right = right
        self._bottom = bottom

    @property
    def pixels(self) -> Pixels:
        return self._home.pixels[self._top : self._bottom, self._left : self._right]

    @property
    def bgr(self) -> Pixels:
        return self._home.bgr[self._top : self._bottom, self._left : self._right]

    @property
    def width(self) -> int:
        return self._right - self._left

    @property
    def height(self) -> int:
        return self._bottom - self._top

    @property
    def stream(self) -> str | None:
        return self._home.stream

    @property
    def frame(self) -> int | None:
        return self._home.frame

    @property
    def fps(self) -> float | None:
        return self._home.fps

    @property
    def origin(self) -> Origin:
        if self._origin is None:
            parent = cast(Image, self.parent)
            _, left, top = parent._place()
            shift = Transform(float(self._left - left), float(self._top - top))
            self._origin = Origin(self.id, self.width, self.height, parent.origin, shift)
        return self._origin

    def _place(self) -> tuple[Image, int, int]:
        return self._home, self._left, self._top


def _called(id: str | None) -> str:
    """What an error calls an image."""
    return f"image {id or _UNNAMED!r}"


def _renamed(origin: Origin, id: str) -> Origin:
    parent = None if origin.parent is None else _renamed(origin.parent, id)
    warped_from = None if origin.warped_from is None else _renamed(origin.warped_from, id)
    return replace(origin, id=id, parent=parent, warped_from=warped_from)
