"""Options that more than one command takes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from cropflow.cli.values import read_pairs
from cropflow.models.devices import check_device
from cropflow.models.store import ModelStore


class RuntimeName(str, Enum):  # noqa: UP042 - typer shows the values of a plain enumeration only
    """What runs weights."""

    FILE = "file"
    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"
    OPENVINO = "openvino"


def _device(name: str | None) -> str | None:
    """Refuse a device that is none before anything is read."""
    try:
        check_device(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return name


Document: TypeAlias = Annotated[
    Path, typer.Argument(metavar="WORKFLOW", show_default=False, help="The document, JSON or YAML.")
]
Models: TypeAlias = Annotated[
    list[str],
    typer.Option("--model", metavar="NAME=PATH", help="Weights for a model name in the document; repeatable."),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", callback=_device, help="Where models run, such as cpu or cuda:0; chosen if not given."
    ),
]
Runs: TypeAlias = Annotated[
    RuntimeName,
    typer.Option(
        "--runtime",
        metavar="NAME",
        help="What runs .pt weights: file or torch, onnx or openvino (exported once), or auto, the fastest installed.",
    ),
]
Half: TypeAlias = Annotated[
    bool, typer.Option("--half", help="Models calculate with 16-bit numbers, where the device can; not on a CPU.")
]
AllowDownload: TypeAlias = Annotated[
    bool, typer.Option("--allow-download", help="Weights that are published under their name may be fetched.")
]
AllowCode: TypeAlias = Annotated[
    bool, typer.Option("--allow-code", help="Python code in the document may run, with all rights of this program.")
]


def read_models(models: list[str]) -> dict[str, str]:
    """Read the values of `--model`."""
    return read_pairs(models, "--model", "NAME=PATH, such as dogs/1=weights/dogs.pt")


def model_store(
    models: list[str],
    device: str | None = None,
    allow_download: bool = False,
    runtime: RuntimeName = RuntimeName.FILE,
    half: bool = False,
) -> ModelStore:
    """Build the model store that options ask for."""
    return ModelStore(
        read_models(models), device=device, runtime=runtime.value, half=half, allow_download=allow_download
    )
