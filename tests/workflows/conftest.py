"""The held-out pictures, what is truly on them, and a store that loads each model once for all tests."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cropflow import ModelStore

ROOT = Path(__file__).parents[2]
SCENES = ROOT / "examples" / "digits" / "scenes"


@pytest.fixture(scope="session")
def workflows() -> Path:
    return ROOT / "workflows"


@pytest.fixture(scope="session")
def truth() -> dict[str, list[dict[str, Any]]]:
    return json.loads((ROOT / "examples" / "digits" / "truth.json").read_text())


@pytest.fixture(scope="session")
def pictures(truth: dict[str, list[dict[str, Any]]]) -> dict[str, Path]:
    return {name: SCENES / name for name in truth}


@pytest.fixture(scope="session")
def scoring() -> ModuleType:
    """`examples/digits/score.py`, which compares results with the truth."""
    spec = importlib.util.spec_from_file_location("digits_score", ROOT / "examples" / "digits" / "score.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def store() -> Iterator[ModelStore]:
    store = ModelStore(device="cpu")
    yield store
    store.close()
