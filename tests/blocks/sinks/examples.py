"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, pictures

LOG = {"output_mode": "append_log", "target_directory": "logs"}

EXAMPLES: Examples = {
    "csv_sink": lambda: [{"columns": {"width": image.width, "name": image.id}} for image in pictures()],
    "image_sink": lambda: [{"images": image, "predictions": "digit"} for image in pictures()],
    "jsonl_sink": lambda: [{"data": {"width": image.width, "name": image.id}} for image in pictures()],
    "local_file_sink": lambda: [{"content": f"name\n{image.id}\n", **LOG} for image in pictures()],
}
