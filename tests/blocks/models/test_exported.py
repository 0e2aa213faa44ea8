"""What a user of ONNX files relies on: the results of Ultralytics, without torch and Ultralytics, at any batch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from numpy.typing import NDArray

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import DetectSettings, Model, ModelStore
from cropflow_blocks.models.exported import ExportedModel
from cropflow_blocks.models.onnx import OnnxLoader
from cropflow_blocks.models.quiet import ultralytics_imported

ROOT = Path(__file__).parents[3]
SCENE = ROOT / "examples/digits/scenes/form/01.png"
TASKS = ("detect", "segment", "pose", "classify")
Pictures = Sequence[NDArray[np.uint8]]
Export = Callable[..., Path]


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Export shipped weights, or an architecture with random ones; each only once."""
    made: dict[tuple[Any, ...], Path] = {}

    def export(weights: str, **arguments: Any) -> Path:
        key = (weights, *sorted(arguments.items()))
        if key not in made:
            folder = tmp_path_factory.mktemp("onnx")
            with ultralytics_imported(folder) as ultralytics:
                import torch

                torch.manual_seed(0)
                name = weights if weights.endswith(".yaml") else str(ROOT / "models" / f"digits-{weights}.pt")
                yolo = ultralytics.YOLO(name)
                file = folder / f"{Path(weights).stem}.pt"
                if weights.endswith(".yaml"):
                    for weight in yolo.model.model[-1].parameters():  # so that classes and places differ
                        torch.nn.init.normal_(weight, std=0.3)
                    yolo.save(file)
                else:
                    file.write_bytes(Path(name).read_bytes())
                options = {"dynamic": True, "simplify": False, "verbose": False, **arguments}
                made[key] = Path(ultralytics.YOLO(file).export(format="onnx", **options))
        return made[key]

    return export


@pytest.fixture(scope="session")
def pictures(scenes: list[Image]) -> Pictures:
    """Whole scenes and pieces, wide, tall and tiny ones, one with nothing on it."""
    first = scenes[0].bgr
    pieces = [first[:200], first[:200].copy(), first[:, :150], first[40:90, 30:100], first[:2, :3], first[:1]]
    return [scene.bgr for scene in scenes[::2]] + pieces + [np.zeros((50, 60, 3), np.uint8)]


def load(path: Path, image_size: int | None = None) -> Model:
    model = OnnxLoader().load(path, device="cpu", image_size=image_size, cache_dir=path.parent / "cache")
    assert isinstance(model, ExportedModel)
    return model


def predicted(path: Path, picture: NDArray[np.uint8], size: Any, **arguments: Any) -> Any:
    with ultralytics_imported(path.parent) as ultralytics:
        yolo = _YOLOS.setdefault(path, ultralytics.YOLO(path))
        return yolo.predict(picture, imgsz=size, verbose=False, save=False, device="cpu", **arguments)[0]


_YOLOS: dict[Path, Any] = {}


def paired(ours: sv.Detections, theirs: sv.Detections) -> NDArray[np.intp]:
    """Return the places of our boxes among theirs: those of equal confidence may come in another order."""
    assert len(ours) == len(theirs)
    apart = np.abs(ours.xyxy[:, None] - theirs.xyxy[None]).max(axis=2)
    places: NDArray[np.intp] = apart.argmin(axis=1) if len(ours) else np.empty(0, np.intp)
    assert sorted(places) == list(range(len(ours)))
    return places


def same_boxes(ours: sv.Detections, result: Any) -> NDArray[np.intp]:
    theirs = sv.Detections.from_ultralytics(result)
    places = paired(ours, theirs)
    if len(ours):
        np.testing.assert_allclose(ours.xyxy, theirs.xyxy[places], atol=0.02)
        np.testing.assert_allclose(ours.confidence, theirs.confidence[places], atol=1e-5)  # type: ignore
        assert list(ours.class_id) == list(theirs.class_id[places])  # type: ignore
    return places


SETTINGS = [
    DetectSettings(),
    DetectSettings(confidence=0.02, iou=0.7, max_detections=8),
    DetectSettings(confidence=0.01, iou=0.1, class_agnostic=True),
    DetectSettings(classes=()),
    DetectSettings(image_size=(160, 320)),
    DetectSettings(image_size=(200, 350)),
    DetectSettings(image_size=(640, 640), confidence=0.1),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_boxes_are_those_of_ultralytics(export: Export, pictures: Pictures, settings: DetectSettings) -> None:
    path = export("detect")
    model = load(path)
    for picture, ours in zip(pictures, model.detect(pictures, settings), strict=True):
        theirs = predicted(
            path, picture, list(settings.image_size or (320, 320)), conf=settings.confidence, iou=settings.iou,
            max_det=settings.max_detections, agnostic_nms=settings.class_agnostic,
            classes=None if settings.classes is None else [99],
        )  # fmt: skip
        same_boxes(ours, theirs)


def test_a_name_may_ask_for_a_size(export: Export, pictures: Pictures) -> None:
    path = export("detect")
    model = load(path, image_size=500)
    for picture, ours in zip(pictures[:4], model.detect(pictures[:4], DetectSettings()), strict=True):
        same_boxes(ours, predicted(path, picture, 500, conf=0.4, iou=0.3))


@pytest.mark.parametrize("architecture", ["yolo11n.yaml", "yolo26n.yaml"])
def test_many_classes_and_heads_that_choose_themselves(export: Export, pictures: Pictures, architecture: str) -> None:
    path = export(architecture, imgsz=160)
    model = load(path)
    assert (model.info.image_size, len(model.info.names)) == ((160, 160), 80)
    usual = np.concatenate([predicted(path, picture, 160, conf=0.0).boxes.conf.numpy() for picture in pictures[:4]])
    conf = float(np.median(usual))
    for classes in (None, (3, 40, 41, 77)):
        asked = DetectSettings(confidence=conf, iou=1.0, classes=classes)
        for picture, ours in zip(pictures[:4], model.detect(pictures[:4], asked), strict=True):
            theirs = predicted(path, picture, 160, conf=conf, iou=1.0, classes=classes, max_det=300)
            np.testing.assert_allclose(rows(ours), rows(sv.Detections.from_ultralytics(theirs)), atol=0.02)
            assert classes or len(ours) > 5


def rows(found: sv.Detections) -> NDArray[np.float64]:
    """Return boxes, confidence and class of each, in an order that hangs on them alone: many boxes are the same."""
    table = np.column_stack([found.xyxy, found.confidence, found.class_id])  # type: ignore[list-item]
    ordered: NDArray[np.float64] = table[np.lexsort(table.round(1).T)]
    return ordered


def test_masks_and_key_points_are_those_of_ultralytics(export: Export, pictures: Pictures) -> None:
    asked = DetectSettings(shapes=True)
    paths = [export(task) for task in ("segment", "pose")]
    segments, poses = (load(path).detect(pictures, asked) for path in paths)
    for picture, ours, posed in zip(pictures, segments, poses, strict=True):
        theirs = predicted(paths[0], picture, 320, conf=0.4, iou=0.3, retina_masks=True)
        places = same_boxes(ours, theirs)
        if len(ours):
            dense, masks = np.asarray(ours.mask), theirs.masks.data.numpy().astype(bool)[places]
            assert ((dense & masks).sum((1, 2)) / (dense | masks).sum((1, 2))).min() > 0.95
        theirs = predicted(paths[1], picture, 320, conf=0.4, iou=0.3)
        places = same_boxes(posed, theirs)
        np.testing.assert_allclose(posed.data["keypoints_xy"], theirs.keypoints.xy.numpy()[places], atol=0.02)


def test_scores_are_those_of_ultralytics(export: Export, pictures: Pictures) -> None:
    path = export("classify")
    scores = load(path).classify(pictures)
    for ours, picture in zip(scores, pictures, strict=True):
        np.testing.assert_allclose(ours, predicted(path, picture, 32).probs.data.numpy(), atol=1e-5)
    assert load(path).classify([]).shape == (0, 10)


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
@pytest.mark.parametrize("task", TASKS)
def test_weights_may_run_in_another_runtime(
    store: ModelStore, scenes: list[Image], tmp_path: Path, task: Any, runtime: Any
) -> None:
    name = {"detect": "digits", "segment": "digits/seg", "pose": "digits/pose", "classify": "digits/cls"}[task]
    theirs = store.get(name, tasks=(task,))
    other = ModelStore(runtime=runtime, device="cpu", cache_dir=tmp_path)
    ours = other.get(str(theirs.info.path), tasks=(task,))
    assert ours.info.runtime == runtime
    batch = [scene.bgr for scene in scenes]
    if task == "classify":
        np.testing.assert_allclose(ours.classify(batch), theirs.classify(batch), atol=1e-4)
        return
    asked = DetectSettings(shapes=True)
    for one, another in zip(ours.detect(batch, asked), theirs.detect(batch, asked), strict=True):
        places = paired(one, another)
        np.testing.assert_allclose(one.xyxy, another.xyxy[places], atol=0.05)
        np.testing.assert_allclose(one.confidence, another.confidence[places], atol=1e-4)  # type: ignore
        assert set(one.data) == set(another.data)


def test_the_shipped_exports_are_those_of_the_shipped_weights(store: ModelStore, scenes: list[Image]) -> None:
    batch = [scene.bgr for scene in scenes]
    detector, classifier = (load(ROOT / "models" / f"digits-{task}.onnx") for task in ("detect", "classify"))
    pairs = zip(
        detector.detect(batch, DetectSettings()), store.get("digits").detect(batch, DetectSettings()), strict=True
    )
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours.xyxy, theirs.xyxy[paired(ours, theirs)], atol=0.05)
    scores = store.get("digits/cls", tasks=("classify",)).classify(batch)
    np.testing.assert_allclose(classifier.classify(batch), scores, atol=1e-4)


def test_weights_are_exported_once_and_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = ROOT / "models" / "digits-classify.pt"
    stores = [ModelStore(runtime="onnx", device="cpu", cache_dir=tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        models = list(pool.map(lambda store: store.get(str(weights), tasks=("classify",)), stores))
    assert len({model.info.path for model in models}) == 1
    assert [path.name for path in (tmp_path / "exports").iterdir()] == [models[0].info.path.name]
    chosen = ModelStore(runtime="auto", device="cpu", cache_dir=tmp_path).get(str(weights), tasks=("classify",))
    assert chosen.info.runtime == "onnx"
    assert "digits-classify.pt runs in onnx, the fastest that is installed for this device" in caplog.messages
    with pytest.raises(ModelError, match=r"runs as it is; a runtime can be chosen for \.pt files"):
        ModelStore(runtime="torch").get(str(ROOT / "models/digits-classify.onnx"), tasks=("classify",))


def test_an_export_for_one_size_and_batch_takes_any_number_of_pictures(export: Export, pictures: Pictures) -> None:
    path = export("detect", dynamic=False, batch=3, imgsz=320)
    model = load(path)
    batches = model.detect(pictures, DetectSettings())
    assert [len(model.detect([picture], DetectSettings())[0]) for picture in pictures] == list(map(len, batches))
    assert sum(map(len, batches)) > 60
    with pytest.raises(ModelError, match="exported for pictures of 320 x 320 and takes no other size"):
        model.detect(pictures, DetectSettings(image_size=(640, 640)))
    with pytest.raises(ModelError, match="exported for pictures of 320 x 320"):
        load(path, image_size=640)


def test_what_it_does_not_know_goes_to_ultralytics(export: Export, pictures: Pictures) -> None:
    path = export("detect", nms=True, dynamic=False, imgsz=320)
    model = OnnxLoader().load(path, device="cpu", image_size=None, cache_dir=path.parent / "cache")
    assert not isinstance(model, ExportedModel)
    assert len(model.detect(pictures[:1], DetectSettings())[0]) > 3


def test_wrong_files_and_devices_are_told(export: Export, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"broken.onnx cannot be loaded; the file may be damaged or no ONNX"):
        load(tmp_path / "broken.onnx")
    with pytest.raises(ModelError, match=r"cannot run on 'cuda:0': install onnxruntime-gpu"):
        OnnxLoader().load(export("detect"), device="cuda:0", image_size=None, cache_dir=tmp_path)
    model = load(export("classify"))
    with pytest.raises(ModelError, match="no detection"):
        model.detect([], DetectSettings())
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.classify([np.zeros((9, 9, 3), np.uint8)])


def test_neither_torch_nor_ultralytics_is_needed(export: Export) -> None:
    code = """
import sys
for name in ("torch", "torchvision", "ultralytics"):
    sys.modules[name] = None
from cropflow import ModelStore, Workflow
detect, classify, document, picture = sys.argv[1:]
store = ModelStore({"../models/digits-detect.pt": detect, "../models/digits-classify.pt": classify})
with Workflow.load(document, resources=[store]) as workflow:
    row = workflow.run({"image": picture})[0]
print(len(row["named"]), *row["named"].data["class_name"])
"""
    files = [export("detect"), export("classify"), ROOT / "workflows/classes_on_boxes.yaml", SCENE]
    done = subprocess.run([sys.executable, "-c", code, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "15"


def test_what_is_missing_is_told_with_the_smallest_remedy(export: Export) -> None:
    code = """
import sys
sys.modules["ultralytics"] = sys.modules["onnxruntime"] = None
from cropflow import ModelStore
ModelStore().get(sys.argv[1])
"""
    done = subprocess.run([sys.executable, "-c", code, export("detect")], capture_output=True, text=True, check=False)
    assert "detect.onnx needs ONNX Runtime" in done.stderr
    assert 'pip install "cropflow[onnx]"' in done.stderr


def test_nobody_is_told_that_a_model_runs(tmp_path: Path) -> None:
    """onnxruntime notes its use in the cache and reports it, unless it is told not to before it is imported."""
    code = (
        "from pathlib import Path; from cropflow.models import ModelStore\n"
        f"store = ModelStore(cache_dir={str(tmp_path / 'own')!r})\n"
        f"print(store.get({str(ROOT / 'models' / 'digits-detect.onnx')!r}).info.runtime)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout == "onnx\n"
    assert not (tmp_path / "cache" / "Microsoft").exists()
