"""Running one block through a small document, the way a user does, under the names of existing documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cropflow import Image, Workflow
from cropflow.result import Result

from ..samples import SCENES


def sheet() -> Image:
    """Handwritten digits in colour on paper, 320 × 320."""
    return Image.load(SCENES / "sheet/01.png", id="sheet")


def meter() -> Image:
    """Digits of a meter, white on red and black on white."""
    return Image.load(SCENES / "meter/01.jpg", id="meter")


def document(type: str, ports: Sequence[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    wired = {port: f"$inputs.{port}" for port in ports}
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": port} for port in ports],
        "steps": [{"type": f"roboflow_core/{type}", "name": "step", **wired, **fields}],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.step.*", "coordinates_system": "own"}],
    }


def load(type: str, *ports: str, **fields: Any) -> Workflow:
    """A document with the block as its only step, its pictures wired to inputs of the same names."""
    return Workflow.load(document(type, ports or ("image",), fields))


def run(type: str, image: Image, **fields: Any) -> dict[str, Any]:
    """What the block gives for one picture."""
    with load(type, **fields) as workflow:
        outputs: dict[str, Any] = workflow.run({"image": image})[0]["all"]
    return outputs


def run_all(type: str, images: Sequence[Image], **fields: Any) -> Result:
    """What the block gives for several pictures at once."""
    with load(type, **fields) as workflow:
        return workflow.run({"image": list(images)})
