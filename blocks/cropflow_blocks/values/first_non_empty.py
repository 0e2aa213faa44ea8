"""Brings branches together: of several values that may be missing, the first that is there."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Maybe, Port, Setting


class FirstNonEmptyOrDefault(Block):
    """Give the first value that is there, else the default.

    Each selector is a branch that control flow may have cut off. Without a default, an element that no branch gives a
    value for is missing.
    """

    type = "first_non_empty_or_default@v1"
    aliases = ("roboflow_core/first_non_empty_or_default@v1", "FirstNonEmptyOrDefault")

    class Output(NamedTuple):
        """The value."""

        output: Annotated[Any, Port("the first value that is there, or the default")]

    def run(
        self,
        data: Annotated[list[Maybe[Any]], Port("the values, in the order in which they are tried")],
        default: Annotated[Setting[Any], Port("the value where none is there")] = None,
    ) -> Output:
        """Choose."""
        return self.Output(next((value for value in data if value is not None), default))
