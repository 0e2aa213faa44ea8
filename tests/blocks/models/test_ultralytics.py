"""What a user of Ultralytics weights relies on: the results of `YOLO(path).predict`, however it is called."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import DetectSettings, LoadedModel
from cropflow_blocks.models.ultralytics import UltralyticsLoader

ROOT = Path(__file__).parents[3]
TRUTH = json.loads((ROOT / "examples" / "digits" / "truth.json").read_text())
Pictures = Sequence[NDArray[np.uint8]]


@pytest.fixture(scope="session")
def pictures(scenes: list[Image]) -> Pictures:
    """Whole scenes and pieces of them: eight shapes, some of them twice, some of them tiny."""
    first = scenes[0].bgr
    pieces = [first[:200], first[:200].copy(), first[:, :150], first[40:90, 30:100], first[:2, :3], first[:1]]
    return [scene.bgr for scene in scenes[::2]] + pieces


def square(scene: Image, box: NDArray[np.float32]) -> Image:
    """Cut a square with some context, as the classifier was trained on."""
    (x, y), half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() * 0.62
    crop = scene.crop(x - half, y - half, x + half, y + half)
    assert crop is not None
    return crop


def same(one: sv.Detections, other: sv.Detections) -> bool:
    return (
        len(one) == len(other)
        and np.allclose(one.xyxy, other.xyxy, atol=0.05)
        and np.allclose(one.confidence, other.confidence, atol=1e-4)
        and list(one.data["class_name"]) == list(other.data["class_name"])
    )


def test_the_weights_say_what_they_are(detector: LoadedModel, classifier: LoadedModel) -> None:
    assert (detector.info.task, detector.info.names, detector.info.image_size) == (
        "detect",
        ("digit",),
        (320, 320),
    )
    assert (classifier.info.task, classifier.info.image_size) == ("classify", (32, 32))
    assert classifier.info.names == tuple("0123456789")
    assert detector.info.device.startswith(("cpu", "cuda", "mps"))


def test_nearly_all_digits_are_found_and_read(
    detector: LoadedModel, classifier: LoadedModel, scenes: list[Image]
) -> None:
    found = right = total = 0
    for scene in scenes:
        truth = TRUTH[scene.id]
        boxes = detector.detect([scene.bgr], DetectSettings())[0]
        overlap = sv.box_iou_batch(np.array([entry["box"] for entry in truth], float), boxes.xyxy)
        hits = [(entry, row.argmax()) for entry, row in zip(truth, overlap, strict=True) if row.max() > 0.5]
        crops = [square(scene, boxes.xyxy[index]) for _, index in hits]
        labels = classifier.classify([crop.bgr for crop in crops]).argmax(1)
        total, found = total + len(truth), found + len(hits)
        right += sum(label == entry["digit"] for (entry, _), label in zip(hits, labels, strict=True))
    assert found > 0.9 * total
    assert right > 0.9 * total


def test_boxes_come_in_the_form_the_engine_expects(detector: LoadedModel, scenes: list[Image]) -> None:
    boxes = detector.detect([scenes[0].bgr], DetectSettings())[0]
    assert len(boxes) > 3
    assert boxes.xyxy.dtype == boxes.confidence.dtype == np.float32
    assert (np.diff(boxes.confidence) <= 0).all()
    assert set(boxes.data["class_name"]) == {"digit"}
    nothing = detector.detect([np.zeros((50, 60, 3), np.uint8)], DetectSettings())[0]
    assert nothing.xyxy.shape == (0, 4)
    assert nothing.data["class_name"].dtype.kind == "U"


def test_results_are_those_of_ultralytics(detector: LoadedModel, classifier: LoadedModel, pictures: Pictures) -> None:
    from ultralytics import YOLO

    yolo, cls = YOLO(str(detector.info.path)), YOLO(str(classifier.info.path))
    for picture, found in zip(pictures, detector.detect(pictures, DetectSettings()), strict=True):
        result = yolo.predict(picture, conf=0.4, iou=0.3, verbose=False, save=False)[0]
        assert same(found, sv.Detections.from_ultralytics(result))
    for picture, scores in zip(pictures, classifier.classify(pictures), strict=True):
        result = cls.predict(picture, verbose=False, save=False)[0]
        np.testing.assert_allclose(scores, result.probs.data.numpy(), atol=1e-4)


@settings(max_examples=15)
@given(data=st.data())
def test_a_picture_gets_the_same_answer_in_any_company(
    detector: LoadedModel, classifier: LoadedModel, pictures: Pictures, data: st.DataObject
) -> None:
    order = data.draw(st.lists(st.integers(0, len(pictures) - 1), max_size=12))
    batch = [pictures[index] for index in order]
    asked = DetectSettings(confidence=0.2)
    boxes, scores = detector.detect(batch, asked), classifier.classify(batch)
    assert len(boxes) == len(batch)
    assert scores.shape == (len(batch), 10)
    for picture, found, row in zip(batch, boxes, scores, strict=True):
        assert same(found, detector.detect([picture], asked)[0])
        np.testing.assert_allclose(row, classifier.classify([picture])[0], atol=1e-4)


def test_every_call_has_its_own_settings(detector: LoadedModel, scenes: list[Image]) -> None:
    picture = [scenes[0].bgr]
    usual = detector.detect(picture, DetectSettings())[0]
    many = detector.detect(picture, DetectSettings(confidence=0.01, iou=1.0))[0]
    apart = detector.detect(picture, DetectSettings(confidence=0.01, iou=0.0))[0]
    assert len(many) > len(usual) > 3
    assert len(many) > len(apart)
    assert sv.box_iou_batch(apart.xyxy, apart.xyxy)[~np.eye(len(apart), dtype=bool)].max() < 1e-3
    assert np.array_equal(detector.detect(picture, DetectSettings(max_detections=2))[0].xyxy, usual.xyxy[:2])
    assert len(detector.detect(picture, DetectSettings(classes=()))[0]) == 0
    assert same(detector.detect(picture, DetectSettings(classes=(0,)))[0], usual)
    assert same(detector.detect(picture, DetectSettings())[0], usual)


def test_threads_with_different_settings_do_not_disturb_each_other(detector: LoadedModel, scenes: list[Image]) -> None:
    asked = [DetectSettings(confidence=conf) for conf in (0.01, 0.9)]
    jobs = [(scene.bgr, wanted) for scene in scenes for wanted in asked] * 2
    alone = [detector.detect([picture], wanted)[0] for picture, wanted in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: detector.detect([job[0]], job[1])[0], jobs))
    assert all(same(one, other) for one, other in zip(alone, together, strict=True))
    assert len({len(found) for found in together}) > 2


def test_no_pictures_no_answers(detector: LoadedModel, classifier: LoadedModel) -> None:
    assert detector.detect([], DetectSettings()) == []
    assert classifier.classify([]).shape == (0, 10)


def test_crops_of_an_image_can_be_given_as_they_are(classifier: LoadedModel, scenes: list[Image]) -> None:
    crop = scenes[0].crop(20, 10, 52, 42)
    assert crop is not None
    assert not crop.bgr.flags.writeable
    np.testing.assert_array_equal(classifier.classify([crop.bgr]), classifier.classify([crop.bgr.copy()]))


@pytest.mark.parametrize(
    "wrong",
    [
        np.ones((32, 32, 3), np.float32),
        np.zeros((32, 32), np.uint8),
        np.zeros((32, 32, 4), np.uint8),
        np.zeros((0, 32, 3), np.uint8),
    ],
)
def test_a_wrong_array_is_named_before_it_goes_wrong(
    detector: LoadedModel, classifier: LoadedModel, wrong: NDArray[np.uint8]
) -> None:
    good = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match=r"picture 1 is .*expected uint8"):
        detector.detect([good, wrong], DetectSettings())
    with pytest.raises(ValueError, match=r"picture 1 is .*expected uint8"):
        classifier.classify([good, wrong])


def test_pictures_are_not_kept(detector: LoadedModel, classifier: LoadedModel, scenes: list[Image]) -> None:
    picture = scenes[0].bgr.copy()
    gone = weakref.ref(picture)
    found = detector.detect([picture], DetectSettings())
    scores = classifier.classify([picture])
    del picture
    gc.collect()
    assert gone() is None
    owner = found[0].xyxy.base
    assert owner is None or owner.size == found[0].xyxy.size  # no numbers of the network hang on it
    assert scores.shape == (1, 10)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 not a checkpoint"])
@pytest.mark.parametrize("name", ["broken.pt", "broken.onnx"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    told = f"{name}.*(cannot be loaded|needs the package 'onnxruntime': pip install onnxruntime)"
    with pytest.raises(ModelError, match=told) as caught:
        UltralyticsLoader().load(path, device="cpu", image_size=None, cache_dir=tmp_path)
    assert caught.value.__cause__ is not None


def test_a_device_that_is_not_there_is_named(tmp_path: Path, detector: LoadedModel) -> None:
    with pytest.raises(ModelError, match="the device 'cuda:99' cannot be used here"):
        UltralyticsLoader().load(detector.info.path, device="cuda:99", image_size=None, cache_dir=tmp_path)


@pytest.mark.parametrize(
    "name", ["o'brien/digits.pt", "yolov5n.pt", "with space/yolov3.pt", "ä/ö.pt", "q?.pt", "wh?/50%.pt"]
)
def test_any_path_can_be_loaded(tmp_path: Path, detector: LoadedModel, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(detector.info.path.read_bytes())
    model = UltralyticsLoader().load(path, device="cpu", image_size=None, cache_dir=tmp_path / "cache")
    assert (model.info.path, model.info.name, model.info.names) == (path, path.name, ("digit",))


def test_published_weights_arrive_in_a_folder_of_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ultralytics.utils.downloads as downloads

    monkeypatch.setattr(downloads, "safe_download", lambda url, file, **_: Path(file).write_bytes(b"weights"))
    made = UltralyticsLoader().download("yolo26n.pt", tmp_path / "o'brien" / "weights")
    assert made == tmp_path / "o'brien" / "weights" / "yolo26n.pt"
    assert made.read_bytes() == b"weights"
    assert list(made.parent.iterdir()) == [made]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("a.pt", True),
        ("a.onnx", True),
        ("a.ENGINE", True),
        ("a_openvino_model", True),
        ("a.txt", False),
        ("models", False),
    ],
)
def test_weights_are_told_by_name(name: str, known: bool) -> None:
    assert UltralyticsLoader().accepts(Path("weights") / name) is known
