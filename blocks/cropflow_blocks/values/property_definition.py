"""Turns predictions, pictures and lists into plain values: counts, names, sizes, colours of a label."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Port, Setting
from cropflow.kinds import Kind
from cropflow_blocks.query import Operations, check, evaluate


class PropertyDefinition(Block):
    """Compute a value with a chain of operations, such as the number of boxes or the names of their classes.

    What an operation cannot take from the one before is told when the document is compiled. A chain that ends in
    nothing, such as the first value of an empty list, gives a missing element.
    """

    type = "property_definition@v1"
    aliases = ("roboflow_core/property_definition@v1", "PropertyDefinition", "PropertyExtraction")

    class Output(NamedTuple):
        """What the chain ends in."""

        output: Annotated[Any, Port("the value after the last operation")]

    @staticmethod
    def infer(data: tuple[Kind, ...], operations: Operations) -> dict[str, tuple[Kind, ...]]:
        """The output has the kind that the chain ends in."""
        return {"output": check(operations, data, {})}

    def run(
        self,
        data: Annotated[Any, Port("what to begin with")],
        operations: Annotated[Setting[Operations], Port("what to do with it, one after the other")],
    ) -> Output:
        """Compute."""
        return self.Output(evaluate(operations, data))
