"""What a user of OpenVINO relies on: folders that Ultralytics exported, at full precision, and nobody is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from cropflow.errors import ModelError
from cropflow.image import Image
from cropflow.models import DetectSettings, ModelStore
from cropflow_blocks.models.direct import DirectModel
from cropflow_blocks.models.openvino import OpenVinoLoader, openvino_imported
from cropflow_blocks.models.quiet import ultralytics_imported

ROOT = Path(__file__).parents[3]


def exported(folder: Path, **options: object) -> Path:
    """Let Ultralytics export the shipped detector."""
    openvino_imported()
    file = folder / "digits.pt"
    file.write_bytes((ROOT / "models" / "digits-detect.pt").read_bytes())
    with ultralytics_imported(folder) as ultralytics:
        return Path(ultralytics.YOLO(file).export(format="openvino", verbose=False, **options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("openvino"), dynamic=True)


def test_a_folder_of_ultralytics_finds_what_its_weights_find(
    folder: Path, store: ModelStore, scenes: list[Image]
) -> None:
    model = ModelStore(device="cpu").get(str(folder))
    assert isinstance(model.model, DirectModel)
    assert (model.info.runtime, model.info.device, model.info.names) == ("openvino", "cpu", ("digit",))
    batch = [scene.bgr for scene in scenes if scene.bgr.shape[0] == scene.bgr.shape[1]]
    theirs = store.get("digits").detect(batch, DetectSettings())
    for ours, another in zip(model.detect(batch, DetectSettings()), theirs, strict=True):
        assert len(ours) == len(another) > 0
        np.testing.assert_allclose(ours.confidence, another.confidence, atol=1e-4)  # type: ignore[arg-type]
        np.testing.assert_allclose(ours.xyxy, another.xyxy, atol=0.05)


def test_what_the_hot_path_does_not_know_goes_to_ultralytics(tmp_path: Path, scenes: list[Image]) -> None:
    model = ModelStore(device="cpu").get(str(exported(tmp_path, nms=True)))
    assert not isinstance(model.model, DirectModel)
    assert len(model.detect([scenes[0].bgr], DetectSettings())[0]) > 3


def test_wrong_folders_and_devices_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot run on 'cuda:0'; OpenVINO finds .*intel:cpu"):
        ModelStore(device="cuda:0").get(str(folder))
    assert ModelStore(device="intel:cpu").get(str(folder)).info.device == "intel:cpu"
    empty = tmp_path / "empty_openvino_model"
    empty.mkdir()
    with pytest.raises(ModelError, match=r"empty_openvino_model cannot be loaded; the folder may be damaged"):
        ModelStore().get(str(empty))
    (empty / "weights.xml").write_bytes(next(folder.glob("*.xml")).read_bytes())
    (empty / "weights.bin").write_bytes(next(folder.glob("*.bin")).read_bytes())
    with pytest.raises(ModelError, match="carries no task and class names; export the weights with Ultralytics"):
        ModelStore().get(str(empty))


def test_an_export_of_ours_opens_in_ultralytics(tmp_path: Path, scenes: list[Image]) -> None:
    store = ModelStore(runtime="openvino", device="cpu", cache_dir=tmp_path)
    ours = store.get(str(ROOT / "models" / "digits-detect.pt"))
    facts = yaml.safe_load((ours.info.path / "metadata.yaml").read_text())
    assert (facts["task"], facts["imgsz"], facts["names"]) == ("detect", [320, 320], {0: "digit"})
    with ultralytics_imported(tmp_path) as ultralytics:
        found = ultralytics.YOLO(ours.info.path).predict(scenes[0].bgr, conf=0.4, iou=0.3, verbose=False, device="cpu")
    assert len(found[0].boxes) == len(ours.detect([scenes[0].bgr], DetectSettings())[0])


def test_neither_torch_nor_ultralytics_is_needed_and_nobody_is_told(folder: Path, tmp_path: Path) -> None:
    """The module openvino reports its import to its makers, unless the package for that is out of its way."""
    code = f"""
import sys, time
for name in ("torch", "torchvision", "ultralytics", "onnxruntime"):
    sys.modules[name] = None
sys.addaudithook(lambda event, found: event in ("socket.connect", "socket.getaddrinfo") and print(event, found))
from cropflow.models import ModelStore
print(ModelStore().get({str(folder)!r}).info.runtime)
time.sleep(1)
"""
    environment = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout == "openvino\n"
    assert not [*tmp_path.rglob("*openvino*")]


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["openvino"] = None
from cropflow import ModelStore
ModelStore(runtime="openvino", cache_dir={str(tmp_path)!r}).get({str(ROOT / "models" / "digits-detect.pt")!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "the runtime 'openvino' needs the package 'openvino' for digits-detect.pt" in done.stderr
    assert 'pip install "cropflow[openvino,export]"' in done.stderr


def test_loader_takes_nothing_from_the_network(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no published weights"):
        OpenVinoLoader().download("yolo26n_openvino_model", tmp_path)
