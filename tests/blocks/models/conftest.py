"""The shipped models and the example pictures, loaded once for all tests of model blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cropflow.image import Image
from cropflow.models import LoadedModel, ModelStore
from cropflow_blocks.models.ultralytics import UltralyticsLoader

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelStore]:
    store = ModelStore(
        models={
            "digits": ROOT / "models" / "digits-detect.pt",
            "digits/cls": ROOT / "models" / "digits-classify.pt",
            "digits/seg": ROOT / "models" / "digits-segment.pt",
            "digits/pose": ROOT / "models" / "digits-pose.pt",
        },
        cache_dir=tmp_path_factory.mktemp("cache"),
        loaders=[UltralyticsLoader()],
    )
    yield store
    store.close()


@pytest.fixture(scope="session")
def detector(store: ModelStore) -> LoadedModel:
    return store.get("digits")


@pytest.fixture(scope="session")
def classifier(store: ModelStore) -> LoadedModel:
    return store.get("digits/cls", tasks=("classify",))


@pytest.fixture(scope="session")
def segmenter(store: ModelStore) -> LoadedModel:
    return store.get("digits/seg", tasks=("segment",))


@pytest.fixture(scope="session")
def poser(store: ModelStore) -> LoadedModel:
    return store.get("digits/pose", tasks=("pose",))


@pytest.fixture(scope="session")
def scenes() -> list[Image]:
    """Pictures full of digits, of several sizes; the id is the path below the folder of scenes."""
    folder = ROOT / "examples" / "digits" / "scenes"
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".png", ".jpg"))
    return [Image.load(file, id=str(file.relative_to(folder))) for file in files]
