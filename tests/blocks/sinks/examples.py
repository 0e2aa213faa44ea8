"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, outlined, pictures

LOG = {"output_mode": "append_log", "target_directory": "logs"}
NOWHERE = {"url": "http://127.0.0.1:1/", "method": "POST", "fire_and_forget": False, "cooldown_seconds": 0}

EXAMPLES: Examples = {
    "classification_dataset_sink": lambda: [{"images": image, "predictions": "digit"} for image in pictures()],
    "csv_sink": lambda: [{"columns": {"width": image.width, "name": image.id}} for image in pictures()],
    "detection_dataset_sink": lambda: [
        {"images": example["image"], "predictions": example["predictions"]} for example in outlined()
    ],
    "image_sink": lambda: [{"images": image, "predictions": "digit"} for image in pictures()],
    "jsonl_sink": lambda: [{"data": {"width": image.width, "name": image.id}} for image in pictures()],
    "local_file_sink": lambda: [{"content": f"name\n{image.id}\n", **LOG} for image in pictures()],
    "parquet_sink": lambda: [{"data": {"width": image.width, "name": image.id}} for image in pictures()],
    "video_sink": lambda: [{"images": image.with_pixels(image.bgr[:40, :51])} for image in pictures()],
    "webhook_sink": lambda: [{"json_payload": {"name": image.id}, **NOWHERE} for image in pictures()],
}
