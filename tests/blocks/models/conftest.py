"""The shipped models and the example pictures, loaded once for all tests of model blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropflow.image import Image
from cropflow.models import LoadedModel, ModelStore
from cropflow_blocks.models.quiet import ultralytics_imported
from cropflow_blocks.models.ultralytics import UltralyticsLoader

from .sameness import Export, Pictures

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


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Export shipped weights, or an architecture with random ones; each only once. The `.pt` file lies beside it."""
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
