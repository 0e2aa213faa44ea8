"""Models without frameworks: what a model can do, and the store that finds, loads and shares weights."""

from __future__ import annotations

from cropflow.models.gather import Batching
from cropflow.models.protocol import DetectSettings, Model, ModelInfo, ModelLoader, Runtime, Task
from cropflow.models.store import LoadedModel, ModelStore

__all__ = [
    "Batching",
    "DetectSettings",
    "LoadedModel",
    "Model",
    "ModelInfo",
    "ModelLoader",
    "ModelStore",
    "Runtime",
    "Task",
]
