"""What the blocks that run models share: fields, the way to the model, and the leftovers of the platform."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, get_args

from pydantic import Field

from cropflow.block import Batch, Block, Port
from cropflow.errors import ModelError, nearest
from cropflow.image import Image
from cropflow.kinds import KINDS, ModelId
from cropflow.models import LoadedModel, ModelInfo, ModelStore, Task
from cropflow.resources import DocumentFolder

DEFAULT_CONFIDENCE = 0.4
"""Used where the document asks for the model's own or best threshold; weights carry none."""

_IDLE: Mapping[str, object] = {
    "disable_active_learning": True,
    "active_learning_target_dataset": None,
    "mask_decode_mode": "accurate",
    "tradeoff_factor": 0.0,
    "enforce_dense_masks_in_inference_models": True,
}
"""Fields that do nothing here, and the values that ask for nothing."""

Images = Annotated[Batch[Image], Port("the pictures to look at", alias="image")]
Model = Annotated[ModelId, Port("path to weights, or a name that stands for them")]
Count = Annotated[int, Field(gt=0)]
InferenceId = Annotated[str, KINDS["inference_id"], Port("identity of the answer: picture and step")]
OnPlatform = Annotated[bool, Port("accepted for existing documents; has no effect")]
Project = Annotated[str | None, KINDS["roboflow_project"], Port("accepted for existing documents; has no effect")]


class ModelBlock(Block):
    """The base of the blocks that run a model; it has no `run`.

    Attributes:
        tasks: what the weights may do.
    """

    tasks: ClassVar[tuple[Task, ...]] = get_args(Task)

    def __init__(self, models: ModelStore, document: DocumentFolder) -> None:
        self._models = models
        self._document = document
        self._warned = False

    def model(self, model_id: str, *, device: str | None = None, half: bool = False) -> LoadedModel:
        """Return the model of this call; ModelError where it is not found or does something else."""
        return self._models.get(model_id, self._document.path, self.tasks, device=device, half=half)

    def answer_id(self, image: Image) -> str:
        """Return the id of this step's answer about a picture; the same in every run."""
        return f"{image.id}/{self.step}"

    def ignore_platform(self, disable_active_learning: bool, target_dataset: str | None, **others: object) -> None:
        """Say once which fields of existing documents were set and do nothing here; `others` by their names."""
        learning = {"disable_active_learning": disable_active_learning}
        given = {**learning, "active_learning_target_dataset": target_dataset, **others}
        idle = [name for name, value in given.items() if value != _IDLE[name]]
        if idle and not self._warned:
            self._warned = True
            logging.getLogger("cropflow").warning(
                "step %r: %s: accepted for existing documents, no effect here", self.step, ", ".join(idle)
            )


def class_ids(
    classes: Sequence[str | int] | None, info: ModelInfo, field: str = "class_filter"
) -> tuple[int, ...] | None:
    """Return the ids of the classes to keep, told by name or number; `None`, for all of them, where none is given.

    Raises:
        ModelError: the model has no such class; the message names the `field` and the nearest class.
    """
    if not classes:
        return None
    return tuple(sorted({_class_id(wanted, info, field) for wanted in classes}))


def _class_id(wanted: str | int, info: ModelInfo, field: str) -> int:
    if isinstance(wanted, int):
        if 0 <= wanted < len(info.names):
            return wanted
        raise ModelError(
            f"{field}: the model {info.name} has no class {wanted}; they go from 0 to {len(info.names) - 1}"
        )
    if wanted in info.names:
        return info.names.index(wanted)
    near = " or ".join(map(repr, nearest(wanted, info.names)))
    advice = f"did you mean {near}?" if near else f"its classes are {', '.join(info.names[:20])}"
    raise ModelError(f"{field}: the model {info.name} has no class {wanted!r}; {advice}")


def threshold(mode: str, custom: float) -> float:
    """Return the threshold that `confidence_mode` asks for."""
    return custom if mode == "custom" else DEFAULT_CONFIDENCE
