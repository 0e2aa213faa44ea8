"""Blocks for roboflow-workflows that do what the stubs of `overhead.py` do: answer at once."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import numpy as np
import supervision as sv
from roboflow_workflows.execution_engine.entities.base import Batch, OutputDefinition, WorkflowImageData
from roboflow_workflows.execution_engine.entities.types import (
    IMAGE_KIND,
    OBJECT_DETECTION_PREDICTION_KIND,
    STRING_KIND,
    Selector,
)
from roboflow_workflows.prototypes.block import BlockResult, WorkflowBlock, WorkflowBlockManifest

BOXES: dict[str, Any] = {"xyxy": np.zeros((0, 4))}


class DetectManifest(WorkflowBlockManifest):
    """Takes pictures."""

    type: Literal["bench/detect@v1"]
    images: Selector(kind=[IMAGE_KIND])  # type: ignore[valid-type]

    @classmethod
    def get_parameters_accepting_batches(cls) -> list[str]:
        """All pictures come in one call."""
        return ["images"]

    @classmethod
    def describe_outputs(cls) -> list[OutputDefinition]:
        """Boxes."""
        return [OutputDefinition(name="predictions", kind=[OBJECT_DETECTION_PREDICTION_KIND])]

    @classmethod
    def get_execution_engine_compatibility(cls) -> str:
        """Any version."""
        return ">=1.0.0,<2.0.0"


class Detect(WorkflowBlock):
    """Answers with the same boxes for every picture."""

    @classmethod
    def get_manifest(cls) -> type[WorkflowBlockManifest]:
        """Say what it takes."""
        return DetectManifest

    def run(self, images: Batch[WorkflowImageData]) -> BlockResult:
        """Answer; ids are needed by its crop block."""
        return [{"predictions": self._found()} for _ in images]

    def _found(self) -> sv.Detections:
        count = len(BOXES["xyxy"])
        ids = np.array([str(uuid.uuid4()) for _ in range(count)])
        names = np.array(["thing"] * count)
        data = {"detection_id": ids, "class_name": names}
        return sv.Detections(BOXES["xyxy"], None, np.ones(count), np.zeros(count, int), data=data)


class ClassifyManifest(WorkflowBlockManifest):
    """Takes crops."""

    type: Literal["bench/classify@v1"]
    images: Selector(kind=[IMAGE_KIND])  # type: ignore[valid-type]

    @classmethod
    def get_parameters_accepting_batches(cls) -> list[str]:
        """All crops come in one call."""
        return ["images"]

    @classmethod
    def describe_outputs(cls) -> list[OutputDefinition]:
        """A label."""
        return [OutputDefinition(name="label", kind=[STRING_KIND])]

    @classmethod
    def get_execution_engine_compatibility(cls) -> str:
        """Any version."""
        return ">=1.0.0,<2.0.0"


class Classify(WorkflowBlock):
    """Answers with the same label for every crop."""

    @classmethod
    def get_manifest(cls) -> type[WorkflowBlockManifest]:
        """Say what it takes."""
        return ClassifyManifest

    def run(self, images: Batch[WorkflowImageData]) -> BlockResult:
        """Answer."""
        return [{"label": "label"}] * len(images)


def load_blocks() -> list[type[WorkflowBlock]]:
    """Tell which blocks there are."""
    return [Detect, Classify]
