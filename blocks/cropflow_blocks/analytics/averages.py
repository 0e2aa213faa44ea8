"""Means and spreads that follow a stream of numbers or vectors, one way for each strategy of `identify_changes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]


class Average(Protocol):
    """A mean and a standard deviation of the values so far."""

    mean: Vector

    @property
    def deviation(self) -> Vector:
        """The standard deviation; 0 where too little was seen."""

    def add(self, value: Vector, smoothing: float, window: int) -> None:
        """Take one more value up."""


@dataclass(slots=True)
class Exponential:
    """The newer a value, the more it counts."""

    mean: Vector
    count: int
    _variance: Any = 0.0

    @property
    def deviation(self) -> Vector:
        """Of the values, weighted in the same way."""
        return _root(self._variance, self.mean)

    def add(self, value: Vector, smoothing: float, window: int) -> None:
        """The new value has the weight `smoothing`, all before it the rest."""
        self.mean = (1 - smoothing) * self.mean + smoothing * value
        self._variance = (1 - smoothing) * self._variance + smoothing * (value - self.mean) ** 2


@dataclass(slots=True)
class Simple:
    """All values count the same, since the beginning."""

    mean: Vector
    count: int
    _squares: Any = 0.0

    @property
    def deviation(self) -> Vector:
        """Of a sample: the sum of squares is divided by one less than there are values."""
        return _root(self._squares / max(self.count - 1, 1), self.mean)

    def add(self, value: Vector, smoothing: float, window: int) -> None:
        """Count it as one more (Welford's way, which stays exact over long streams)."""
        self.count += 1
        before = value - self.mean
        self.mean = self.mean + before / self.count
        self._squares = self._squares + before * (value - self.mean)


@dataclass(slots=True)
class Sliding:
    """The last values count, those before them do not; nor does the very first, which only gives a start."""

    mean: Vector
    count: int
    _values: list[Vector] = field(default_factory=list)

    @property
    def deviation(self) -> Vector:
        """Of the values in the window."""
        return np.std(self._values, axis=0) if self._values else np.zeros_like(self.mean)

    def add(self, value: Vector, smoothing: float, window: int) -> None:
        """Take it into the window of `window` values; the oldest drops out."""
        self._values = [*self._values, value][-window:]
        self.mean = np.mean(self._values, axis=0)


AVERAGES: Mapping[str, Callable[[Vector, int], Average]] = {
    "Exponential Moving Average (EMA)": Exponential,
    "Simple Moving Average (SMA)": Simple,
    "Sliding Window": Sliding,
}
"""For each strategy, how to begin: with a first value, and the number of values it stands for."""


def _root(variance: Any, like: Vector) -> Vector:
    """Return the root of every entry; a variance of nothing yet is one number for all of them."""
    root: Vector = np.sqrt(np.broadcast_to(variance, like.shape))
    return root


def unit(embedding: list[float], like: Vector | None) -> Vector:
    """Return an embedding with length 1, since only its direction counts; zeros stay zeros.

    Raises:
        ValueError: it has another number of entries than the one before it.
    """
    vector = np.asarray(embedding, np.float64).ravel()
    if like is not None and vector.shape != like.shape:
        raise ValueError(
            f"the embeddings have {len(like)} and {len(vector)} numbers; give those of one model in one stream"
        )
    length = np.linalg.norm(vector)
    return vector / length if length else vector
