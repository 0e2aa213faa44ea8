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


EXAMPLES: Examples = {
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
