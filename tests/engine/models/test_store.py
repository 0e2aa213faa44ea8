"""What a user of the model store relies on: names lead where they should, weights load once, errors help."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow.errors import ModelError
from cropflow.models import DetectSettings, ModelStore
from cropflow.models.names import Place, published_name
from cropflow_blocks.models.predictor import UltralyticsModel
from cropflow_blocks.models.ultralytics import UltralyticsLoader

MODELS = Path(__file__).parents[3] / "models"
DETECTOR, CLASSIFIER = MODELS / "digits-detect.pt", MODELS / "digits-classify.pt"
PICTURE = np.zeros((64, 64, 3), np.uint8)


class CountingLoader(UltralyticsLoader):
    """The real loader, with a note of what it loaded."""

    def __init__(self) -> None:
        self.loaded: list[tuple[str, int | None]] = []
        self.half: list[bool] = []

    def load(
        self, path: Path, *, device: str | None, image_size: int | None, half: bool, cache_dir: Path
    ) -> UltralyticsModel:
        self.loaded.append((path.name, image_size))
        self.half.append(half)
        return super().load(path, device=device, image_size=image_size, half=half, cache_dir=cache_dir)


class SlowLoader(CountingLoader):
    """Loads when it is let go; the first so many times in vain."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.loading, self.release = threading.Event(), threading.Event()
        self.failures = failures

    def load(self, path: Path, **how: Any) -> UltralyticsModel:
        self.loading.set()
        assert self.release.wait(10)
        if self.failures:
            self.failures -= 1
            raise ModelError("not yet")
        return super().load(path, **how)


@pytest.fixture
def loader() -> CountingLoader:
    return CountingLoader()


@pytest.fixture
def store(loader: CountingLoader, tmp_path: Path) -> Iterator[ModelStore]:
    store = ModelStore(cache_dir=tmp_path / "cache", loaders=[loader])
    yield store
    store.close()


def touch(*parts: str | Path) -> Path:
    path = Path(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_a_given_name_beats_models_yaml_which_beats_files(tmp_path: Path) -> None:
    folder = tmp_path / "document"
    given, mapped, file = touch(tmp_path, "a.pt"), touch(folder, "w", "b.pt"), touch(folder, "dogs")
    assert ModelStore().locate("dogs", folder) == file
    (folder / "models.yaml").write_text("dogs: w/b.pt\n")
    assert ModelStore().locate("dogs", folder) == mapped
    assert ModelStore(models={"dogs": given}).locate("dogs", folder) == given


def test_names_with_slashes_lead_to_local_files(tmp_path: Path) -> None:
    weights = touch(tmp_path, "dogs.pt")
    (tmp_path / "models.yaml").write_text(f"dog-breed-xpaq6/1: {weights}\n")
    assert ModelStore().locate("dog-breed-xpaq6/1", tmp_path) == weights


def test_paths_are_relative_to_the_document_then_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = touch(tmp_path, "models", "a.pt")
    assert ModelStore().locate("models/a.pt", tmp_path / "document") == here
    beside = touch(tmp_path, "document", "models", "a.pt")
    assert ModelStore().locate("models/a.pt", tmp_path / "document") == beside
    assert ModelStore().locate(str(here), tmp_path / "document") == here


@pytest.mark.parametrize(
    ("name", "file", "size"),
    [
        ("yolov8n-640", "yolov8n.pt", 640),
        ("yolov8s-seg-640", "yolov8s-seg.pt", 640),
        ("yolov8n-pose-640", "yolov8n-pose.pt", 640),
        ("yolov8n-cls", "yolov8n-cls.pt", None),
        ("yolov11x-1280", "yolo11x.pt", 1280),
        ("yolo26n", "yolo26n.pt", None),
        ("yolov8n.pt", "yolov8n.pt", None),
    ],
)
def test_names_of_existing_documents_mean_ultralytics_files(name: str, file: str, size: int | None) -> None:
    assert published_name(name) == Place(Path(file), size)


@pytest.mark.parametrize("name", ["dog-breed-xpaq6/1", "../yolov8n-640", "my-yolov8n", "yolo", "rfdetr-base"])
def test_other_names_mean_no_ultralytics_file(name: str) -> None:
    assert published_name(name) is None


def test_a_size_in_the_name_reaches_the_weights(tmp_path: Path, loader: CountingLoader) -> None:
    (tmp_path / "yolov8n.pt").write_bytes(DETECTOR.read_bytes())
    store = ModelStore(cache_dir=tmp_path / "cache", loaders=[loader])
    assert store.get("yolov8n-640", tmp_path).info.image_size == (640, 640)
    assert store.get("yolov8n.pt", tmp_path).info.image_size == (320, 320)
    assert loader.loaded == [("yolov8n.pt", 640), ("yolov8n.pt", None)]


def test_a_runtime_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="one of file, auto, torch, onnx, openvino, not 'onxx'"):
        ModelStore(runtime="onxx")  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cuda0", "CPU", "intel"])
def test_a_device_that_is_none_is_refused(device: str) -> None:
    with pytest.raises(ValueError, match=f"'{device}' is no device; expected cpu, cuda or 0"):
        ModelStore(device=device)


@pytest.mark.parametrize("device", [None, "", "cpu", "cuda", "cuda:1", "0", "0,1", "mps", "intel:cpu", "intel:gpu.0"])
def test_devices_of_all_runtimes_are_taken(device: str | None) -> None:
    assert ModelStore(device=device).device == device


def test_a_missing_model_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    with pytest.raises(ModelError) as caught:
        ModelStore(models={"digits": DETECTOR}).locate("models/digits-detct.pt", MODELS.parent)
    message = str(caught.value)
    assert str(MODELS / "digits-detct.pt") in message
    assert str(tmp_path / "cwd" / "models" / "digits-detct.pt") in message
    assert "'digits-detect.pt'" in message
    assert "Correct the path" in message
    with pytest.raises(ModelError) as caught:
        ModelStore().locate("dog-breeds/1", MODELS.parent)
    assert "--model dog-breeds/1=PATH" in str(caught.value)
    assert "ModelStore(models={'dog-breeds/1': PATH})" in str(caught.value)


def test_nothing_is_downloaded_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"yolov8n\.pt\n(.|\n)*--allow-download"):
        ModelStore(cache_dir=tmp_path).get("yolov8n-640", tmp_path)
    assert not list(tmp_path.iterdir())


def test_only_published_weights_can_be_downloaded(tmp_path: Path, loader: CountingLoader) -> None:
    store = ModelStore(cache_dir=tmp_path, allow_download=True, loaders=[loader])
    with pytest.raises(ModelError, match=r"no weights named 'yolov8q\.pt'"):
        store.get("yolov8q-640", tmp_path)
    with pytest.raises(ModelError, match="not found"):
        store.get("dogs/1", tmp_path)


def test_a_name_that_leads_nowhere_says_where(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.pt"):
        ModelStore(models={"dogs": tmp_path / "gone.pt"}).locate("dogs")


@pytest.mark.parametrize("text", ["- a\n- b\n", "dogs: [1]\n", "dogs: {\n"])
def test_a_wrong_models_yaml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.yaml").write_text(text)
    with pytest.raises(ModelError, match=r"models\.yaml"):
        ModelStore().locate("dogs", tmp_path)


def test_weights_are_loaded_once_however_they_are_called(store: ModelStore, loader: CountingLoader) -> None:
    first = store.get(str(DETECTOR))
    assert store.get("models/digits-detect.pt", MODELS.parent) is first
    assert store.get("../models/digits-detect.pt", MODELS) is first
    assert loader.loaded == [("digits-detect.pt", None)]


def test_threads_that_ask_at_once_get_one_model(store: ModelStore, loader: CountingLoader) -> None:
    barrier = threading.Barrier(8)

    def ask(_: int) -> object:
        barrier.wait()
        return store.get(str(DETECTOR))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(set(map(id, found))) == 1
    assert len(loader.loaded) == 1


def test_a_model_of_another_task_names_the_right_block(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"'classify'.*'detect'.*classification_model@v3"):
        store.get(str(CLASSIFIER), tasks=("detect", "segment"))
    with pytest.raises(ModelError, match=r"'detect'.*'classify'.*object_detection_model@v3"):
        store.get(str(DETECTOR), tasks=("classify",))
    assert store.get(str(CLASSIFIER), tasks=("classify",)).info.task == "classify"


def test_a_file_that_is_no_weights_is_refused(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"notes\.txt is no weights file"):
        store.get(str(touch(tmp_path, "notes.txt")))


def test_close_lets_go_and_the_store_can_be_used_again(store: ModelStore, loader: CountingLoader) -> None:
    model = store.get(str(DETECTOR))
    store.close()
    with pytest.raises(ModelError, match="closed"):
        model.detect([PICTURE], DetectSettings())
    assert store.get(str(DETECTOR)).detect([PICTURE], DetectSettings())[0].xyxy.shape == (0, 4)
    assert len(loader.loaded) == 2


def test_a_store_that_is_closed_while_it_loads_can_be_used_again(tmp_path: Path) -> None:
    loader = SlowLoader()
    store = ModelStore(cache_dir=tmp_path, loaders=[loader])
    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(store.get, str(DETECTOR))
        assert loader.loading.wait(10)
        closing = pool.submit(store.close)
        while store._slots:
            time.sleep(0.01)
        loader.release.set()
        loading.result(10)
        closing.result(10)
    assert store.get(str(DETECTOR)).detect([PICTURE], DetectSettings())[0].xyxy.shape == (0, 4)


def test_who_waits_for_weights_that_fail_loads_them_once_for_all(tmp_path: Path) -> None:
    loader = SlowLoader(failures=1)
    store = ModelStore(cache_dir=tmp_path, loaders=[loader])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.get, str(DETECTOR))
        assert loader.loading.wait(10)
        second = pool.submit(store.get, str(DETECTOR))
        time.sleep(0.3)  # it waits for the first
        loader.release.set()
        with pytest.raises(ModelError):
            first.result(10)
        found = second.result(10)
    assert store.get(f"{MODELS}/./digits-detect.pt") is found


def test_a_view_for_documents_of_others_takes_weights_of_its_folders_only(
    tmp_path: Path, loader: CountingLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = tmp_path / "allowed" / "a.pt", tmp_path / "other" / "b.pt"
    for file in (inside, outside):
        file.parent.mkdir()
        file.write_bytes(DETECTOR.read_bytes())
    (tmp_path / "allowed" / "link.pt").symlink_to(outside)
    store = ModelStore(models={"named": outside}, loaders=[loader])
    view = store.within(tmp_path / "allowed")
    assert view.get("allowed/a.pt") is store.get(str(inside))
    assert view.get("a.pt", tmp_path / "allowed") is view.get("allowed/a.pt")
    assert view.get("named") is store.get(str(outside))
    for name in (str(outside), "other/b.pt", "allowed/../other/b.pt", "allowed/link.pt"):
        assert store.get(name)
        with pytest.raises(ModelError, match="not found") as caught:
            view.get(name)
        assert str(tmp_path) not in str(caught.value).replace(name, "")


def test_further_folders_come_after_the_usual_places(tmp_path: Path, loader: CountingLoader) -> None:
    for folder in ("documents", "models"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "both.pt").write_bytes(DETECTOR.read_bytes())
    (tmp_path / "models" / "a.pt").write_bytes(DETECTOR.read_bytes())
    store = ModelStore(loaders=[loader], cache_dir=tmp_path)
    view = store.also_in(tmp_path / "models")
    assert view.locate("both.pt", tmp_path / "documents") == tmp_path / "documents" / "both.pt"
    assert view.get("a.pt", tmp_path / "documents") is store.get(str(tmp_path / "models" / "a.pt"))
    with pytest.raises(ModelError, match="not found"):
        store.locate("a.pt", tmp_path / "documents")


def test_a_failed_load_is_tried_again(store: ModelStore, tmp_path: Path) -> None:
    weights = touch(tmp_path, "late.pt")
    with pytest.raises(ModelError, match=r"late\.pt"):
        store.get(str(weights))
    weights.write_bytes(DETECTOR.read_bytes())
    assert store.get(str(weights)).info.names == ("digit",)


def test_the_store_finds_installed_loaders(tmp_path: Path) -> None:
    assert ModelStore(cache_dir=tmp_path).get(str(DETECTOR)).info.runtime == "torch"


def test_importing_the_store_loads_no_framework() -> None:
    code = "import sys, cropflow.models; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["torch", "ultralytics", "supervision", "matplotlib", "cropflow_blocks"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_devices_and_names_of_strangers_leave_nothing_behind(tmp_path: Path) -> None:
    weights = str(MODELS / "digits-detect.onnx")
    with closing(ModelStore(cache_dir=tmp_path)) as store:
        for device in ("banana:1", "mps"):
            with pytest.raises(ModelError, match=f"cannot run on '{device}'"):
                store.get(weights, device=device)
        for device in ("banana", "cpu ", "gpu", "cuda:x"):
            with pytest.raises(ModelError, match=f"'{device}' is no device; expected cpu, cuda or 0"):
                store.get(weights, device=device)
        for name in ("a\0b", "a" * 300):
            with pytest.raises(ModelError, match=r"neither a name nor a path|is not found"):
                store.get(name)
        assert not store._slots


def test_a_view_loads_again_what_was_closed(tmp_path: Path) -> None:
    with closing(ModelStore(device="cpu", cache_dir=tmp_path)) as store:
        view = store.also_in(MODELS)
        view.get("digits-detect.onnx")
        store.close()
        assert view.get("digits-detect.onnx").detect([PICTURE], DetectSettings())


def test_sixteen_bits_asked_of_a_store_hold_for_all_its_models(loader: CountingLoader, tmp_path: Path) -> None:
    """A CPU takes no notice of it, so the results are the same and only what was asked for tells."""
    with closing(ModelStore(half=True, device="cpu", cache_dir=tmp_path, loaders=[loader])) as store:
        model = store.get(str(DETECTOR))
        assert loader.half == [True]
        assert store.get(str(DETECTOR), half=True) is model
        assert model.detect([PICTURE], DetectSettings())[0].xyxy.shape == (0, 4)
