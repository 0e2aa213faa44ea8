"""Tells when a stream begins to look different: the embedding of a frame against the average before it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field

from cropflow.block import Block, Port, Setting, Stream
from cropflow.kinds import ZeroToOne
from cropflow_blocks.analytics.averages import AVERAGES, Average, Vector, unit
from cropflow_blocks.values.cosine_similarity import Embedding

Strategy: TypeAlias = Literal["Exponential Moving Average (EMA)", "Simple Moving Average (SMA)", "Sliding Window"]
_NORMAL = NormalDist()
_NO_SPREAD = 1e-9
"""Similarities that differ by less differ by rounding."""


class IdentifyChanges(Block):
    """Tell whether the embedding of a frame is unusual after what the stream has shown before.

    The similarity (cosine) of each embedding to the average of those before it is compared with the similarities so
    far. An unusually small one is a change; so is an unusually large one, as after a stretch of unrest. The average
    follows the stream in the way `strategy` says, so that a change that lasts is usual in the end. Elements of one
    stream are taken in order; each stream is looked at by itself.

    Raises:
        ValueError: embeddings of one stream differ in length.
    """

    type = "identify_changes@v1"
    aliases = ("roboflow_core/identify_changes@v1",)

    class Output(NamedTuple):
        """How unusual it is."""

        is_outlier: Annotated[bool, Port("whether it is unusual; never while warming up")]
        percentile: Annotated[
            ZeroToOne, Port("share of embeddings expected to be more alike to the average; 0.5 where nothing is known")
        ]
        z_score: Annotated[float, Port("similarity, in standard deviations above the average similarity")]
        average: Annotated[Embedding, Port("average of the embeddings, each made one of length 1")]
        std: Annotated[Embedding, Port("standard deviation of each entry of the embeddings")]
        warming_up: Annotated[bool, Port("whether too little was seen so far to tell")]

    def run(
        self,
        embedding: Annotated[Embedding, Port("the embedding of this frame")],
        stream: Stream,
        strategy: Annotated[Setting[Strategy], Port("how the average follows the stream")] = (
            "Exponential Moving Average (EMA)"
        ),
        threshold_percentile: Annotated[
            ZeroToOne, Port("share of embeddings that is unusual, half of it at either end")
        ] = 0.2,
        warmup: Annotated[int, Port("how many embeddings are seen before any is called unusual")] = 3,
        smoothing_factor: Annotated[ZeroToOne, Port("for EMA: the weight of the newest embedding")] = 0.1,
        window_size: Annotated[
            Annotated[int, Field(ge=1)], Port("for the sliding window: how many embeddings it holds")
        ] = 10,
    ) -> Output:
        """Compare with what was before, then take up."""
        seen: _Seen | None = stream.state.get("seen")
        now = unit(embedding, seen.average.mean if seen else None)
        if seen is None:
            seen = stream.state["seen"] = _Seen(AVERAGES[strategy](now, 1))
            z_score = 0.0
        else:
            z_score = seen.take_up(now, strategy, smoothing_factor, window_size)
        percentile = _NORMAL.cdf(-z_score)
        unusual = not threshold_percentile / 2 <= percentile <= 1 - threshold_percentile / 2
        warming = seen.count <= warmup
        average, deviation = seen.average.mean.tolist(), seen.average.deviation.tolist()
        return self.Output(unusual and not warming, percentile, z_score, average, deviation, warming)


@dataclass(slots=True)
class _Seen:
    """The average of a stream's embeddings, and how alike each was to the average before it."""

    average: Average
    similarity: Average | None = None
    count: int = 1

    def take_up(self, now: Vector, strategy: str, smoothing: float, window: int) -> float:
        """Take an embedding up; return its similarity in standard deviations above the average similarity."""
        alike = np.asarray(_cosine(now, self.average.mean))
        self.average.add(now, smoothing, window)
        self.count += 1
        if self.similarity is None:  # the first frame has nothing before it; this one stands for both
            self.similarity = AVERAGES[strategy](alike, 2)
        else:
            self.similarity.add(alike, smoothing, window)
        spread = float(self.similarity.deviation)
        return float(alike - self.similarity.mean) / spread if spread > _NO_SPREAD else 0.0


def _cosine(one: Vector, other: Vector) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0
