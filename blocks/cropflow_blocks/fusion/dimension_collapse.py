"""The way back from many to one: all elements of the deepest level become one list."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Group, Maybe, Port


class DimensionCollapse(Block):
    """Gather the values of one level deeper into a list: of an image's crops, or of a batch's images.

    A missing element stays in the list as `None`, so that entry i belongs to element i.
    """

    type = "dimension_collapse@v1"
    aliases = ("roboflow_core/dimension_collapse@v1", "DimensionCollapse")

    class Output(NamedTuple):
        """The list of one element."""

        output: Annotated[list[Any], Port("the values in order, `None` where one is missing")]

    def run(self, data: Annotated[Group[Maybe[Any]], Port("the values to gather")]) -> Output:
        """Gather."""
        return self.Output(list(data))
