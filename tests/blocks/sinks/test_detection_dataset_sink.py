"""Data sets for detectors: other libraries read the same boxes back, whatever the order and the interruptions."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import supervision as sv
import yaml
from supervision import Detections

from cropflow import Image, ModelStore, OutputFolder, Workflow
from cropflow_blocks.models.quiet import ultralytics_imported
from cropflow_blocks.sinks import DetectionDatasetSink

ROOT = Path(__file__).parents[3]
SCENES = ROOT / "examples/digits/scenes"
RNG = np.random.default_rng(0)
Format = Literal["yolo", "coco"]


def picture(id: str, width: int = 60, height: int = 40) -> Image:
    return Image(RNG.integers(0, 256, (height, width, 3), np.uint8), id=id)


def boxes(*corners: tuple[float, ...], names: tuple[str, ...] = (), ids: tuple[int, ...] | None = None) -> Detections:
    count = len(corners)
    return Detections(
        np.array(corners, float).reshape(-1, 4),
        class_id=np.arange(count) if ids is None else np.array(ids, int),
        data={"class_name": np.array(names or tuple(f"c{i}" for i in range(count)))},
    )


def save(folder: Path, *pairs: tuple[Image, Detections], **fields: Any) -> Path:
    sink = DetectionDatasetSink(OutputFolder(folder))
    for image, found in pairs:
        sink.run(image, found, **fields)
    sink.close()
    return folder / "dataset"


def read(dataset: Path, format: Format, split: str = "train", **fields: Any) -> sv.DetectionDataset:
    images = str(dataset / "images" / split)
    if format == "coco":
        return sv.DetectionDataset.from_coco(images, str(dataset / f"annotations/{split}.json"), **fields)
    return sv.DetectionDataset.from_yolo(images, str(dataset / "labels" / split), str(dataset / "data.yaml"), **fields)


def by_name(read: sv.DetectionDataset) -> dict[str, Detections]:
    return {Path(path).name: found for path, found in read.annotations.items()}


PAIRS = [
    (picture("sub/a.jpg"), boxes((2, 4, 20.5, 30), (30, 1, 50, 39))),
    (picture("b.png", 33, 17), boxes()),
    (picture("c.jpg"), boxes((-5, -5, 10, 10), (55, 35, 99, 99), (70, 5, 90, 9), (3, 3, 3, 9), ids=(2, 1, 0, 0))),
]


@pytest.mark.parametrize("format", ["yolo", "coco"])
def test_supervision_reads_the_boxes_back(tmp_path: Path, format: Format) -> None:
    names = [("one", "two"), (), ("three", "two", "one", "one")]
    pairs = [
        (image, Detections(found.xyxy, class_id=found.class_id, data={"class_name": np.array(named, str)}))
        for (image, found), named in zip(PAIRS, names, strict=True)
    ]
    back = read(save(tmp_path, *pairs, format=format), format)
    assert back.classes == ["one", "two", "three"]
    found = by_name(back)
    assert set(found) == {"sub-a.jpg", "b.jpg", "c.jpg"}
    assert np.allclose(found["sub-a.jpg"].xyxy, PAIRS[0][1].xyxy, atol=0.01)
    assert found["sub-a.jpg"].class_id.tolist() == [0, 1]
    assert len(found["b.jpg"]) == 0, "a picture without objects is background"
    assert np.allclose(found["c.jpg"].xyxy, [[0, 0, 10, 10], [55, 35, 60, 40]], atol=0.01), "cut to the picture"
    assert found["c.jpg"].class_id.tolist() == [2, 1]


def test_ultralytics_takes_the_data_set(tmp_path: Path) -> None:
    dataset = save(tmp_path, *PAIRS[:2])
    with ultralytics_imported(tmp_path / "cache"):
        from ultralytics.data.dataset import YOLODataset
        from ultralytics.data.utils import check_det_dataset

        facts = check_det_dataset(str(dataset / "data.yaml"), autodownload=False)
        labels = YOLODataset(img_path=facts["train"], data=facts, augment=False, imgsz=64).labels
    assert facts["names"] == {0: "c0", 1: "c1"}
    assert facts["train"] == facts["val"] == str(dataset / "images/train")
    assert len(labels) == 2
    for item in labels:
        expected = {"sub-a.jpg": PAIRS[0][1], "b.jpg": PAIRS[1][1]}[Path(item["im_file"]).name]
        assert item["cls"].ravel().tolist() == expected.class_id.tolist()
        center, size = item["bboxes"][:, :2], item["bboxes"][:, 2:]
        corners = np.hstack([center - size / 2, center + size / 2]) * np.tile(item["shape"][::-1], 2)
        assert np.allclose(corners, expected.xyxy, atol=0.01)


@pytest.mark.parametrize("format", ["yolo", "coco"])
def test_masks_come_back_as_outlines(tmp_path: Path, format: Format) -> None:
    image, found = picture("a.jpg"), boxes((10, 5, 30, 25), (40, 10, 50, 20))
    mask = np.zeros((2, 40, 60), bool)
    mask[0, 5:25, 10:30] = np.add.outer(np.arange(20), np.arange(20)) < 20
    mask[1, 10:20, 40:50] = True
    mask[1, 2:4, 40:43] = True
    found.mask = mask
    back = by_name(read(save(tmp_path, (image, found), format=format), format))["a.jpg"]
    assert (back.mask[0] == mask[0]).mean() > 0.99
    assert (back.mask[1] == mask[1]).mean() > 0.99


def test_boxes_beside_outlines_become_outlines_and_turned_boxes_keep_their_corners(tmp_path: Path) -> None:
    turned = boxes((10, 10, 30, 30))
    turned.data["xyxyxyxy"] = np.array([[[20, 10], [30, 20], [20, 30], [10, 20]]], np.float32)
    dataset = save(tmp_path, (picture("a.jpg"), turned), (picture("b.jpg"), boxes((6, 4, 12, 8))))
    lines = {path.stem: path.read_text().split() for path in (dataset / "labels/train").iterdir()}
    assert np.allclose(np.array(lines["a"][1:], float).reshape(4, 2) * [60, 40], turned.data["xyxyxyxy"][0], atol=0.01)
    assert np.allclose(
        np.array(lines["b"][1:], float).reshape(4, 2) * [60, 40], [[6, 4], [12, 4], [12, 8], [6, 8]], atol=0.01
    )


def test_boxes_of_the_whole_picture_are_moved_into_a_crop(tmp_path: Path) -> None:
    image = picture("a.jpg")
    (crop,) = image.crops(np.array([[20, 10, 50, 40]]), ["a.jpg/detect/7"])
    assert crop is not None
    found = boxes((25, 15, 35, 30))
    found.metadata["origin"] = image.origin
    back = by_name(read(save(tmp_path, (crop, found)), "yolo"))
    assert np.allclose(back["a-7.jpg"].xyxy, [[5, 5, 15, 20]], atol=0.01)


@pytest.mark.parametrize(
    ("names", "ids", "wanted", "classes"),
    [
        (("b", "a"), (2, 0), [], ["a", "class_1", "b"]),
        (("b", "a"), (0, 0), [], ["a", "b"]),
        (("b", "b"), (0, 1), [], ["b"]),
        (("b", "a"), (5, 9), ["x", "b", "a"], ["x", "b", "a"]),
    ],
)
def test_classes_have_the_numbers_of_the_model_or_of_the_alphabet(
    tmp_path: Path, names: tuple[str, ...], ids: tuple[int, ...], wanted: list[str], classes: list[str]
) -> None:
    found = boxes((1, 1, 9, 9), (20, 1, 30, 9), names=names, ids=ids)
    back = read(save(tmp_path, (picture("a.jpg"), found), class_names=wanted), "yolo")
    assert back.classes == classes
    assert [back.classes[number] for number in by_name(back)["a.jpg"].class_id] == list(names)


def test_boxes_without_classes_and_names_are_kept(tmp_path: Path) -> None:
    plain = Detections(np.array([[1.0, 1, 9, 9]]))
    assert read(save(tmp_path / "a", (picture("a.jpg"), plain)), "yolo").classes == ["object"]
    numbered = Detections(np.array([[1.0, 1, 9, 9]]), class_id=np.array([1]))
    assert read(save(tmp_path / "b", (picture("a.jpg"), numbered)), "yolo").classes == ["class_0", "class_1"]


def test_a_class_that_is_not_among_those_wanted_is_an_error(tmp_path: Path) -> None:
    sink = DetectionDatasetSink(OutputFolder(tmp_path))
    with pytest.raises(ValueError, match="the class 'c0' is not among class_names \\('cat'\\); add it, or filter"):
        sink.run(picture("a.jpg"), boxes((1, 1, 9, 9)), class_names=["cat"])
    sink.close()
    assert list(tmp_path.iterdir()) == []


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("format", ["yolo", "coco"])
def test_a_run_that_was_killed_and_resumed_gives_the_same_data_set(tmp_path: Path, format: Format) -> None:
    pairs = [(picture(f"{i}.jpg"), boxes((1, 1, 9, 9), names=(f"n{i % 3}",), ids=(7 - i,))) for i in range(6)]
    save(tmp_path / "whole", *pairs, format=format, val=0.4)
    killed = DetectionDatasetSink(OutputFolder(tmp_path / "killed"))
    for image, found in pairs[:3]:
        killed.run(image, found, format, val=0.4)
    lines = tmp_path / "killed/dataset/objects.jsonl"
    noted = lines.stat().st_size
    killed.run(*pairs[3], format, val=0.4)
    with lines.open("r+b") as file:
        file.truncate(noted)
    save(tmp_path / "killed", *pairs[3:], format=format, val=0.4)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert {path.name for path in (tmp_path / "whole/dataset/images").iterdir()} == {"train", "val"}


def test_a_later_run_adds_to_the_data_set_and_classes_may_change_their_numbers(tmp_path: Path) -> None:
    save(tmp_path, (picture("a.jpg"), boxes((1, 1, 9, 9), names=("zebra",))))
    save(tmp_path, (picture("b.jpg"), boxes((1, 1, 9, 9), names=("ant",))))
    back = read(tmp_path / "dataset", "yolo")
    named = {name: back.classes[found.class_id[0]] for name, found in by_name(back).items()}
    assert named == {"a.jpg": "zebra", "b.jpg": "ant"}


@pytest.mark.parametrize("format", ["yolo", "coco"])
def test_a_later_run_replaces_a_picture_of_the_same_name(tmp_path: Path, format: Format) -> None:
    for corner in (9.0, 20.0):
        save(tmp_path, (picture("a.jpg"), boxes((1, 1, corner, corner))), format=format)
    back = by_name(read(tmp_path / "dataset", format))
    assert np.allclose(back["a.jpg"].xyxy, [[1, 1, 20, 20]], atol=0.01)


def test_strangers_in_the_folder_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, (picture("old.jpg"), boxes((1, 1, 9, 9))))
    sink = DetectionDatasetSink(OutputFolder(tmp_path, fresh=True))
    sink.run(picture("new.jpg"), boxes((1, 1, 9, 9)))
    with caplog.at_level(logging.WARNING, "cropflow"):
        sink.close()
    assert "holds pictures that do not belong to the data set, such as 'old.jpg' (1 in all)" in caplog.text


def test_a_document_makes_a_data_set_of_what_a_model_finds(tmp_path: Path) -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "roboflow_core/roboflow_object_detection_model@v2",
                "name": "detect",
                "images": "$inputs.image",
                "model_id": str(ROOT / "models/digits-detect.pt"),
            },
            {
                "type": "detection_dataset_sink@v1",
                "name": "save",
                "image": "$inputs.image",
                "predictions": "$steps.detect.predictions",
            },
        ],
        "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.detect.predictions"}],
    }
    images = [Image.load(path, id=path.name) for path in sorted((SCENES / "form").iterdir())]
    resources = [ModelStore(device="cpu"), OutputFolder(tmp_path)]
    with Workflow.load(document, resources=resources) as workflow:
        rows = list(workflow.run({"image": images}))
    assert yaml.safe_load((tmp_path / "dataset/data.yaml").read_text())["names"] == {0: "digit"}
    back = by_name(read(tmp_path / "dataset", "yolo"))
    for image, row in zip(images, rows, strict=True):
        assert len(row["found"]) > 5
        assert np.allclose(back[f"{Path(image.id).stem}.jpg"].xyxy, row["found"].xyxy, atol=1)
    lines = (tmp_path / "dataset/objects.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["01.jpg", "02.jpg", "03.jpg"]
