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


EXAMPLES: Examples = {
    "continue_if": conditions,
}
