"""Networks that Ultralytics exported, told by what it writes beside them.

Neither torch nor Ultralytics has to be installed. What is not known here (other tasks, exports with suppression inside)
goes to Ultralytics.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cropflow.errors import ModelError
from cropflow.models import Model, ModelInfo
from cropflow_blocks.models.direct import TASKS, DirectModel, other_size, rounded
from cropflow_blocks.models.letterbox import Size
from cropflow_blocks.models.results import point_names
from cropflow_blocks.models.sessions import ArraySession, Signature

FACTS = "metadata.yaml"
"""The file beside a network that tells what it is, in folders of Ultralytics."""


def exported_model(
    path: Path,
    session: ArraySession,
    facts: Mapping[str, Any],
    *,
    device: str | None,
    image_size: int | None,
    half: bool,
    cache_dir: Path,
) -> Model:
    """Return the model that a session and the facts beside it make, or that Ultralytics makes where it has to run it.

    Args:
        facts: what Ultralytics writes beside a network: task, names, imgsz, stride and more; the others are those of
            `ModelLoader.load`.

    Raises:
        ModelError: there are no such facts, or the export takes no such size.
    """
    if "task" not in facts or "names" not in facts:
        raise ModelError(f"{path} carries no task and class names; export the weights with Ultralytics")
    try:
        signature = _signature(facts, session.shape)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ModelError(f"{path}: what stands beside the network is damaged ({what}); export it again") from error
    if signature is None:
        from cropflow_blocks.models.ultralytics import UltralyticsLoader

        loader = UltralyticsLoader()
        return loader.load(path, device=device, image_size=image_size, half=half, cache_dir=cache_dir)
    size = _size(path, signature, image_size)
    names = tuple(signature.names.tolist())
    info = ModelInfo(path.name, path, signature.task, names, size, session.runtime, session.device)
    return DirectModel(info, session, signature)


def fact(text: str) -> Any:
    """Return what is written as in Python, and other text as it is: ONNX carries facts as text."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def _signature(facts: Mapping[str, Any], shape: Sequence[int | None]) -> Signature | None:
    """Read what Ultralytics wrote beside a network; `None` where that is more than is known here."""
    task, arguments = TASKS.get(facts["task"]), facts.get("args") or {}
    if task is None or arguments.get("nms") or facts.get("channels", 3) != 3:
        return None
    names = [str(facts["names"][index]) for index in sorted(facts["names"])]
    points = facts.get("kpt_shape") or (0,)
    return Signature(
        task,
        np.array(names, str),
        size=(int(facts["imgsz"][0]), int(facts["imgsz"][-1])),
        stride=int(facts.get("stride") or 32),
        free=None in shape[2:],
        end_to_end=bool(facts.get("end2end")),
        points=point_names(facts.get("kpt_names"), len(names), points[0] if task == "pose" else 0),
    )


def _size(path: Path, signature: Signature, asked: int | None) -> Size:
    if asked is None or (asked, asked) == signature.size:
        return signature.size
    if not signature.free:
        raise ModelError(other_size(path, signature))
    return rounded((asked, asked), signature.stride)
