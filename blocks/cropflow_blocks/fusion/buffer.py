"""The last values of a stream as one list, for steps that look at several frames at once."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Port, Setting, Stream


class Buffer(Block):
    """Give the last values of a stream as a list, the newest first.

    Each stream has a list of its own. Missing values are not taken up. Pictures and predictions stay in memory as
    long as they are in the list. A length below 1 gives an empty list.
    """

    type = "buffer@v1"
    aliases = ("roboflow_core/buffer@v1", "Buffer")

    class Output(NamedTuple):
        """The last values."""

        output: Annotated[list[Any], Port("the newest value first, at most `length` of them")]

    def run(
        self,
        data: Annotated[Any, Port("the value of this frame")],
        length: Annotated[Setting[int], Port("how many values the list holds")],
        stream: Stream,
        pad: Annotated[Setting[bool], Port("whether a list that is not full yet is filled up with null")] = False,
    ) -> Output:
        """Take up."""
        size = max(length, 0)
        values = [data, *stream.state.get("values", ())][:size]
        stream.state["values"] = tuple(values)
        return self.Output(values + [None] * (size - len(values)) if pad else values)
