"""What a user of ONNX files relies on: the results of Ultralytics, without torch and Ultralytics, at any batch."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import DetectSettings, Model, ModelStore
from cropflow_blocks.models.direct import DirectModel
from cropflow_blocks.models.onnx import OnnxLoader
from cropflow_blocks.models.quiet import ultralytics_imported
from cropflow_blocks.models.ultralytics import UltralyticsLoader

from .sameness import Export, Pictures, paired

ROOT = Path(__file__).parents[3]
SCENE = ROOT / "examples/digits/scenes/form/01.png"
TASKS = ("detect", "segment", "pose", "classify")


def load(path: Path, image_size: int | None = None) -> Model:
    model = OnnxLoader().load(path, device="cpu", image_size=image_size, cache_dir=path.parent / "cache")
    assert isinstance(model, DirectModel)
    return model


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


def test_an_export_runs_as_it_is_and_in_no_other_runtime() -> None:
    export = str(ROOT / "models/digits-classify.onnx")
    assert ModelStore(runtime="onnx").get(export, tasks=("classify",)).info.runtime == "onnx"
    with pytest.raises(ModelError, match=r"runs in onnx as it is; the runtime 'torch' can be had for \.pt files only"):
        ModelStore(runtime="torch").get(export, tasks=("classify",))


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_weights_and_cache_may_have_any_path(tmp_path: Path, runtime: Any) -> None:
    weights, cache = tmp_path / "what?" / "my'model 5%.pt", tmp_path / "o'brien"
    weights.parent.mkdir()
    weights.write_bytes((ROOT / "models" / "digits-classify.pt").read_bytes())
    model = ModelStore(runtime=runtime, device="cpu", cache_dir=cache).get(str(weights), tasks=("classify",))
    assert model.info.runtime == runtime
    assert model.info.path.name.startswith("my'model 5%-")
    exports = list((cache / "exports").iterdir())
    assert model.info.path in exports
    assert all(export.name.startswith("my'model 5%-") for export in exports)
    assert list(tmp_path.glob("obrien*")) == []


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
    assert not isinstance(model, DirectModel)
    assert len(model.detect(pictures[:1], DetectSettings())[0]) > 3


@pytest.mark.parametrize("task", ["segment", "pose"])
def test_other_formats_find_the_same_in_ultralytics(
    store: ModelStore, scenes: list[Image], tmp_path: Path, task: Any
) -> None:
    theirs = store.get({"segment": "digits/seg", "pose": "digits/pose"}[task], tasks=(task,))
    file = tmp_path / "digits.pt"
    file.write_bytes(theirs.info.path.read_bytes())
    with ultralytics_imported(tmp_path) as ultralytics:
        path = Path(ultralytics.YOLO(file).export(format="torchscript", imgsz=320, verbose=False))
    ours = UltralyticsLoader().load(path, device="cpu", image_size=None, cache_dir=tmp_path)
    square = [scene.bgr for scene in scenes if scene.width == scene.height][:2]
    assert square
    asked = DetectSettings(shapes=True)
    for one, another in zip(ours.detect(square, asked), theirs.detect(square, asked), strict=True):
        places = paired(one, another)
        np.testing.assert_allclose(one.xyxy, another.xyxy[places], atol=0.05)
        assert len(one) > 3
        if task == "pose":
            np.testing.assert_allclose(one.data["keypoints_xy"], another.data["keypoints_xy"][places], atol=0.05)
        else:
            masks, others = np.asarray(one.mask), np.asarray(another.mask)[places]
            assert ((masks & others).sum((1, 2)) / (masks | others).sum((1, 2))).min() > 0.95


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
