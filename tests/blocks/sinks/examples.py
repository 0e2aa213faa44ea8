"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, pictures

EXAMPLES: Examples = {
    "image_sink": lambda: [{"images": image, "predictions": "digit"} for image in pictures()],
    "jsonl_sink": lambda: [{"data": {"width": image.width, "name": image.id}} for image in pictures()],
}
