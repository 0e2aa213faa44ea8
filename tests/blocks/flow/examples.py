"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Element, Examples, pictures


def conditions() -> list[Element]:
    condition = {
        "type": "StatementGroup",
        "statements": [
            {
                "type": "BinaryStatement",
                "left_operand": {"type": "DynamicOperand", "operand_name": "width"},
                "comparator": {"type": "(Number) >"},
                "right_operand": {"type": "StaticOperand", "value": 100},
            }
        ],
    }
    return [{"condition_statement": condition, "evaluation_parameters": {"width": image.width}} for image in pictures()]


def inner() -> list[Element]:
    definition = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "absolute_static_crop@v1",
                "name": "crop",
                "images": "$inputs.image",
                "x_center": 20,
                "y_center": 20,
                "width": 30,
                "height": 10,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "crops", "selector": "$steps.crop.crops"}],
    }
    return [{"workflow_definition": definition, "parameter_bindings": {"image": image}} for image in pictures()]


EXAMPLES: Examples = {
    "continue_if": conditions,
    "delta_filter": lambda: [{"image": image, "value": image.id} for image in pictures()],
    "inner_workflow": inner,
    "rate_limiter": lambda: [{"depends_on": image, "cooldown_seconds": 0} for image in pictures()],
    "switch_case": lambda: [{"value": image.width, "cases": {"60": "$steps.reached"}} for image in pictures()],
}
