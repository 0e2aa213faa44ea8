"""The one place where pictures of any kind become uint8 pixels in OpenCV's channel order.

Everything behind it can rely on `h×w` grey, `h×w×3` BGR or `h×w×4` BGRA, upright, 8 bits per channel.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cropflow.errors import ImageError
from cropflow.image.header import is_avif, is_jpeg, is_video, picture_orientation
from cropflow.image.size import picture_size

Pixels: TypeAlias = NDArray[np.uint8]

MAX_PIXELS = 2**28
"""Encoded pictures with more pixels (16,384 × 16,384) are refused, by their header before they are decoded."""

_UPRIGHT_8_BIT = cv2.IMREAD_ANYCOLOR
_UPRIGHT = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
_EXIF_ORIENTATION = 0x112
_EXPECTED = "expected JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, PNM or Sun raster"


def decode(data: bytes, name: str) -> Pixels:
    """Decode the bytes of a picture file.

    Args:
        data: an encoded picture: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, PNM, PAM or Sun raster.
        name: what to call the picture in an error.

    Returns:
        Read-only uint8 pixels, turned upright: h×w grey, h×w×3 BGR or h×w×4 BGRA. 16-bit pictures are
        scaled to 8 bits, CMYK and palettes become BGR. Of an animation, the first frame.

    Raises:
        ImageError: the bytes are no picture, are cut short, or hold more than `MAX_PIXELS` pixels. No memory is
            set aside for pictures whose header says so, or does not tell the size.
    """
    if not data:
        raise ImageError(f"{name}: the file is empty, expected an encoded picture such as JPEG or PNG")
    size = picture_size(data)
    if size is None and is_video(data):
        raise ImageError(f"{name}: the file is a video; use `cropflow run`, or give its frames as pictures")
    if size is None:
        raise ImageError(
            f"{name}: the file ({len(data):,} bytes) is not a picture, or its header is damaged; {_EXPECTED}"
        )
    _check_size(*size, name)
    pixels = _decode_upright(data, name)
    _check_size(pixels.shape[1], pixels.shape[0], name)  # a header may have lied
    return as_pixels(pixels, name)


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        count = f"{width} × {height} pixels"
        raise ImageError(f"{name}: {count} are too many, expected at most {MAX_PIXELS:,}; scale it down")


def _decode_upright(data: bytes, name: str) -> NDArray[Any]:
    if is_jpeg(data):
        return _imdecode(data, _UPRIGHT, name)
    pixels = _imdecode(data, cv2.IMREAD_UNCHANGED, name)  # the only mode that keeps alpha; it ignores EXIF
    if pixels.dtype == np.uint16 and is_avif(data):
        return _imdecode(data, _UPRIGHT_8_BIT, name)  # 10 and 12 bits come unscaled otherwise
    return turned_upright(pixels, picture_orientation(data))


def _imdecode(data: bytes, flags: int, name: str) -> NDArray[Any]:
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(f"{name}: OpenCV cannot decode it: {error}") from error
    if pixels is None:
        raise ImageError(f"{name}: the file ({len(data):,} bytes) is damaged or cut short; {_EXPECTED}")
    return pixels


def turned_upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return h×w or h×w×c pixels as they should be seen; `orientation` is that of EXIF, 1 to 8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return pixels[::rows, ::columns]


def as_pixels(array: object, name: str) -> Pixels:
    """Check an array in memory and return a read-only view of it.

    Args:
        array: uint8 (or uint16, which is scaled to 8 bits) h×w, h×w×1, h×w×3 BGR or h×w×4 BGRA.
        name: what to call the picture in an error.

    Returns:
        Read-only uint8 pixels h×w, h×w×3 or h×w×4. No copy is made where OpenCV can read the array in
        place; the caller's array stays writeable.

    Raises:
        ImageError: another type, dtype or shape, or no pixels at all.
    """
    if not isinstance(array, np.ndarray):
        raise ImageError(f"{name}: {_advice_on_type(array)}")
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        array = (array >> 8).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ImageError(f"{name}: {_advice_on_dtype(array.dtype)}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise ImageError(f"{name}: {_advice_on_shape(array.shape)}")
    view = (array if _rows_are_packed(array) else np.ascontiguousarray(array)).view(np.ndarray)
    view.flags.writeable = False
    return view


def _rows_are_packed(array: NDArray[Any]) -> bool:
    """OpenCV reads arrays in place whose rows are contiguous and go downwards, such as a part of a frame."""
    channels = array.shape[2] if array.ndim == 3 else 1
    return array.strides[0] > 0 and array.strides[1:] == ((channels, 1) if array.ndim == 3 else (1,))


def _advice_on_type(value: object) -> str:
    kind = type(value)
    if value is None:
        return "None is no picture; cv2.imread returns it for a file that it cannot read, so give the path in its place"
    if kind.__module__.partition(".")[0] == "torch":
        return (
            "a torch tensor is not a picture (RGB or BGR, 0–1 or 0–255?); convert an RGB tensor of 0–1 with "
            "(tensor.permute(1, 2, 0) * 255).byte().cpu().numpy()[..., ::-1]"
        )
    return f"expected a uint8 numpy array, found {kind.__module__}.{kind.__qualname__}"


def _advice_on_dtype(dtype: np.dtype[Any]) -> str:
    expected = "expected uint8 pixels from 0 to 255"
    if dtype.kind == "f":
        return (
            f"{expected}, found {dtype}; models find nothing in fractions: multiply values of 0–1 by 255 "
            "and convert with .astype(numpy.uint8)"
        )
    if dtype.kind == "b":
        return f"{expected}, found bool; write array.astype(numpy.uint8) * 255"
    return f"{expected}, found {dtype}; convert with .astype(numpy.uint8)"


def _advice_on_shape(shape: tuple[int, ...]) -> str:
    text = f"expected height × width, or height × width × 1, 3 or 4 channels, found shape {shape}"
    if 0 in shape:
        return f"{text}, which has no pixels"
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        return f"{text}; if the channels come first, use array.transpose(1, 2, 0)"
    if len(shape) == 4:
        return f"{text}; pass the pictures of a batch one by one"
    return text


def to_bgr(pixels: Pixels) -> Pixels:
    """Return read-only h×w×3 BGR of pixels made here: the same array, grey repeated, or without alpha."""
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return pixels
    code = cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_BGRA2BGR
    bgr = cast(Pixels, cv2.cvtColor(pixels, code))
    bgr.flags.writeable = False
    return bgr


def is_pil(value: object) -> bool:
    """Tell whether a value is a PIL image, without importing PIL."""
    return any(base.__module__.partition(".")[0] == "PIL" for base in type(value).__mro__)


def from_pil(picture: Any, name: str) -> Pixels:
    """Convert a PIL image, which is RGB, to upright pixels; its transparency and EXIF orientation are kept.

    Raises:
        ImageError: its file cannot be read, or its pixels are 32-bit numbers.
    """
    if picture.mode in ("I", "F"):
        raise ImageError(f"{name}: PIL mode {picture.mode!r} has no known range; scale it to 0–255 and convert('L')")
    try:
        orientation = picture.getexif().get(_EXIF_ORIENTATION, 1)
        pixels = _pil_pixels(picture)
    except Exception as error:  # PIL's file readers raise almost anything
        raise ImageError(f"{name}: the PIL image cannot be read: {error}") from error
    return as_pixels(turned_upright(pixels, orientation), name)


def _pil_pixels(picture: Any) -> NDArray[Any]:
    mode = picture.mode
    if mode.startswith("I;16") or (mode == "L" and "transparency" not in picture.info):
        return np.asarray(picture)
    if mode == "1":
        return np.asarray(picture.convert("L"))
    if "transparency" in picture.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        return cv2.cvtColor(np.asarray(picture.convert("RGBA")), cv2.COLOR_RGBA2BGRA)
    return cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR)
