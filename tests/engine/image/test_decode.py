"""Whatever a picture file or array looks like, blocks see upright 8-bit pixels in BGR, or a clear error."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pil
from PIL import ImageOps

from cropflow.errors import ImageError
from cropflow.image import decode as module
from cropflow.image.decode import MAX_PIXELS, as_pixels, decode, from_pil, to_bgr
from cropflow.image.size import picture_size

RED, GREEN, BLUE, OLIVE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 200, 20)
ORIENTATION = 0x112


def quarters() -> np.ndarray:
    """RGB pixels, 32 wide and 16 high, with another colour in each quarter."""
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:8, :16], picture[:8, 16:], picture[8:, :16], picture[8:, 16:] = RED, GREEN, BLUE, OLIVE
    return picture


def encoded(picture: Pil.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def close(found: np.ndarray, wanted: np.ndarray, tolerance: int = 0) -> bool:
    same_shape = found.shape == wanted.shape and found.dtype == np.uint8
    return same_shape and int(np.abs(found.astype(int) - wanted).max()) <= tolerance


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
def test_colours_come_as_bgr(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(Pil.fromarray(quarters()), format, **options)
    assert close(decode(data, "p"), quarters()[..., ::-1])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(mode: str, format: str, orientation: int) -> None:
    if format == "JPEG" and mode in ("RGBA", "LA"):
        mode = mode.removesuffix("A")
    picture = Pil.fromarray(quarters()).convert(mode)
    if "A" in mode and format != "TIFF":
        picture.putalpha(Pil.fromarray(quarters()[..., 1]))
    picture.getexif()[ORIENTATION] = orientation
    data = encoded(picture, format, exif=picture.getexif(), **({"lossless": True} if format == "WEBP" else {}))
    stored = Pil.open(io.BytesIO(data))
    wanted = np.asarray(ImageOps.exif_transpose(stored).convert("RGBA"))
    found = decode(data, "p")
    assert close(to_bgr(found), wanted[..., 2::-1], 3 if format == "JPEG" else 0)
    if "A" in mode and format in ("PNG", "WEBP"):
        assert close(found[..., 3], wanted[..., 3])


def test_webp_orientation_is_found_behind_the_exif_mark_that_some_programs_write() -> None:
    picture = Pil.fromarray(quarters())
    picture.getexif()[ORIENTATION] = 6
    data = encoded(picture, "WEBP", exif=picture.getexif(), lossless=True)
    start = data.index(b"EXIF")
    body = b"Exif\0\0" + data[start + 8 :]
    marked = data[:start] + b"EXIF" + struct.pack("<I", len(body)) + body
    marked = b"RIFF" + struct.pack("<I", len(marked) - 8) + marked[8:]
    assert close(decode(marked, "p"), np.rot90(quarters()[..., ::-1], -1))


def test_sixteen_bits_are_scaled_to_eight() -> None:
    deep = (np.arange(600, dtype=np.uint16) * 100).reshape(20, 30)
    assert close(decode(encoded(Pil.fromarray(deep), "PNG"), "p"), deep >> 8)
    colours = cv2.merge([deep, deep[::-1], deep[:, ::-1], deep // 2])
    assert close(decode(cv2.imencode(".png", colours)[1].tobytes(), "p"), colours >> 8)
    assert close(as_pixels(deep.astype(">u2"), "p"), deep >> 8)


def test_ten_bit_avif_is_scaled_to_eight() -> None:
    deep = cv2.merge([np.tile(np.arange(0, 1024, 4, dtype=np.uint16), (64, 1))] * 3)
    data = cv2.imencode(".avif", deep, [cv2.IMWRITE_AVIF_DEPTH, 10])[1].tobytes()
    assert close(decode(data, "p"), deep >> 2, 4)


def test_cmyk_jpeg_becomes_bgr() -> None:
    data = encoded(Pil.fromarray(quarters()).convert("CMYK"), "JPEG", quality=95)
    assert close(decode(data, "p"), quarters()[..., ::-1], 4)


def test_transparency_is_kept_and_dropped_from_bgr() -> None:
    picture = Pil.fromarray(quarters()).convert("RGBA")
    picture.putalpha(77)
    pixels = decode(encoded(picture, "PNG"), "p")
    assert pixels.shape == (16, 32, 4)
    assert pixels[0, 0].tolist() == [0, 0, 255, 77]
    assert close(to_bgr(pixels), quarters()[..., ::-1])


def test_grey_stays_one_channel_and_is_repeated_in_bgr() -> None:
    grey = quarters()[..., 1]
    pixels = decode(encoded(Pil.fromarray(grey), "PNG"), "p")
    assert close(pixels, grey)
    assert close(to_bgr(pixels), np.repeat(grey[..., None], 3, axis=2))


def test_grey_with_alpha_has_four_channels() -> None:
    picture = Pil.fromarray(quarters()[..., 1]).convert("LA")
    picture.putalpha(9)
    pixels = decode(encoded(picture, "PNG"), "p")
    assert pixels[0, 31].tolist() == [255, 255, 255, 9]


def test_one_bit_pictures_are_black_and_white() -> None:
    bits = quarters()[..., 1] == 255
    assert close(decode(encoded(Pil.fromarray(bits), "PNG"), "p"), bits * 255)


def test_palettes_become_colours() -> None:
    palette = Pil.fromarray(quarters()).convert("P", palette=Pil.Palette.ADAPTIVE)
    assert close(decode(encoded(palette, "PNG"), "p"), quarters()[..., ::-1])
    transparent = decode(encoded(palette, "PNG", transparency=palette.getpixel((0, 0))), "p")
    assert transparent[0, 0].tolist() == [0, 0, 255, 0]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_cut_short_is_an_error(format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    data = encoded(Pil.fromarray(noise), format)
    with pytest.raises(ImageError, match=r"camera/7\.jpg.*(cut short|not a picture)"):
        decode(data[: len(data) // 2], "camera/7.jpg")


@pytest.mark.parametrize(
    "data", [b"", b"hello, this is text", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0\xff"]
)
def test_what_is_no_picture_is_an_error(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"notes\.txt"):
        decode(data, "notes.txt")


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a"]),
)
def test_arbitrary_bytes_raise_nothing_but_image_errors(data: bytes, magic: bytes) -> None:
    try:
        decode(magic + data, "p")
    except ImageError:
        return


def png_bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def jpeg_bomb() -> bytes:
    data = bytearray(encoded(Pil.fromarray(quarters()), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65500, 65500)
    return bytes(data)


def tiff_bomb() -> bytes:
    tags = struct.pack("<HHII", 0x100, 4, 1, 2**17) + struct.pack("<HHII", 0x101, 4, 1, 2**17)
    return b"II*\0" + struct.pack("<IH", 8, 2) + tags + b"\0\0\0\0"


def bigtiff_bomb() -> bytes:
    tags = struct.pack("<HHQQ", 0x100, 16, 1, 2**17) + struct.pack("<HHQQ", 0x101, 4, 1, 2**17)
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2) + tags + bytes(8)


def tiff_of_two_widths() -> bytes:
    """Decoders go by the first, a signed number, which a reader of the usual types would overlook."""
    widths = struct.pack("<HHIi", 0x100, 9, 1, 2**17) + struct.pack("<HHII", 0x100, 4, 1, 1)
    return b"II*\0" + struct.pack("<IH", 8, 3) + widths + struct.pack("<HHII", 0x101, 4, 1, 2**17) + bytes(4)


def jpeg_2000_bomb(suffix: str) -> bytes:
    """The box before the code stream still says 32 × 16; the decoder does not go by it."""
    data = bytearray(encoded(Pil.fromarray(quarters()), "JPEG2000", num_resolutions=1))
    stream = data.index(b"\xff\x4f\xff\x51")
    data[stream + 8 : stream + 16] = struct.pack(">II", 99_999, 99_999)
    return bytes(data if suffix == ".jp2" else data[stream:])


def avif_bomb() -> bytes:
    data = bytearray(cv2.imencode(".avif", quarters())[1].tobytes())
    size = data.index(b"ispe")
    data[size + 8 : size + 16] = struct.pack(">II", 99_999, 99_999)
    return bytes(data)


FORMATS = {
    "jpeg": encoded(Pil.fromarray(quarters()), "JPEG"),
    "png": encoded(Pil.fromarray(quarters()), "PNG"),
    "gif": encoded(Pil.fromarray(quarters()), "GIF"),
    "bmp": encoded(Pil.fromarray(quarters()), "BMP"),
    "tiff": encoded(Pil.fromarray(quarters()), "TIFF"),
    "bigtiff": encoded(Pil.fromarray(quarters()), "TIFF", big_tiff=True),
    "lossy webp": encoded(Pil.fromarray(quarters()), "WEBP"),
    "lossless webp": encoded(Pil.fromarray(quarters()), "WEBP", lossless=True),
    "extended webp": encoded(Pil.fromarray(quarters()), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "ppm": encoded(Pil.fromarray(quarters()), "PPM"),
    "pgm": encoded(Pil.fromarray(quarters()[..., 0]), "PPM"),
    "jp2": encoded(Pil.fromarray(quarters()), "JPEG2000", num_resolutions=1),
    "j2k": encoded(Pil.fromarray(quarters()), "JPEG2000", num_resolutions=1, no_jp2=True),
    "text ppm": b"P3 # c\n32\t16\r\n255\n" + b"7 8 9 " * 512,
    **{suffix: cv2.imencode(suffix, quarters())[1].tobytes() for suffix in (".pam", ".ras", ".avif")},
}


@pytest.mark.parametrize("format", FORMATS)
def test_the_header_tells_the_size_that_the_decoder_finds(format: str) -> None:
    assert picture_size(FORMATS[format]) == (32, 16)
    assert decode(FORMATS[format], "p").shape[:2] == (16, 32)


def test_what_cannot_be_measured_before_it_is_decoded_is_refused() -> None:
    floats = cv2.imencode(".hdr", np.ones((16, 32, 3), np.float32))[1].tobytes()
    with pytest.raises(ImageError, match=r"lamp: .* not a picture.*; expected JPEG"):
        decode(floats, "lamp")


def test_a_header_that_lies_is_found_out_after_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 100)
    frames = [Pil.fromarray(quarters())] * 2  # a film has its size a second time, and the decoder goes by that one
    data = bytearray(encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:]))
    size = data.index(b"ispe")
    data[size + 8 : size + 16] = struct.pack(">II", 4, 4)
    with pytest.raises(ImageError, match="32 × 16 pixels are too many"):
        decode(bytes(data), "p")


BOMBS = {
    "png": png_bomb(20_000, 20_000),
    "jpeg": jpeg_bomb(),
    "tiff": tiff_bomb(),
    "gif": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 20,
    "bmp": b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 60_000, -60_000) + b"\0" * 40,
    "bigtiff": bigtiff_bomb(),
    "tiff of two widths": tiff_of_two_widths(),
    "webp": b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\xff\0" * 2 + bytes(40),
    "pgm": b"P5 # a\n# 1 1\n 99999 # wide\n99999 255\n",
    "pbm": b"P4\n100000 100000\n",
    "pam": b"P7\n# WIDTH\nWIDTH 99999\nHEIGHT 99999\nDEPTH 1\nMAXVAL 255\nENDHDR\n",
    "sun raster": b"\x59\xa6\x6a\x95" + struct.pack(">7I", 99999, 99999, 8, 0, 1, 0, 0),
    "jp2": jpeg_2000_bomb(".jp2"),
    "j2k": jpeg_2000_bomb(".j2k"),
    "avif": avif_bomb(),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_too_many_pixels_are_refused_before_decoding(bomb: str) -> None:
    with pytest.raises(ImageError, match=f"at most {MAX_PIXELS:,}"):
        decode(BOMBS[bomb], bomb)


@pytest.mark.parametrize(
    ("array", "advice"),
    [
        (np.zeros((4, 4, 3), np.float32), "multiply .* by 255"),
        (np.full((4, 4), 200.0), "uint8"),
        (np.zeros((4, 4), bool), "bool"),
        (np.zeros((4, 4), np.int64), r"astype\(numpy.uint8\)"),
        (np.zeros((3, 4, 5), np.uint8), "transpose"),
        (np.zeros((2, 4, 4, 3), np.uint8), "one by one"),
        (np.zeros((4, 4, 2), np.uint8), "1, 3 or 4 channels"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (np.zeros(4, np.uint8), "height × width"),
        ([[1, 2], [3, 4]], "numpy array"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused_with_advice(array: object, advice: str) -> None:
    with pytest.raises(ImageError, match=f"frame.*{advice}"):
        as_pixels(array, "frame")


def test_an_array_is_looked_at_in_place_and_stays_writeable() -> None:
    array = quarters()
    view = as_pixels(array, "p")
    assert np.shares_memory(view, array)
    assert array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 0


def test_a_part_of_a_frame_is_not_copied_but_a_mirrored_one_is() -> None:
    array = quarters()
    assert np.shares_memory(as_pixels(array[2:9, 3:7], "p"), array)
    mirrored = as_pixels(array[..., ::-1], "p")
    assert mirrored.flags.c_contiguous
    assert close(mirrored, array[..., ::-1])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr", "HSV"])
def test_pil_pictures_become_bgr(mode: str) -> None:
    picture = Pil.fromarray(quarters()).convert(mode)
    wanted = np.asarray(picture.convert("RGB"))[..., ::-1]
    assert close(to_bgr(from_pil(picture, "p")), wanted)


def test_pil_transparency_orientation_and_sixteen_bits_are_kept() -> None:
    picture = Pil.fromarray(quarters()).convert("RGBA")
    picture.putalpha(50)
    picture.getexif()[ORIENTATION] = 6
    pixels = from_pil(picture, "p")
    assert pixels.shape == (32, 16, 4)
    assert pixels[0, 15].tolist() == [0, 0, 255, 50]
    deep = (np.arange(600, dtype=np.uint16) * 100).reshape(20, 30)
    assert close(from_pil(Pil.fromarray(deep), "p"), deep >> 8)


def test_pil_pictures_that_cannot_be_read_are_errors() -> None:
    data = encoded(Pil.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), dtype=np.uint8)), "PNG")
    with pytest.raises(ImageError, match="PIL"):
        from_pil(Pil.open(io.BytesIO(data[:2000])), "p")
    with pytest.raises(ImageError, match="convert"):
        from_pil(Pil.fromarray(quarters()).convert("F"), "p")
