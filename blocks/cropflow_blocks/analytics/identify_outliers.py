"""Finds the odd one out: the embedding of an element against the last ones of its stream."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from cropflow.block import Block, Port, Stream
from cropflow.kinds import ZeroToOne
from cropflow_blocks.analytics.averages import Vector, unit
from cropflow_blocks.values.cosine_similarity import Embedding

_ROUNDING = 1e-9


class IdentifyOutliers(Block):
    """Tell whether an embedding is unusual among the last ones of its stream.

    Embeddings are ranked by how alike (cosine) they are to the average of the window; the rank of the newest one, as a
    share, is its percentile. One that is less alike than nearly all others is an outlier, and so is one that is more
    alike than nearly all. Where all are alike, none is an outlier. Elements of one stream are taken in order; each
    stream is looked at by itself.

    Raises:
        ValueError: embeddings of one stream differ in length.
    """

    type = "identify_outliers@v1"
    aliases = ("roboflow_core/identify_outliers@v1",)

    class Output(NamedTuple):
        """How unusual it is."""

        is_outlier: Annotated[bool, Port("whether it is unusual; never while warming up")]
        percentile: Annotated[ZeroToOne, Port("share of the window that is less alike to the average than this one")]
        warming_up: Annotated[bool, Port("whether too little was seen so far to tell; the percentile is 0.5 then")]

    def run(
        self,
        embedding: Annotated[Embedding, Port("the embedding of this element")],
        stream: Stream,
        threshold_percentile: Annotated[
            ZeroToOne, Port("percentile below which an embedding is an outlier, and from the other end likewise")
        ] = 0.05,
        warmup: Annotated[int, Port("the first so many embeddings, less one, are never called outliers")] = 3,
        window_size: Annotated[Annotated[int, Field(ge=1)], Port("how many embeddings are compared")] = 32,
    ) -> Output:
        """Rank."""
        before: tuple[Vector, ...] = stream.state.get("window", ())
        window = (*before, unit(embedding, before[-1] if before else None))[-window_size:]
        count = stream.state.get("count", 0) + 1
        stream.state.update(window=window, count=count)
        if count < warmup:
            return self.Output(False, 0.5, True)
        percentile = _percentile(np.stack(window))
        unusual = not threshold_percentile <= percentile <= 1 - threshold_percentile
        return self.Output(unusual, percentile, False)


def _percentile(window: Vector) -> float:
    """Return the share of rows that are less alike to the mean than the last row; 0.5 where all are alike."""
    alike = window @ window.mean(axis=0)
    if np.ptp(alike) <= _ROUNDING:
        return 0.5
    return float(np.mean(alike < alike[-1] - _ROUNDING))
