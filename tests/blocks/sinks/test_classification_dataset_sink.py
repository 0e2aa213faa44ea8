"""Data sets for classifiers: Ultralytics reads them as they are, and crops of one picture stay together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import Classification, Image, OutputFolder, Workflow, WorkflowError
from cropflow_blocks.models.quiet import ultralytics_imported
from cropflow_blocks.sinks import ClassificationDatasetSink

RNG = np.random.default_rng(0)


def picture(id: str) -> Image:
    return Image(RNG.integers(0, 256, (30, 40, 3), np.uint8), id=id)


def cut(image: Image, count: int) -> list[Image]:
    corners = np.array([[10 * i, 2, 10 * i + 10, 20] for i in range(count)])
    return [crop for crop in image.crops(corners, [f"{image.id}/detect/{i}" for i in range(count)]) if crop]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_ultralytics_reads_pictures_and_classes(tmp_path: Path) -> None:
    sink = ClassificationDatasetSink(OutputFolder(tmp_path))
    crops = cut(picture("sub/a.jpg"), 4)
    for crop, name in zip(crops, ["dog", "cat", "dog", "owl"], strict=True):
        sink.run(crop, name, file_type="png")
    with ultralytics_imported(tmp_path / "cache"):
        from ultralytics.cfg import get_cfg
        from ultralytics.data.dataset import ClassificationDataset

        read = ClassificationDataset(str(tmp_path / "dataset/train"), args=get_cfg())
    assert read.base.classes == ["cat", "dog", "owl"]
    found = {Path(sample[0]).name: read.base.classes[sample[1]] for sample in read.samples}
    assert found == {"sub-a-0.png": "dog", "sub-a-1.png": "cat", "sub-a-2.png": "dog", "sub-a-3.png": "owl"}
    for sample in read.samples:
        crop = crops[int(Path(sample[0]).stem[-1])]
        assert np.array_equal(cv2.imread(sample[0]), crop.pixels)


@pytest.mark.parametrize(
    ("predictions", "path"),
    [
        ("cat/dog", "dataset/train/cat%2Fdog/a.jpg"),
        (Classification(("cat", "dog"), np.array([0.25, 0.75], np.float32)), "dataset/train/dog/a.jpg"),
        (Classification(("cat", "dog"), np.array([0.25, 0.75], np.float32), threshold=0.9), None),
        (Detections.empty(), None),
        ("", None),
    ],
)
def test_what_has_no_class_is_not_saved(tmp_path: Path, predictions: Any, path: str | None) -> None:
    assert ClassificationDatasetSink(OutputFolder(tmp_path)).run(picture("a.jpg"), predictions).path == path
    assert files(tmp_path) == ([path] if path else [])


def test_a_share_of_the_pictures_goes_to_val_with_all_their_crops_and_always_the_same(tmp_path: Path) -> None:
    images = [picture(f"{i}.jpg") for i in range(40)]
    for name, order in [("one", images), ("other", images[::-1])]:
        sink = ClassificationDatasetSink(OutputFolder(tmp_path / name))
        for image in order:
            for crop in cut(image, 2):
                sink.run(crop, "cat", val=0.25)
    assert files(tmp_path / "one") == files(tmp_path / "other")
    stems = {
        split: {path.stem.rpartition("-")[0] for path in (tmp_path / "one/dataset" / split / "cat").iterdir()}
        for split in ("train", "val")
    }
    assert len(files(tmp_path / "one")) == 80
    assert not stems["train"] & stems["val"]
    assert 4 <= len(stems["val"]) <= 16


def test_a_split_is_named_and_no_picture_replaces_another(tmp_path: Path) -> None:
    sink = ClassificationDatasetSink(OutputFolder(tmp_path))
    ids = ["a/b.jpg", "a-b.jpg", "v.mp4#17"]
    paths = [sink.run(picture(id), "x", split="test", folder="").path for id in ids]
    assert paths == ["test/x/a-b.jpg", "test/x/a-b~2.jpg", "test/x/v#17.jpg"]
    assert files(tmp_path) == sorted(paths)


def test_a_folder_outside_is_refused(tmp_path: Path) -> None:
    step = {"type": "classification_dataset_sink@v1", "name": "save", "images": "$inputs.image", "predictions": "x"}
    inputs = [{"type": "WorkflowImage", "name": "image"}]
    document = {"version": "1.0", "inputs": inputs, "steps": [{**step, "folder": "../up"}], "outputs": []}
    with pytest.raises(WorkflowError, match="a path inside the output folder"):
        Workflow.load(document, resources=[OutputFolder(tmp_path)])
