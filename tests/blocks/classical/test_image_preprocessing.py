"""Resized pictures lead back to the input; rotated and flipped ones say that they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow import Image, ModelStore, OutputFolder, Workflow
from cropflow.errors import RunError, WorkflowError

from ..samples import ROOT, SCENES
from .documents import document, meter, run, run_all, sheet

CLASSIFIER = str(ROOT / "models" / "digits-classify.pt")
MODEL = str(ROOT / "models" / "digits-detect.pt")


def arrow() -> Image:
    """Two rows of three: 0 1 2 above 3 4 5."""
    return Image(np.arange(6, dtype=np.uint8).reshape(2, 3), id="arrow")


def pixels(image: Image, **fields: Any) -> list[Any]:
    return list(run("image_preprocessing@v1", image, **fields)["image"].pixels.tolist())


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(30, 20, (30, 20)), (160, None, (160, 112)), (None, 448, (640, 448)), (1, None, (1, 1))],
)
def test_a_side_that_is_null_follows_from_the_other(
    width: int | None, height: int | None, size: tuple[int, int]
) -> None:
    picture = meter()
    assert (picture.width, picture.height) == (320, 224)
    made = run("image_preprocessing@v1", picture, task_type="resize", width=width, height=height)["image"]
    assert (made.width, made.height) == size


def test_without_a_size_it_is_640_squared() -> None:
    made = run("image_preprocessing@v1", sheet(), task_type="resize")["image"]
    assert (made.width, made.height, made.id) == (640, 640, "sheet")


def test_the_channels_stay() -> None:
    for shape in ((40, 60), (40, 60, 3), (40, 60, 4)):
        image = Image(np.full(shape, 100, np.uint8), id="plain")
        for fields in ({"task_type": "resize", "width": 9}, {"task_type": "rotate", "rotation_degrees": 90}):
            made = run("image_preprocessing@v1", image, **fields)["image"].pixels
            assert made.shape[2:] == shape[2:] and (made == 100).all()


def test_neither_side_is_refused() -> None:
    with pytest.raises(RunError, match="width, height or both"):
        run("image_preprocessing@v1", sheet(), task_type="resize", width=None, height=None)


def test_a_long_narrow_picture_does_not_fill_the_memory() -> None:
    narrow = Image(np.zeros((1, 4000), np.uint8), id="narrow")
    with pytest.raises(RunError, match="longer than 16384"):
        run("image_preprocessing@v1", narrow, task_type="resize", width=None, height=640)


@pytest.mark.parametrize(
    ("field", "value"), [("width", 0), ("height", -5), ("width", 10**6), ("rotation_degrees", 361), ("width", 2.5)]
)
def test_nonsense_is_refused_in_the_document(field: str, value: float) -> None:
    with pytest.raises(WorkflowError, match=field):
        Workflow.load(document("image_preprocessing@v1", ["image"], {"task_type": "resize", field: value}))


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (90, [[2, 5], [1, 4], [0, 3]]),
        (-270, [[2, 5], [1, 4], [0, 3]]),
        (-90, [[3, 0], [4, 1], [5, 2]]),
        (180, [[5, 4, 3], [2, 1, 0]]),
        (0, [[0, 1, 2], [3, 4, 5]]),
        (360, [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_quarter_turns_are_exact_and_positive_is_counter_clockwise(degrees: int, expected: list[Any]) -> None:
    assert pixels(arrow(), task_type="rotate", rotation_degrees=degrees) == expected


def test_other_angles_keep_the_whole_picture() -> None:
    dots = np.zeros((41, 61, 3), np.uint8)
    dots[0:2, 59:61, 0] = dots[39:41, 0:2, 0] = 255  # blue in two corners, which the old size would cut off
    dots[5:8, 50:53, 2] = 255  # red, 21 right of the middle and 14 above it
    made = run("image_preprocessing@v1", Image(dots, id="dots"), task_type="rotate", rotation_degrees=30)["image"]
    assert (made.width, made.height) == (73, 66)
    assert made.pixels[:20, 40:, 0].max() > 100 and made.pixels[40:, :20, 0].max() > 100
    y, x = np.nonzero(made.pixels[:, :, 2] > 100)
    cos, sin = np.cos(np.pi / 6), 0.5
    assert abs(x.mean() - (36 + 21 * cos - 14 * sin)) < 1
    assert abs(y.mean() - (32.5 - 21 * sin - 14 * cos)) < 1


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("vertical", [[3, 4, 5], [0, 1, 2]]),
        ("horizontal", [[2, 1, 0], [5, 4, 3]]),
        ("both", [[5, 4, 3], [2, 1, 0]]),
    ],
)
def test_vertical_swaps_top_and_bottom(flip: str, expected: list[Any]) -> None:
    assert pixels(arrow(), task_type="flip", flip_type=flip) == expected


def test_several_pictures_keep_their_own_size_and_name() -> None:
    rows = run_all("image_preprocessing@v1", [sheet(), meter()], task_type="resize", width=100, height=None)
    found = [(row["all"]["image"].id, row["all"]["image"].height) for row in rows]
    assert found == [("sheet", 100), ("meter", 70)]


@pytest.fixture(scope="module")
def store() -> Any:
    store = ModelStore(device="cpu")
    yield store
    store.close()


def step(type: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"roboflow_core/{type}", "name": name, **fields}


def chain(task: dict[str, Any], picture: str, canvas: str) -> dict[str, Any]:
    """image → (crop →) change → detect → draw, beside detect on the input."""
    model, drawing = "roboflow_object_detection_model@v2", "bounding_box_visualization@v1"
    region = {"x_center": 200, "y_center": 120, "width": 200, "height": 200}
    found = "$steps.again.predictions"
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            step("absolute_static_crop@v1", "cut", images="$inputs.image", **region),
            step("image_preprocessing@v1", "change", image=picture, **task),
            step(model, "plain", images="$inputs.image", model_id=MODEL, confidence=0.5),
            step(model, "again", images="$steps.change.image", model_id=MODEL, confidence=0.5),
            step(drawing, "drawn", image=canvas, predictions=found),
        ],
        "outputs": [
            {"type": "JsonField", "name": "plain", "selector": "$steps.plain.predictions"},
            {"type": "JsonField", "name": "again", "selector": found},
            {"type": "JsonField", "name": "own", "selector": found, "coordinates_system": "own"},
            {"type": "JsonField", "name": "drawn", "selector": "$steps.drawn.image"},
        ],
    }


def pairs(plain: Any, again: Any) -> Any:
    """For each box the nearest one of the other answer."""
    distance = np.abs(plain.xyxy[:, None] - again.xyxy[None]).max(axis=2)
    return distance.min(axis=1)


def detect(
    store: ModelStore,
    task: dict[str, Any],
    picture: str = "$inputs.image",
    canvas: str = "$steps.change.image",
) -> dict[str, Any]:
    with Workflow.load(chain(task, picture, canvas), resources=[store]) as workflow:
        found: dict[str, Any] = workflow.run({"image": sheet()})[0]
    return found


@pytest.mark.parametrize("size", [{"width": 480, "height": None}, {"width": 400, "height": 500}])
def test_boxes_found_on_a_resized_picture_are_those_of_the_input(store: ModelStore, size: dict[str, Any]) -> None:
    row = detect(store, {"task_type": "resize", **size})
    assert len(row["plain"]) == len(row["again"]) > 15
    assert pairs(row["plain"], row["again"]).max() < 4
    scale = np.array([size["width"], size["height"] or 480] * 2) / 320
    np.testing.assert_allclose(row["own"].xyxy, row["again"].xyxy * scale, rtol=1e-4)
    assert (row["drawn"].width, row["drawn"].height) == (size["width"], size["height"] or 480)


def test_those_of_a_crop_that_was_enlarged_go_back_through_both(store: ModelStore) -> None:
    row = detect(store, {"task_type": "resize", "width": 320, "height": 320}, "$steps.cut.crops")
    assert len(row["again"]) > 5
    whole = row["plain"].xyxy
    inside = row["plain"][(whole[:, :2] > (105, 25)).all(axis=1) & (whole[:, 2:] < (295, 215)).all(axis=1)]
    assert len(inside) > 5 and pairs(inside, row["again"]).max() < 4


def test_classes_of_turned_crops_find_their_boxes(store: ModelStore) -> None:
    turn = {"task_type": "rotate", "rotation_degrees": 180}
    steps = [
        step("roboflow_object_detection_model@v2", "find", images="$inputs.image", model_id=MODEL, confidence=0.5),
        step("dynamic_crop@v1", "crop", images="$inputs.image", predictions="$steps.find.predictions"),
        step("image_preprocessing@v1", "turn", image="$steps.crop.crops", **turn),
        step("image_preprocessing@v1", "back", image="$steps.turn.image", **turn),
        *(
            step("roboflow_classification_model@v2", f"of_{name}", images=source, model_id=CLASSIFIER)
            for name, source in (("crop", "$steps.crop.crops"), ("back", "$steps.back.image"))
        ),
        *(
            step(
                "detections_classes_replacement@v1",
                f"named_{name}",
                object_detection_predictions="$steps.find.predictions",
                classification_predictions=f"$steps.of_{name}.predictions",
            )
            for name in ("crop", "back")
        ),
    ]
    outputs = [
        {"type": "JsonField", "name": name, "selector": f"$steps.named_{name}.predictions"} for name in ("crop", "back")
    ]
    inputs = [{"type": "WorkflowImage", "name": "image"}]
    found = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}
    with Workflow.load(found, resources=[store]) as workflow:
        row = workflow.run({"image": sheet()})[0]
    assert len(row["back"]) > 15
    assert row["back"].data["class_name"].tolist() == row["crop"].data["class_name"].tolist()
    np.testing.assert_array_equal(row["back"].xyxy, row["crop"].xyxy)


def test_a_turned_crop_is_saved_under_the_name_of_its_picture(tmp_path: Path) -> None:
    region = {"x_center": 100, "y_center": 100, "width": 50, "height": 60}
    steps = [
        step("absolute_static_crop@v1", "cut", images="$inputs.image", **region),
        step("image_preprocessing@v1", "turn", image="$steps.cut.crops", task_type="rotate"),
        {"type": "image_sink@v1", "name": "save", "images": "$steps.turn.image", "folder": "{source}"},
    ]
    inputs = [{"type": "WorkflowImage", "name": "image"}]
    outputs = [{"type": "JsonField", "name": "path", "selector": "$steps.save.path"}]
    found = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}
    with Workflow.load(found, resources=[OutputFolder(tmp_path)]) as workflow:
        row = workflow.run({"image": Image.load(SCENES / "sheet/01.png", id="sub/a.png")})[0]
    assert row["path"].startswith("sub/a/")
    saved = Image.load(tmp_path / row["path"])
    assert (saved.width, saved.height) == (60, 50)


@pytest.mark.parametrize(
    "task", [{"task_type": "flip", "flip_type": "both"}, {"task_type": "rotate", "rotation_degrees": 180}]
)
def test_boxes_found_on_a_turned_picture_stay_in_its_pixels(store: ModelStore, task: dict[str, Any]) -> None:
    row = detect(store, task)
    np.testing.assert_array_equal(row["own"].xyxy, row["again"].xyxy)
    assert set(row["again"].data["parent_id"]) == {"sheet"}
    assert not np.array_equal(row["drawn"].bgr, sheet().bgr[::-1, ::-1]), "nothing is drawn"


def test_drawing_them_on_the_input_is_an_error_that_says_what_to_do(store: ModelStore) -> None:
    with pytest.raises(RunError, match="give the picture that the predictions were made on"):
        detect(store, {"task_type": "rotate", "rotation_degrees": 180}, canvas="$inputs.image")
