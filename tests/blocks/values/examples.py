"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples, pictures

BOX = '{"detections": [{"x_min": 0.1, "y_min": 0.2, "x_max": 0.5, "y_max": 0.6, "class_name": "cat"}]}'
DETECTOR = {"classes": ["cat", "dog"], "model_type": "google-gemini", "task_type": "object-detection"}

EXAMPLES: Examples = {
    "current_time": lambda: [{"timezone": "Asia/Kathmandu"}, {"timezone": "UTC"}],
    "environment_secrets_store": lambda: [{"variables_storing_secrets": ["PATH"]}],
    "json_parser": lambda: [
        {"raw_json": text, "expected_fields": ["a", "b"]} for text in ('{"a": 1, "b": [2]}', '{"a": null}', "no")
    ],
    "vlm_as_classifier": lambda: [
        {"image": image, "vlm_output": text, "classes": ["cat", "dog"]}
        for image, text in zip(pictures(), ('{"class_name": "dog", "confidence": 0.75}', "no", "{}"), strict=True)
    ],
    "vlm_as_detector": lambda: [
        {"image": image, "vlm_output": text, **DETECTOR}
        for image, text in zip(pictures(), (BOX, "no", '{"detections": []}'), strict=True)
    ],
}
