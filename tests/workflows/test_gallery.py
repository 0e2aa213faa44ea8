"""The documents of the gallery do what their first line says, on shipped pictures; their drawings are fresh."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import supervision as sv

from cropflow import ModelStore, OutputFolder, Workflow

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "annotate_video.yaml",
    "classes_on_boxes.yaml",
    "crop_from_video.yaml",
    "crop_in_crop.yaml",
    "detect_crop_classify.json",
    "detect_crop_classify.yaml",
    "make_dataset.yaml",
    "read_text.yaml",
    "reclassify.yaml",
    "segment_and_track.yaml",
    "sliced_detection.yaml",
    "static_crop_classify.yaml",
    "time_in_zone.yaml",
    "track_digits.yaml",
}
"""Documents that are run by hand here, or in test_digits, test_read_text, test_sinks, test_sliced, test_tracking."""

Truth = dict[str, list[dict[str, Any]]]
Run = Callable[..., list[dict[str, Any]]]
Pictures = dict[str, Path]


@pytest.fixture
def run(workflows: Path, store: ModelStore, tmp_path: Path) -> Run:
    """Run a document by its name over pictures, with the output folder `tmp_path`."""

    def run(name: str, images: list[Any], **inputs: Any) -> list[dict[str, Any]]:
        with Workflow.load(workflows / f"{name}.yaml", resources=[store, OutputFolder(tmp_path)]) as workflow:
            return list(workflow.run({"image": images, **inputs}))

    return run


def recall(found: sv.Detections, digits: list[dict[str, Any]]) -> float:
    boxes = np.array([digit["box"] for digit in digits], float)
    return float((sv.box_iou_batch(boxes, found.xyxy).max(axis=1) >= 0.5).mean())


def test_every_object_is_drawn_and_saved(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    row = run("crop_objects", [pictures["form/01.png"]])[0]
    assert len(list((tmp_path / "crops").iterdir())) == len(row["objects"]) == 15
    changed = (row["drawn"].bgr != cv2.imread(str(pictures["form/01.png"]))).any(axis=2)
    x0, y0, x1, _ = row["objects"].xyxy[0].round().astype(int)
    assert changed[y0, x0:x1].all()


def test_objects_are_cut_out_of_a_video_that_is_written_anew(
    workflows: Path, store: ModelStore, tmp_path: Path
) -> None:
    resources = [store, OutputFolder(tmp_path)]
    with Workflow.load(workflows / "crop_from_video.yaml", resources=resources) as workflow:
        rows = list(workflow.stream(ROOT / "examples" / "digits" / "videos" / "zone.mp4", stride=20))
    found = [len(row["objects"]) for row in rows]
    assert len(list((tmp_path / "crops").iterdir())) == sum(found) >= 8
    video = cv2.VideoCapture(str(tmp_path / "videos" / "zone.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(rows) == 4


def test_only_crops_that_are_wide_and_sharp_are_read(run: Run, pictures: Pictures) -> None:
    sheet = cv2.imread(str(pictures["sheet/01.png"]))
    blurred = cv2.GaussianBlur(sheet, (0, 0), 5)
    sharp, dull = run("read_large_crops", [sheet, blurred])
    for row in (sharp, dull):
        read = [label is not None for label in row["labels"]]
        wanted = [
            crop.width >= 32 and measure >= 5000 for crop, measure in zip(row["crops"], row["sharpness"], strict=True)
        ]
        assert read == wanted
        assert row["kept"] == [crop for crop, keep in zip(row["crops"], wanted, strict=True) if keep]
    assert 0 < len(sharp["kept"]) < len(sharp["crops"]), "some are too narrow"
    assert any(crop.width >= 32 for crop in dull["crops"])
    assert dull["kept"] == [], "wide enough, but not sharp"


def test_incomplete_pictures_are_kept_and_told(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    rows = run("report_incomplete", list(pictures.values()), expected=15)
    incomplete = [row for row in rows if len(row["found"]) < 15]
    assert 0 < len(incomplete) < len(rows)
    assert [row["kept_as"] is not None for row in rows] == [len(row["found"]) < 15 for row in rows]
    saved = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "incomplete").iterdir())
    assert saved == sorted(row["kept_as"] for row in incomplete)
    (log,) = (tmp_path / "log").iterdir()
    assert log.read_text().splitlines() == ["a picture is incomplete"] * len(incomplete)


def test_large_pictures_are_sliced_and_small_ones_are_not(
    run: Run, pictures: Pictures, truth: Truth, workflows: Path, store: ModelStore
) -> None:
    names = ["sheet/01.png", "sheet/02.png", "sheet/03.png"]
    sheets = [cv2.imread(str(pictures[name])) for name in names]
    small, large = run("whole_or_sliced", [sheets[0], np.hstack(sheets)])
    assert (small["size"], large["size"]) == ("small", "large")
    assert recall(small["found"], truth[names[0]]) == 1
    with Workflow.load(workflows / "sliced_detection.yaml", resources=[store]) as workflow:
        sliced = workflow.run({"image": np.hstack(sheets)})[0]["found"]
    assert np.array_equal(large["found"].xyxy, sliced.xyxy)
    assert len(sliced) > 2 * len(small["found"])


def test_changes_are_saved_and_told_not_too_often(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    meter, form = pictures["meter/01.jpg"], pictures["form/01.png"]
    rows = run("watch_changes", [meter, meter, form, form, meter])
    assert [row["count"] for row in rows] == [11, 11, 15, 15, 11]
    assert [row["saved_as"] is not None for row in rows] == [True, False, True, False, True]
    assert len(list((tmp_path / "changes").iterdir())) == 3
    assert [row["message"] for row in rows] == ["now 11", None, None, None, None]
    eager = run("watch_changes", [meter, meter, form], seconds=0.0)
    assert [row["message"] for row in eager] == ["now 11", None, "now 15"]


def test_what_was_found_is_blurred_and_nothing_else(run: Run, pictures: Pictures) -> None:
    plain = cv2.imread(str(pictures["form/01.png"]))
    (row,) = run("hide_found", [plain])
    changed = (row["picture"].bgr != plain).any(-1)
    inside = np.zeros(changed.shape, bool)
    for x0, y0, x1, y1 in row["hidden"].xyxy:
        part = slice(max(int(y0), 0), int(y1) + 1), slice(max(int(x0), 0), int(x1) + 1)
        assert changed[part].mean() > 0.5
        inside[part] = True
    assert len(row["hidden"]) == 15
    assert not changed[~inside].any()


def test_hiding_is_turned_off_for_all_pictures(run: Run, pictures: Pictures) -> None:
    rows = run("hide_found", list(pictures.values()), hide=False)
    for row, path in zip(rows, pictures.values(), strict=True):
        assert row["hidden"] is None
        assert np.array_equal(row["picture"].bgr, cv2.imread(str(path)))


def test_models_that_agree_are_right_more_often(run: Run, pictures: Pictures, truth: Truth) -> None:
    rows = run("two_models_agree", list(pictures.values()))
    lenient, agreed = (sum(len(row[key]) for row in rows) for key in ("lenient", "agreed"))
    assert agreed < lenient
    for row, digits in zip(rows, truth.values(), strict=True):
        overlap = sv.box_iou_batch(row["agreed"].xyxy, row["lenient"].xyxy)
        assert (overlap.max(axis=1) >= 0.5).all()
        assert recall(row["agreed"], digits) >= 0.9
        assert row["summary"] == f"{len(row['agreed'])} of {len(row['lenient'])} boxes are sure"


def test_the_table_has_a_row_for_every_digit(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    rows = run("digits_table", list(pictures.values()))
    with (tmp_path / "digits.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        table = list(reader)
    assert reader.fieldnames == ["picture", "digit", "sure", "height"]
    assert [line["digit"] for line in table] == [digit for row in rows for digit in row["digits"]]
    heights = [y1 - y0 for row in rows for _, y0, _, y1 in row["found"].xyxy]
    assert [float(line["height"]) for line in table] == pytest.approx(heights, abs=1.01)
    assert all(0 < float(line["sure"]) <= 1 for line in table)
    assert [line["picture"] for line in table] == [
        f"image.[{number}]" for number, row in enumerate(rows) for _ in row["digits"]
    ]


def test_objects_are_freed_from_their_background(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    plain = cv2.imread(str(pictures["sheet/02.png"]))
    (row,) = run("cut_out", [plain])
    assert len(row["free"]) == len(row["saved_as"]) == len(row["outlines"]) > 10
    for crop, mask, path in zip(row["free"], row["outlines"].mask, row["saved_as"], strict=True):
        x, y = (round(v) for v in crop.origin.to_root[:2])
        part = slice(y, y + crop.height), slice(x, x + crop.width)
        assert np.array_equal(crop.bgr, np.where(mask[part][..., None], plain[part], 255))
        assert np.array_equal(cv2.imread(str(tmp_path / path)), crop.bgr)


def test_objects_are_isolated_with_nothing_around_them(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    (row,) = run("isolate_objects", [cv2.imread(str(pictures["shelf/01.jpg"]))])
    assert len(row["saved_as"]) == len(row["objects"]) > 10
    for number, path in enumerate(row["saved_as"]):
        alpha = cv2.imread(str(tmp_path / path), cv2.IMREAD_UNCHANGED)[..., 3]
        assert path == f"isolated/image.[0]_digit-{number}.png"
        assert set(np.unique(alpha)) == {0, 255} and 0.1 < (alpha > 0).mean() < 0.95


def test_key_points_are_told_and_framed(run: Run, pictures: Pictures) -> None:
    plain = cv2.imread(str(pictures["sheet/01.png"]))
    (row,) = run("corners", [plain])
    points = np.array(row["points"], float)
    assert points.shape == (len(row["found"]), 4, 2)
    changed = (row["annotated"].bgr != plain).any(-1)
    for corners, (x0, y0, x1, y1) in zip(points, row["found"].xyxy, strict=True):
        assert x0 - 8 <= corners[:, 0].mean() <= x1 + 8
        assert y0 - 8 <= corners[:, 1].mean() <= y1 + 8
        x, y = corners[:2].mean(axis=0).round().astype(int)
        assert changed[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any(), "a line joins the first two points"


def test_a_digit_of_several_looks_is_one_box(run: Run, pictures: Pictures, truth: Truth) -> None:
    names = ["sheet/01.png", "meter/03.jpg", "shelf/01.jpg"]
    for name, row in zip(names, run("look_closer", [pictures[name] for name in names]), strict=True):
        seen = sum(len(look) for look in row["looks"])
        assert seen > 1.5 * len(truth[name])
        assert len(row["merged"]) == len(truth[name])
        assert recall(row["merged"], truth[name]) == 1


def test_the_counter_of_a_meter_is_read_and_logged(run: Run, pictures: Pictures, truth: Truth, tmp_path: Path) -> None:
    names = [name for name in pictures if name.startswith("meter")]
    rows = run("read_meter", [pictures[name] for name in names])
    right = 0
    for name, row in zip(names, rows, strict=True):
        counter = "".join(str(item["digit"]) for item in truth[name] if item["box"][3] < 125)
        assert re.fullmatch(r"\d{5,6}", row["number"]), "not the serial number below"
        right += row["number"] == counter
        plain = cv2.imread(str(pictures[name]))
        changed = (row["annotated"].bgr != plain).any(-1)
        assert changed[180:].any()
        assert not changed[:150].any()
    assert right >= 1
    (log,) = (tmp_path / "readings").iterdir()
    assert log.read_text().splitlines() == [row["number"] for row in rows]


def test_places_that_look_like_the_sample_are_found(run: Run, pictures: Pictures) -> None:
    meters = [path for name, path in pictures.items() if name.startswith("meter")]
    for row in run("find_alike", meters):
        assert row["count"] == 2, "a meter has two screws"
        centers = sorted(((box[:2] + box[2:]) / 2).tolist() for box in row["places"].xyxy)
        assert np.allclose(centers, [[24, 18], [296, 18]], atol=2)


def test_codes_are_recorded_and_pictures_without_are_set_aside(run: Run, pictures: Pictures, tmp_path: Path) -> None:
    code = cv2.resize(cv2.QRCodeEncoder.create().encode("parcel 42"), None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    parcel = cv2.resize(cv2.imread(str(pictures["shelf/01.jpg"])), (640, 480))
    parcel[100 : 100 + len(code), 200 : 200 + len(code)] = code[..., None]
    read, none = run("scan_codes", [parcel, pictures["form/01.png"]])
    lines = [json.loads(line) for line in (tmp_path / "codes.jsonl").read_text().splitlines()]
    assert [[found["data"] for found in line["codes"]["predictions"]] for line in lines] == [["parcel 42"], []]
    assert (len(read["cut"]), read["aside"], none["cut"]) == (1, None, [])
    assert [path.name for path in (tmp_path / "without").iterdir()] == [Path(none["aside"]).name]


def test_every_document_is_run_by_a_test(workflows: Path) -> None:
    here = set(re.findall(r'run\(\s*"(\w+)"', Path(__file__).read_text(encoding="utf-8")))
    documents = {path.name for path in workflows.iterdir()}
    assert documents == ELSEWHERE | {f"{name}.yaml" for name in here}
    assert len(documents) >= 15


def test_drawings_are_fresh_and_the_page_shows_every_document(workflows: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs/images/make_gallery.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    folder = ROOT / "docs/images/gallery"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert written == made.drawings(), "stale; run python docs/images/make_gallery.py"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    page = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    for document in workflows.glob("*.yaml"):
        assert f"(../workflows/{document.name})" in page
        assert f"(images/gallery/{document.stem}.svg)" in page
