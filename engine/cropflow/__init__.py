"""Computer-vision workflows written down instead of programmed: the front door of the engine."""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from cropflow.block import (
    Batch,
    Block,
    Columns,
    Group,
    KindOf,
    Maybe,
    Port,
    Ports,
    Route,
    Setting,
    StepRef,
    Stream,
    each,
)
from cropflow.classification import Classification
from cropflow.detections import take
from cropflow.errors import (
    BlockError,
    CancelledError,
    CropflowError,
    ImageError,
    InputError,
    ModelError,
    Position,
    Problem,
    RequestError,
    RunError,
    SettingError,
    WorkflowError,
)
from cropflow.http import Answer, HttpClient
from cropflow.image import Image
from cropflow.image.origin import Origin, Transform
from cropflow.kinds import BLACK, KINDS, Color, Kind, ModelId, Secret, ZeroToOne
from cropflow.models.store import ModelStore
from cropflow.resources import Clock, DocumentFolder, OutputFolder
from cropflow.result import Result
from cropflow.secrets import Secrets
from cropflow.spec import BlockSpec, OutputSpec, PortSpec
from cropflow.workflow import Workflow

if TYPE_CHECKING:
    from supervision import Detections

__version__ = _version("cropflow")
__all__ = [
    "BLACK",
    "KINDS",
    "Answer",
    "Batch",
    "Block",
    "BlockError",
    "BlockSpec",
    "CancelledError",
    "Classification",
    "Clock",
    "Color",
    "Columns",
    "CropflowError",
    "Detections",
    "DocumentFolder",
    "Group",
    "HttpClient",
    "Image",
    "ImageError",
    "InputError",
    "Kind",
    "KindOf",
    "Maybe",
    "ModelError",
    "ModelId",
    "ModelStore",
    "Origin",
    "OutputFolder",
    "OutputSpec",
    "Port",
    "PortSpec",
    "Ports",
    "Position",
    "Problem",
    "RequestError",
    "Result",
    "Route",
    "RunError",
    "Secret",
    "Secrets",
    "Setting",
    "SettingError",
    "StepRef",
    "Stream",
    "Transform",
    "Workflow",
    "WorkflowError",
    "ZeroToOne",
    "each",
    "take",
]


def __getattr__(name: str) -> Any:
    """Import supervision only when somebody asks for `Detections`."""
    if name == "Detections":
        from supervision import Detections

        return Detections
    raise AttributeError(f"module 'cropflow' has no attribute {name!r}")
