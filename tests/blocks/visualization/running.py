"""Calls a visualisation with the fields that a step has, as the engine does."""

from __future__ import annotations

from typing import Any

from supervision import Detections

from cropflow import Block, Image


def drawn(block: type[Block], image: Image, found: Detections, **fields: Any) -> Any:
    """Return what a block answers; fields that are not given have their defaults."""
    defaults = {port.name: port.default for port in block.spec.ports if not port.required}
    run = block.spec.callable(block().run)  # type: ignore[attr-defined]
    return run(**defaults | {"image": image, "predictions": found} | fields)
