"""Saved pictures: they are where the class says, whole, and none replaces another of the same run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import (
    Block,
    Classification,
    Image,
    ImageError,
    InputError,
    OutputFolder,
    Workflow,
    WorkflowError,
)
from cropflow.detections import take
from cropflow_blocks.sinks.image_sink import ImageSink
from cropflow_blocks.transform.dynamic_crop import DynamicCrop

RNG = np.random.default_rng(0)


def picture(id: str, shape: tuple[int, ...] = (30, 40, 3)) -> Image:
    return Image(RNG.integers(0, 256, shape, np.uint8), id=id)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def read(path: Path) -> Any:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_a_png_has_the_pixels_of_the_picture_and_leaves_nothing_else(tmp_path: Path) -> None:
    for shape in [(30, 40, 3), (30, 40), (30, 40, 4)]:
        image = picture(f"shape{len(shape)}{shape[-1]}", shape)
        path = ImageSink(OutputFolder(tmp_path)).run(image).path
        assert np.array_equal(read(tmp_path / path), image.pixels)
    assert files(tmp_path) == ["shape240.png", "shape33.png", "shape34.png"]


@pytest.mark.parametrize("ext", [".jpg", ".jpeg", ".webp", ".JPG"])
def test_the_extension_of_the_name_is_the_format(tmp_path: Path, ext: str) -> None:
    image = Image(np.full((30, 40, 3), (10, 120, 240), np.uint8), id="a.jpg")
    path = ImageSink(OutputFolder(tmp_path)).run(image, file_name="{source}" + ext).path
    assert path == f"a{ext}"
    assert np.abs(read(tmp_path / path).astype(int) - image.pixels).max() <= 6
    start = (tmp_path / path).read_bytes()[:12]
    assert start.startswith(b"RIFF") if ext == ".webp" else start.startswith(b"\xff\xd8")


def boxes(*names: str) -> Detections:
    count = len(names)
    return Detections(
        np.tile(np.array([0.0, 0, 5, 5]), (count, 1)),
        confidence=np.linspace(0.5, 0.75, count),
        class_id=np.arange(count),
        data={"class_name": np.array(names)},
    )


@pytest.mark.parametrize(
    ("predictions", "path"),
    [
        ("cat", "cat/a_cat.png"),
        (Classification(("cat", "dog"), np.array([0.25, 0.75], np.float32)), "dog/a_dog.png"),
        (Classification(("cat", "dog"), np.array([0.25, 0.75], np.float32), threshold=0.9), "a.png"),
        (boxes("cat", "dog"), "dog/a_dog.png"),
        (take(boxes("cat", "dog"), []), "a.png"),
        (Detections(np.array([[0.0, 0, 5, 5]])), "a.png"),
        (None, "a.png"),
    ],
)
def test_the_folder_is_the_class_where_one_is_known(tmp_path: Path, predictions: Any, path: str) -> None:
    assert ImageSink(OutputFolder(tmp_path)).run(picture("a.jpg"), predictions).path == path
    assert files(tmp_path) == [path]


def test_the_confidence_can_stand_in_the_name(tmp_path: Path) -> None:
    sink = ImageSink(OutputFolder(tmp_path))
    assert sink.run(picture("a.jpg"), boxes("cat"), "{confidence} {source}.png", "").path == "0.50 a.png"


def test_no_file_of_a_run_replaces_another(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path)
    first, second = ImageSink(folder), ImageSink(folder)
    images = [picture("a/1.jpg"), picture("b/1.jpg"), picture("a/1.png"), picture("a/1.jpg")]
    sinks = [first, first, second, first]
    paths = [sink.run(image).path for sink, image in zip(sinks, images, strict=True)]
    assert paths == ["a/1.png", "b/1.png", "a/1~2.png", "a/1~3.png"]
    for path, image in zip(paths, images, strict=True):
        assert np.array_equal(read(tmp_path / path), image.pixels)


def test_names_that_some_file_systems_take_for_one_stay_apart(tmp_path: Path) -> None:
    sink = ImageSink(OutputFolder(tmp_path))
    labels = ["A", "a", "É", "E\u0301", "a~2"]
    paths = [sink.run(picture("x.jpg"), label, "{class}.png", "").path for label in labels]
    assert paths == ["A.png", "a~2.png", "É.png", "E\u0301~2.png", "a~2~2.png"]


def test_a_file_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    image = picture("a.jpg")
    assert ImageSink(OutputFolder(tmp_path)).run(image).path == "a.png"
    assert np.array_equal(read(tmp_path / "a.png"), image.pixels)


def test_a_picture_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"webp"):
        ImageSink(OutputFolder(tmp_path)).run(picture("a.jpg", (1, 20000, 3)), file_name="{source}.webp")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OSError, match=r"b\.png"):
        ImageSink(OutputFolder(tmp_path)).run(picture("b.jpg"))
    assert files(tmp_path) == []


def test_no_path_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "out", tmp_path / "elsewhere"
    outside.mkdir()
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    sink = ImageSink(OutputFolder(inside))
    with pytest.raises(ValueError, match="leads out of the output folder"):
        sink.run(picture("a.jpg"), folder="link")
    sink.run(picture("../../elsewhere/a.jpg"))
    sink.run(picture("a.jpg"), "../../elsewhere")
    assert files(outside) == []
    assert len(files(inside)) == 2


class Halves(Block):
    """A box around each half of the picture, and one beside it."""

    type = "test/halves@v1"

    class Output(NamedTuple):
        predictions: Detections

    def run(self, image: Image) -> Output:
        middle, right, bottom = image.width / 2, image.width, image.height
        corners = [[0, 0, middle, bottom], [right, 0, right + 9, bottom], [middle, 0, right, bottom]]
        names = np.array(["left", "beside", "right"])
        return self.Output(Detections(np.array(corners), class_id=np.arange(3), data={"class_name": names}))


def document(**fields: object) -> dict[str, Any]:
    crop = {
        "type": "dynamic_crop@v1",
        "name": "crop",
        "images": "$inputs.image",
        "predictions": "$steps.halves.predictions",
    }
    save = {
        "type": "image_sink@v1",
        "name": "save",
        "image": "$steps.crop.crops",
        "predictions": "$steps.crop.predictions",
        **fields,
    }
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "test/halves@v1", "name": "halves", "image": "$inputs.image"}, crop, save],
        "outputs": [{"type": "JsonField", "name": "paths", "selector": "$steps.save.path"}],
    }


def load(out: Path, **fields: object) -> Workflow:
    blocks = [Halves, DynamicCrop, ImageSink]
    return Workflow.load(document(**fields), blocks=blocks, resources=[OutputFolder(out)])


def test_crops_are_sorted_by_class_whatever_was_left_out(tmp_path: Path) -> None:
    images = [picture("sub/a.jpg"), picture("sub/b.jpg", (20, 10, 3))]
    rows = load(tmp_path).run({"image": images})
    assert [row["paths"] for row in rows] == [
        ["left/sub/a_left-0.png", None, "right/sub/a_right-2.png"],
        ["left/sub/b_left-0.png", None, "right/sub/b_right-2.png"],
    ]
    assert np.array_equal(read(tmp_path / "right/sub/b_right-2.png"), images[1].pixels[:, 5:])
    assert len(files(tmp_path)) == 4


def test_names_do_not_depend_on_batching(tmp_path: Path) -> None:
    images = [picture("sub/a.jpg"), picture("sub/b.jpg")]
    load(tmp_path / "together").run({"image": images})
    one_by_one = load(tmp_path / "single")
    for image in reversed(images):
        one_by_one.run({"image": image})
    assert files(tmp_path / "together") == files(tmp_path / "single")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file_name": "{klass}.png"}, "expected: a name with {source}, {class}, {index}, {id}, {confidence}; "),
        ({"file_name": "{klass}.png"}, "did you mean {class}"),
        ({"file_name": "{class.png"}, "expected: a name with braces around placeholders only"),
        ({"file_name": "{source}.gif"}, "expected: a name that ends in one of"),
        ({"folder": "../{class}"}, "expected: a path inside the output folder, without '..'"),
    ],
)
def test_a_wrong_name_is_found_when_the_document_is_compiled(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    with pytest.raises(WorkflowError, match=re.escape(said)):
        load(tmp_path, **fields)


def test_a_name_given_by_a_step_is_checked_too(tmp_path: Path) -> None:
    given = document(file_name="$inputs.name")
    given["inputs"].append({"type": "WorkflowParameter", "name": "name", "kind": ["string"]})
    workflow = Workflow.load(given, blocks=[Halves, DynamicCrop, ImageSink], resources=[OutputFolder(tmp_path)])
    with pytest.raises(InputError, match="a name that ends in one of"):
        workflow.run({"image": picture("a.jpg"), "name": "{source}"})
