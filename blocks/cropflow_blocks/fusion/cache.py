"""Values under names, kept from frame to frame: one step writes them, another one reads them.

Both blocks share one memory per workflow and stream, which the engine keeps and forgets with the stream.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Port, Stream
from cropflow.image import Image

_SHARED = "cache"
Source = Annotated[Image, Port("a picture of the stream that the values belong to")]


class CacheSet(Block):
    """Keep a value under a name, for later frames of the stream and for steps further down in the document.

    Each stream has names of its own, and so has each workflow. A new value takes the place of the old one; where the
    value is missing, the old one stays. Use `cache_get` to read it.
    """

    type = "cache_set@v1"
    aliases = ("roboflow_core/cache_set@v1",)
    shares = _SHARED

    class Output(NamedTuple):
        """The value that was kept."""

        output: Annotated[Any, Port("the value, passed on")]

    def run(
        self,
        image: Source,
        key: Annotated[str, Port("the name of the value")],
        value: Annotated[Any, Port("the value to keep")],
        stream: Stream,
    ) -> Output:
        """Keep."""
        stream.state[key] = value
        return self.Output(value)


class CacheGet(Block):
    """Give the value that `cache_set` last kept under a name in this stream; `false` where there is none.

    Steps that use the cache run in the order of the document. A `cache_get` that stands before the `cache_set` gives
    what was kept by earlier frames, one that stands after it what this frame has kept. Frames that run as one batch
    all pass one step before the next step begins: they read what was kept before the batch.
    """

    type = "cache_get@v1"
    aliases = ("roboflow_core/cache_get@v1",)
    shares = _SHARED

    class Output(NamedTuple):
        """What was found."""

        output: Annotated[Any, Port("the value, or `false` where nothing was kept under that name")]

    def run(self, image: Source, key: Annotated[str, Port("the name of the value")], stream: Stream) -> Output:
        """Look up."""
        return self.Output(stream.state.get(key, False))
