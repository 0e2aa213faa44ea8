"""`.pt` weights in PyTorch without Ultralytics' predictor, which costs many times what a network does on a GPU.

Importing this file imports Ultralytics; do so inside of `ultralytics_imported`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics.data.augment import classify_transforms

from cropflow.models import DetectSettings, ModelInfo
from cropflow_blocks.models.decoding import Floats
from cropflow_blocks.models.direct import TASKS, DirectModel
from cropflow_blocks.models.letterbox import Size
from cropflow_blocks.models.results import CANDIDATES
from cropflow_blocks.models.sessions import Shown, Signature

_HEADS: Mapping[str, frozenset[str]] = {
    "detect": frozenset(("Detect",)),
    "segment": frozenset(("Segment", "Segment26")),
    "pose": frozenset(("Pose", "Pose26")),
    "classify": frozenset(("Classify",)),
}
"""What the last layer may be; the numbers of others mean something else."""


def direct_model(info: ModelInfo, backend: Any, points: NDArray[np.str_]) -> DirectModel | None:
    """Return a model that does as Ultralytics' predictor would; `None` for what only that can do.

    Args:
        backend: what the predictor runs: a fused network on its device.
        points: names of key points, classes × points.
    """
    if backend.format != "pt" or not backend.base_model or backend.channels != 3 or info.task not in TASKS:
        return None
    head = backend.model.model[-1]
    if type(head).__name__ not in _HEADS[info.task] or getattr(head, "nc", len(info.names)) != len(info.names):
        return None
    if info.task == "classify" and not _looks_as_usual(backend.model, info.image_size):
        return None
    signature = Signature(
        info.task,
        np.array(info.names, str),
        info.image_size,
        stride=backend.stride,
        free=True,
        end_to_end=bool(backend.end2end),
        points=points,
    )
    return DirectModel(info, TorchSession(backend), signature)


class TorchSession:
    """A network in PyTorch. Pictures go to its device as bytes, and only what it is sure enough of comes back."""

    runtime = "torch"
    lanes = 1
    batch: int | None = None
    at_once: int | None = None

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.device = str(backend.device)
        self._pinned = backend.device.type == "cuda"

    def room(self, count: int, size: Size) -> NDArray[np.uint8]:
        """Return where to put pictures; see `Session.room`. A GPU takes them from pinned memory, at once."""
        room: NDArray[np.uint8] = torch.empty((count, *size, 3), dtype=torch.uint8, pin_memory=self._pinned).numpy()
        return room

    def find(
        self, pictures: NDArray[np.uint8], signature: Signature, settings: DetectSettings, *, beside: bool
    ) -> Shown:
        """Say what is where; see `Session.find`."""
        if signature.end_to_end:
            most = max(settings.max_detections, CANDIDATES)
            self._backend.model.set_head_attr(max_det=most, agnostic_nms=settings.class_agnostic)
        with torch.inference_mode():
            output = self._answer(pictures)
            output, maps = output if signature.task == "segment" else (output, None)
            output = output.float() if signature.end_to_end else _table(output.float(), len(signature.names))
            sure = output[..., 4] > settings.confidence
            rows = output[sure].cpu().numpy()
            counts = sure.sum(1).cpu().numpy()
        return Shown(
            np.split(rows, np.cumsum(counts)[:-1]),
            None if maps is None else lambda number: maps[number].float().cpu().numpy(),
        )

    def scores(self, pictures: NDArray[np.uint8], *, beside: bool) -> Floats:
        """Score whole pictures; see `Session.scores`."""
        with torch.inference_mode():
            scores: Floats = self._answer(pictures).float().cpu().numpy()
        return scores

    def _answer(self, pictures: NDArray[np.uint8]) -> Any:
        backend = self._backend
        seen = torch.from_numpy(pictures).to(backend.device, non_blocking=self._pinned)
        seen = seen.permute(0, 3, 1, 2).contiguous().flip(1)  # in this order, since it is faster
        return backend((seen.half() if backend.fp16 else seen.float()).div_(255))[0]


def _table(output: torch.Tensor, classes: int) -> torch.Tensor:
    """Return batch × places × (6 + k): a box, the score of the best class, the class, and k further numbers."""
    box, scores, more = output.split((4, classes, output.shape[1] - 4 - classes), dim=1)
    best, class_id = scores.max(dim=1, keepdim=True)
    return torch.cat((box, best, class_id.float(), more), dim=1).transpose(1, 2)


def _looks_as_usual(network: Any, size: Size) -> bool:
    """Tell whether a classifier looks at pictures as Ultralytics' do: weights may carry a way of their own."""
    own = getattr(network, "transforms", None)
    return (
        own is None or repr(own) == repr(classify_transforms(size)) or repr(own) == repr(classify_transforms(size[0]))
    )
