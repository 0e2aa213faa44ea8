"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from typing import Any

from ..samples import Element, Examples, drawn, pictures


def counted() -> list[Element]:
    chain = [{"type": "DetectionsPropertyExtract", "property_name": "class_name"}, {"type": "SequenceLength"}]
    return [{"data": example["predictions"], "operations": chain} for example in drawn()]


def chosen() -> list[Element]:
    large: dict[str, Any] = {
        "type": "BinaryStatement",
        "left_operand": {"type": "DynamicOperand", "operand_name": "width"},
        "comparator": {"type": "(Number) >"},
        "right_operand": {"type": "StaticOperand", "value": 100},
    }
    switch = {
        "type": "CasesDefinition",
        "cases": [
            {
                "type": "CaseDefinition",
                "condition": {"type": "StatementGroup", "statements": [large]},
                "result": {"type": "StaticCaseResult", "value": "large"},
            }
        ],
        "default": {"type": "DynamicCaseResult", "parameter_name": "width", "operations": [{"type": "ToString"}]},
    }
    return [{"data": {"width": image.width}, "switch": switch} for image in pictures()]


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
    "cosine_similarity": lambda: [
        {"embedding_1": [1.0, 2.0], "embedding_2": [2.0, 0.5]},
        {"embedding_1": [0.0, 0.0, 0.0], "embedding_2": [1.0, 0.0, 0.0]},
    ],
    "first_non_empty_or_default": lambda: [{"data": [image.width, image.height]} for image in pictures()],
    "csv_formatter": lambda: [{"columns_data": {"name": image.id, "width": image.width}} for image in pictures()],
    "expression": chosen,
    "property_definition": counted,
    "string_template": lambda: [
        {"template": "{name}: {width}", "data": {"name": image.id, "width": image.width}} for image in pictures()
    ],
}
