"""Every example document runs on real models and held-out pictures, and is checked against the truth."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow import Image, ModelStore, OutputFolder, Workflow
from cropflow.serialize import to_json

Truth = dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("name", ["detect_crop_classify.yaml", "detect_crop_classify.json"])
def test_digits_are_found_named_drawn_and_saved(
    name: str,
    workflows: Path,
    pictures: dict[str, Path],
    truth: Truth,
    scoring: ModuleType,
    store: ModelStore,
    tmp_path: Path,
) -> None:
    with Workflow.load(workflows / name, resources=[store, OutputFolder(tmp_path)]) as workflow:
        result = workflow.run({"image": list(pictures.values())})
    found = {key: to_json(row["named"])["predictions"] for key, row in zip(pictures, result, strict=True)}
    tally = scoring.score(truth, found)
    assert tally.digits == 186
    assert tally.right / tally.digits >= 0.90

    for row, path in zip(result, pictures.values(), strict=True):
        assert len(row["labels"]) == len(row["named"])
        drawn, plain = row["annotated"].bgr, cv2.imread(str(path))
        assert drawn.shape == plain.shape
        assert (drawn != plain).any()

    saved = list((tmp_path / "crops").rglob("*.png"))
    assert len(saved) == sum(len(row["labels"]) for row in result)
    for row in result:
        for label in row["labels"]:
            assert (tmp_path / "crops" / label.top).is_dir()


def test_json_and_yaml_are_the_same_document(workflows: Path, store: ModelStore, tmp_path: Path) -> None:
    plans = []
    for name in ("detect_crop_classify.yaml", "detect_crop_classify.json"):
        workflow = Workflow.load(workflows / name, resources=[store, OutputFolder(tmp_path)])
        plans.append([(step.name, step.spec.type, step.level, step.arguments) for step in workflow.plan.steps])
    assert plans[0] == plans[1]


def test_saved_crops_show_what_the_boxes_of_their_picture_enclose(
    workflows: Path, pictures: dict[str, Path], store: ModelStore, tmp_path: Path
) -> None:
    """No crop of one picture may come from another: each saved file is cut again by hand and compared."""
    with Workflow.load(workflows / "detect_crop_classify.yaml", resources=[store, OutputFolder(tmp_path)]) as workflow:
        result = workflow.run({"image": list(pictures.values())})
    checked = 0
    for number, (row, path) in enumerate(zip(result, pictures.values(), strict=True)):
        picture = cv2.imread(str(path))
        for index, label in enumerate(row["labels"]):
            file = tmp_path / "crops" / label.top / f"image.[{number}]_{label.top}-{index}.png"
            crop = cv2.imread(str(file))
            x, y = (round(v) for v in label.origin.to_root[:2])
            assert np.array_equal(crop, picture[y : y + crop.shape[0], x : x + crop.shape[1]])
            checked += 1
    assert checked >= 170


def test_classes_go_back_on_the_boxes(
    workflows: Path, pictures: dict[str, Path], truth: Truth, scoring: ModuleType, store: ModelStore
) -> None:
    with Workflow.load(workflows / "classes_on_boxes.yaml", resources=[store]) as workflow:
        rows = workflow.run({"image": list(pictures.values())}).to_dict()
    tally = scoring.score(truth, {key: row["named"]["predictions"] for key, row in zip(pictures, rows, strict=True)})
    assert tally.right / tally.digits >= 0.90


def test_a_crop_inside_a_crop_is_found_in_pixels_of_the_picture(
    workflows: Path, pictures: dict[str, Path], truth: Truth, store: ModelStore
) -> None:
    """Digits of the whole picture lie in many neighbourhoods; each must be found, named and placed rightly."""
    names = ["sheet/01.png", "form/02.png", "meter/03.jpg", "shelf/01.jpg"]
    with Workflow.load(workflows / "crop_in_crop.yaml", resources=[store]) as workflow:
        result = workflow.run({"image": [pictures[name] for name in names]})
    right = digits = 0
    for name, row in zip(names, result, strict=True):
        boxes = np.array([item["box"] for item in truth[name]], float)
        overlap = sv.box_iou_batch(boxes, np.concatenate([named.xyxy for named in row["named"]]))
        classes = np.concatenate([named.data["class_name"] for named in row["named"]])
        best = overlap.argmax(1)
        right += sum(
            overlap[i, best[i]] >= 0.5 and classes[best[i]] == str(item["digit"]) for i, item in enumerate(truth[name])
        )
        digits += len(boxes)
        assert [len(labels) for labels in row["labels"]] == [len(found) for found in row["in_crops"]]
    assert right / digits >= 0.80


def test_a_place_known_beforehand_is_read(
    workflows: Path, pictures: dict[str, Path], truth: Truth, store: ModelStore
) -> None:
    names = [name for name in truth if name.startswith("meter")]
    right = digits = 0
    with Workflow.load(workflows / "static_crop_classify.yaml", resources=[store]) as workflow:
        for name in names:
            for item in truth[name]:
                x0, y0, x1, y1 = item["box"]
                place = {"x": (x0 + x1) // 2, "y": (y0 + y1) // 2, "size": max(x1 - x0, y1 - y0)}
                row = workflow.run({"image": pictures[name], **place})[0]
                right += row["digit"].top == str(item["digit"])
                digits += 1
    assert digits >= 15
    assert right / digits >= 0.90


def test_results_are_json_that_existing_clients_read(
    workflows: Path, pictures: dict[str, Path], store: ModelStore
) -> None:
    with Workflow.load(workflows / "crop_in_crop.yaml", resources=[store]) as workflow:
        rows = json.loads(workflow.run({"image": pictures["sheet/01.png"]}).to_json())
    (row,) = rows
    prediction = row["in_crops"][0]["predictions"][0]
    assert {"x", "y", "width", "height", "confidence", "class", "class_id", "detection_id"} <= prediction.keys()
    assert prediction["parent_id"] == "image/detect/0"
    assert prediction["detection_id"] == "image/detect/0/again/0"
    assert row["labels"][0][0]["parent_id"] == "image/detect/0/again/0"


def test_many_threads_share_a_workflow_and_each_gets_its_own_answer(
    workflows: Path, store: ModelStore, pictures: dict[str, Path]
) -> None:
    with Workflow.load(workflows / "classes_on_boxes.yaml", resources=[store]) as workflow:
        alone = {name: len(workflow.run({"image": path})[0]["named"]) for name, path in pictures.items()}
        assert len(set(alone.values())) > 3
        asked = list(pictures) * 5
        with ThreadPoolExecutor(8) as pool:
            rows = list(pool.map(lambda name: workflow.run({"image": Image.load(pictures[name], id=name)})[0], asked))
    for name, row in zip(asked, rows, strict=True):
        assert len(row["named"]) == alone[name]
        assert set(row["named"].data["parent_id"]) == {name}
