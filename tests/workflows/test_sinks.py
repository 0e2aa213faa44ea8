"""The documents that make videos and data sets, on shipped pictures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import supervision as sv

from cropflow import Image, ModelStore, OutputFolder, Workflow


def test_a_video_shows_what_was_found_on_every_frame(
    workflows: Path, pictures: dict[str, Path], store: ModelStore, tmp_path: Path
) -> None:
    plain = {
        f"{kind}.mp4": [cv2.imread(str(path)) for name, path in pictures.items() if name.startswith(kind)]
        for kind in ("meter", "shelf")
    }
    for name, pixels in plain.items():
        writer = cv2.VideoWriter(str(tmp_path / name), cv2.VideoWriter.fourcc(*"mp4v"), 5, pixels[0].shape[1::-1])
        for frame in pixels:
            writer.write(frame)
        writer.release()
    found: dict[str, list[Any]] = {name: [] for name in plain}
    captures = {name: cv2.VideoCapture(str(tmp_path / name)) for name in plain}
    with Workflow.load(workflows / "annotate_video.yaml", resources=[store, OutputFolder(tmp_path)]) as workflow:
        for number in range(3):
            frames = [
                Image.load(capture.read()[1], stream=name, frame=number, fps=capture.get(cv2.CAP_PROP_FPS))
                for name, capture in captures.items()
            ]
            for name, row in zip(plain, workflow.run({"image": frames}), strict=True):
                found[name].append(row["found"])
    for name, pixels in plain.items():
        video = cv2.VideoCapture(str(tmp_path / "videos" / name))
        assert video.get(cv2.CAP_PROP_FPS) == 5
        for frame, boxes in zip(pixels, found[name], strict=True):
            shown = video.read()[1]
            changed = np.abs(shown.astype(int) - frame).max(-1) > 60
            inside = np.zeros(changed.shape, bool)
            for x0, y0, x1, y1 in boxes.xyxy.round().astype(int):
                inside[max(y0 - 20, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 80] = True
            assert len(boxes) > 3
            assert changed[inside].mean() > 0.05, "drawn where something was found"
            assert changed[~inside].mean() < 0.02, "and nowhere else"
        assert video.read()[1] is None


def test_data_sets_hold_what_was_found(
    workflows: Path, pictures: dict[str, Path], store: ModelStore, tmp_path: Path
) -> None:
    images = [Image.load(path, id=name) for name, path in pictures.items()]
    with Workflow.load(workflows / "make_dataset.yaml", resources=[store, OutputFolder(tmp_path)]) as workflow:
        rows = [row for start in (0, 4, 8) for row in workflow.run({"image": images[start : start + 4], "val": 0.3})]
    counted: Counter[str] = Counter()
    for split in ("train", "val"):
        boxes = sv.DetectionDataset.from_yolo(
            str(tmp_path / "boxes/images" / split),
            str(tmp_path / "boxes/labels" / split),
            str(tmp_path / "boxes/data.yaml"),
        )
        assert boxes.classes == list("0123456789")
        by_name = {Path(path).stem: found for path, found in boxes.annotations.items()}
        for image, row in zip(images, rows, strict=True):
            back = by_name.get(image.id.partition(".")[0].replace("/", "-"))
            if back is not None:
                counted[split] += 1
                assert np.allclose(back.xyxy, row["named"].xyxy, atol=1)
                assert [boxes.classes[i] for i in back.class_id] == row["named"].data["class_name"].tolist()
    assert counted["val"] > 0
    assert counted["train"] > counted["val"]
    assert counted.total() == len(images)
    crops = Counter(path.parent.name for path in (tmp_path / "crops").glob("*/*/*.jpg"))
    assert crops == Counter(label.top for row in rows for label in row["labels"] if label is not None)
