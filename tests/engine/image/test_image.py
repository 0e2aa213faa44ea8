"""An image is lazy, read-only, and its crops know exactly where they come from."""

import base64
import gc
import io
import json
import threading
import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pil

from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.image.decode import decode

NOISE = np.random.default_rng(7).integers(0, 256, (40, 60, 3), dtype=np.uint8)
PNG = cv2.imencode(".png", NOISE)[1].tobytes()
BASE64 = base64.b64encode(PNG).decode()

numbers = st.one_of(
    st.floats(-100, 200, width=32), st.integers(-100, 200), st.sampled_from([0.5, 1.5, 2.5, 1e30, -1e30])
)
boxes = st.tuples(numbers, numbers, numbers, numbers)


def clamped(value: float, limit: int) -> int:
    return min(max(round(value), 0), limit)


@given(boxes)
def test_a_crop_is_the_slice_at_rounded_and_clamped_coordinates(
    box: tuple[float, float, float, float],
) -> None:
    left, right = clamped(box[0], 60), clamped(box[2], 60)
    top, bottom = clamped(box[1], 40), clamped(box[3], 40)
    crop = Image(NOISE).crop(*box, id="c")
    if left >= right or top >= bottom:
        assert crop is None
    else:
        assert crop is not None
        assert np.array_equal(crop.pixels, NOISE[top:bottom, left:right])
        assert (crop.width, crop.height) == (right - left, bottom - top)


@given(st.lists(boxes, max_size=8))
def test_many_crops_equal_single_crops(rows: list[tuple[float, float, float, float]]) -> None:
    image = Image(NOISE)
    many = image.crops(np.array(rows, np.float64).reshape(-1, 4), [str(i) for i in range(len(rows))])
    for i, row in enumerate(rows):
        one = image.crop(*row, id=str(i))
        found = many[i]
        assert (one is None) == (found is None)
        if one is not None and found is not None:
            assert found.id == str(i)
            assert found.origin == one.origin


@given(st.lists(st.tuples(*[st.integers(-3, 40)] * 4), min_size=1, max_size=5))
def test_nested_crops_point_back_to_the_root(cuts: list[tuple[int, int, int, int]]) -> None:
    image, parents = Image(NOISE, id="root"), []
    for number, (x, y, width, height) in enumerate(cuts):
        inner = image.crop(x, y, x + width, y + height, id=str(number))
        if inner is None:
            break
        parents.append(image)
        assert inner.parent is image
        image = inner
    x, y = (round(value) for value in image.origin.to_root[:2])
    assert image.root.id == image.origin.root.id == "root"
    assert np.array_equal(image.pixels, NOISE[y : y + image.height, x : x + image.width])
    assert [image.origin.root.width, image.origin.root.height] == [60, 40]


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0, 1), st.floats(0, 1))
def test_a_resized_crop_maps_its_corners_to_those_of_the_crop(
    width: int, height: int, right: float, down: float
) -> None:
    crop = Image(NOISE).crop(10, 5, 50, 25, id="c")
    assert crop is not None
    resized = crop.with_pixels(cv2.resize(crop.bgr, (width, height)))
    to_root = resized.origin.to_root
    assert to_root.offset_x + right * width * to_root.scale_x == pytest.approx(10 + right * 40)
    assert to_root.offset_y + down * height * to_root.scale_y == pytest.approx(5 + down * 20)
    assert resized.id == crop.id
    assert resized.root is crop.root


def test_pixels_of_the_same_size_keep_the_origin() -> None:
    crop = Image(NOISE, stream="cam", frame=4).crop(10, 5, 50, 25, id="c")
    assert crop is not None
    drawn = crop.with_pixels(np.zeros((20, 40, 3), np.uint8))
    assert drawn.origin is crop.origin
    assert drawn.parent is crop.parent
    assert (drawn.stream, drawn.frame) == ("cam", 4)
    again = drawn.crop(1, 2, 5, 6, id="d")
    assert again is not None
    assert again.origin.to_root[:2] == (11, 7)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("corner", range(4))
def test_a_box_that_is_not_finite_gives_no_crop(bad: float, corner: int) -> None:
    box = [0.0, 0.0, 10.0, 10.0]
    box[corner] = bad
    assert Image(NOISE).crop(*box) is None


def test_no_boxes_give_no_crops_and_ids_must_fit() -> None:
    assert Image(NOISE).crops(np.empty((0, 4), np.float32), []) == []
    with pytest.raises(ValueError, match="1 boxes"):
        Image(NOISE).crops(np.zeros((1, 4)), [])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_crops_are_read_only_views_that_leave_the_original_alone(channels: int) -> None:
    array = np.random.default_rng(0).integers(0, 256, (20, 30, channels), dtype=np.uint8)
    image = Image(array)
    crop = image.crop(-5, 2, 9, 12)
    assert crop is not None
    assert np.shares_memory(crop.pixels, array)
    assert np.shares_memory(crop.bgr, image.bgr)
    assert crop.bgr.shape == (10, 9, 3)
    for pixels in (image.pixels, image.bgr, crop.pixels, crop.bgr):
        with pytest.raises(ValueError, match="read-only"):
            pixels[0, 0] = 1
    array[5, 5] = 99
    assert (crop.pixels[3, 5] == 99).all()


def test_single_channel_pixels_have_two_dimensions() -> None:
    assert Image(np.zeros((4, 5, 1), np.uint8)).pixels.shape == (4, 5)


def test_a_copy_lets_the_frame_go_but_keeps_its_origin() -> None:
    image = Image.load(PNG, id="f", stream="cam", frame=3)
    crop = image.crop(3, 4, 10, 10, id="c")
    assert crop is not None
    pinned = weakref.ref(image.pixels.base if image.pixels.base is not None else image.pixels)
    copied, wanted = crop.copy(), NOISE[4:10, 3:10]
    del image, crop
    gc.collect()
    assert pinned() is None
    assert np.array_equal(copied.pixels, wanted)
    assert copied.origin.root.id == "f"
    assert (copied.stream, copied.frame, copied.parent) == ("cam", 3, None)


@pytest.mark.parametrize(
    "value",
    [
        PNG,
        bytearray(PNG),
        memoryview(PNG),
        BASE64,
        "\n".join(BASE64[i : i + 76] for i in range(0, len(BASE64), 76)),
        f"data:image/png;base64,{BASE64}",
        NOISE,
        Pil.fromarray(NOISE[..., ::-1]),
        {"type": "base64", "value": BASE64},
        {"type": "base64", "value": BASE64.encode()},
        {"type": "base64", "value": f"data:image/png;base64,{BASE64}"},
        {"type": "numpy_object", "value": NOISE},
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_way_to_give_a_picture_gives_the_same_pixels(value: object) -> None:
    image = Image.load(value, id="a")
    assert np.array_equal(image.bgr, NOISE)
    assert image.id == "a"
    assert image.origin.id == "a"


def test_paths_are_relative_to_the_base_and_then_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "base/ä b.png").write_bytes(PNG)
    (tmp_path / "here/c.png").write_bytes(PNG)
    base = tmp_path / "base"
    values = [
        "ä b.png",
        Path("ä b.png"),
        {"type": "file", "value": "ä b.png"},
        "c.png",
        tmp_path / "here/c.png",
    ]
    for value in values:
        assert np.array_equal(Image.load(value, base=base).pixels, NOISE)
    with pytest.raises(ImageError) as error:
        Image.load("gone.png", base=base).decode()
    assert str(tmp_path / "base/gone.png") in str(error.value)
    assert str(tmp_path / "here/gone.png") in str(error.value)


def test_a_file_is_read_when_its_pixels_are_needed(tmp_path: Path) -> None:
    image = Image.load(tmp_path / "late.png")
    assert "not read yet" in repr(image)
    (tmp_path / "late.png").write_bytes(PNG)
    assert (image.width, image.height) == (60, 40)
    (tmp_path / "late.png").unlink()
    assert image.decode() is image
    assert "60×40" in repr(image)


def test_an_image_with_a_name_is_returned_as_it_is() -> None:
    image = Image(NOISE, id="scene")
    assert Image.load(image, id="other") is image
    assert Image.load(image) is image
    crop = Image(NOISE).crop(0, 0, 5, 5)
    assert Image.load(crop, id="other") is crop


def test_an_image_without_a_name_gets_one_and_shares_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "late.png").write_bytes(PNG)
    for image in (Image(NOISE, stream="cam", frame=3), Image.load(tmp_path / "late.png", stream="cam", frame=3)):
        assert Image.load(image) is image
        named = Image.load(image, id="image.[1]")
        assert named.pixels is image.pixels
        assert (named.id, named.origin.id, named.stream, named.frame) == ("image.[1]", "image.[1]", "cam", 3)
        assert (image.id, image.origin.id) == ("image", "image")
        assert Image.load(named, id="other") is named


def test_what_was_made_of_an_image_without_a_name_gets_one_too() -> None:
    image = Image(NOISE)
    drawn = Image.load(image.with_pixels(NOISE[::-1]), id="a")
    assert (drawn.id, drawn.origin) == ("a", Image(NOISE, id="a").origin)
    half = Image.load(image.with_pixels(NOISE[::2, ::2]), id="a")
    assert (half.origin.root, half.root.id, half.origin.to_root.scale_x) == (drawn.origin, "a", 2)
    assert Image.load(image.copy(), id="a").origin == drawn.origin


def test_threads_that_load_at_once_all_see_the_pixels() -> None:
    for _ in range(20):
        image, found = Image.load(PNG), []
        barrier = threading.Barrier(4)

        def look(image: Image = image, found: list[bool] = found, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            found.append(np.array_equal(image.pixels, NOISE))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True] * 4


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "expected a path"),
        (None, "expected a path"),
        ({"type": "bse64", "value": "x"}, "did you mean 'base64'"),
        ({"value": BASE64}, "unknown picture type None"),
        ({"type": "base64", "value": 3}, "base64 text"),
        ({"type": "url", "value": "pictures/a.png"}, "URL"),
        ({"type": "numpy_object", "value": b"\x80\x04pickle"}, "pickled arrays are refused"),
        (np.zeros((4, 4, 3)), "multiply"),
    ],
)
def test_what_can_never_be_a_picture_is_refused_at_once(value: object, message: str) -> None:
    with pytest.raises(ImageError, match=f"image 'x'.*{message}"):
        Image.load(value, id="x")


def test_a_torch_tensor_is_refused_with_the_way_to_convert_it() -> None:
    tensor = type("Tensor", (), {"__module__": "torch"})()
    with pytest.raises(ImageError, match="permute"):
        Image.load(tensor)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"no picture", "image 'x'"),
        ("data:image/png;base64,%%%", "image 'x'.*not base64"),
        ("data:image/png;base64", "comma"),
        ({"type": "base64", "value": "äöü"}, "not base64"),
        ("A" * 10_000, r"10,000 characters\) is not the base64"),
        ("a\0b", "no such picture file"),
        ("http://example.com/a.png", "http://example.com/a.png.*allow_urls=True"),
    ],
)
def test_what_turns_out_bad_is_refused_on_first_use(value: object, message: str) -> None:
    image = Image.load(value, id="x")
    with pytest.raises(ImageError, match=message):
        image.decode()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/a.png", "rtsp://10.0.0.1/live"])
def test_only_http_and_https_are_fetched(url: str) -> None:
    with pytest.raises(ImageError, match="only http and https"):
        Image.load(url, allow_urls=True).decode()


def test_encoding_gives_files_that_decode_to_the_same_picture() -> None:
    crop = Image(NOISE).crop(5, 5, 25, 15)
    assert crop is not None
    assert np.array_equal(decode(crop.encode(".png"), "p"), crop.pixels)
    assert crop.encode(".jpg").startswith(b"\xff\xd8")
    assert len(crop.encode(".jpg", quality=10)) < len(crop.encode(".jpg"))
    with pytest.raises(ImageError, match=r"\.xyz"):
        crop.encode(".xyz")


def test_the_json_form_of_an_input_has_no_parent() -> None:
    wire = Image(np.full((40, 60, 3), 90, np.uint8), id="image.[3]").to_json()
    assert json.loads(json.dumps(wire)) == wire
    assert wire.keys() == {"type", "value", "video_metadata"}
    metadata = wire["video_metadata"]
    names = "video_identifier frame_number frame_timestamp fps measured_fps comes_from_video_file total_frames"
    assert metadata == dict.fromkeys(names.split())
    with Pil.open(io.BytesIO(base64.b64decode(wire["value"]))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (60, 40))
    read = Image.from_json(wire)
    assert (read.bgr == 90).all()
    assert (read.stream, read.frame) == (None, None)


def test_the_json_form_says_what_is_known_of_the_frame_and_is_the_same_each_time() -> None:
    image = Image(NOISE, stream="cam", frame=0)
    metadata = image.to_json()["video_metadata"]
    assert (metadata["video_identifier"], metadata["frame_number"]) == ("cam", 0)
    assert image.to_json() == image.to_json()


@pytest.mark.parametrize(
    ("shape", "alpha"), [((4, 6), False), ((4, 6, 1), False), ((4, 6, 3), False), ((4, 6, 4), True)]
)
def test_only_a_fourth_channel_is_transparency(shape: tuple[int, ...], alpha: bool) -> None:
    assert Image(np.zeros(shape, np.uint8)).has_alpha is alpha


def test_the_json_form_of_a_crop_names_parent_and_root() -> None:
    crop = Image(NOISE, id="v#3", stream="v", frame=3).crop(10, 5, 50, 25, id="v#3/detect/0")
    assert crop is not None
    inner = crop.crop(4, 2, 9, 8, id="v#3/detect/0/digits/1")
    assert inner is not None
    wire = inner.to_json()
    assert wire["parent_id"] == inner.id
    assert wire["parent_origin"] == {"offset_x": 4, "offset_y": 2, "width": 40, "height": 20}
    assert wire["root_parent_id"] == "v#3"
    assert wire["root_parent_origin"] == {"offset_x": 14, "offset_y": 7, "width": 60, "height": 40}
    read = Image.from_json(wire, id="again")
    assert (read.stream, read.frame, read.width, read.height) == ("v", 3, 5, 6)


def test_transparency_survives_the_json_form() -> None:
    pixels = np.dstack([NOISE, NOISE[..., 0]])
    assert np.array_equal(Image.from_json(Image(pixels).to_json()).pixels, pixels)


def test_frame_and_stream_are_inherited_by_crops_and_read_from_the_json_form() -> None:
    metadata = {"video_identifier": "cam", "frame_number": 9, "fps": 12.5}
    image = Image.load({"type": "numpy_object", "value": NOISE, "video_metadata": metadata})
    crop = image.crop(0, 0, 5, 5)
    assert crop is not None
    assert (crop.stream, crop.frame, crop.fps) == ("cam", 9, 12.5)
    read = Image.from_json(crop.with_pixels(NOISE).copy().to_json())
    assert (read.stream, read.frame, read.fps) == ("cam", 9, 12.5)
    unknown = Image.load({"type": "numpy_object", "value": NOISE, "video_metadata": {**metadata, "fps": 0}})
    assert unknown.fps is None
    assert crop.root is image
