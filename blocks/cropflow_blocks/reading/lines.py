"""Which boxes stand in one line of text, and where a line has its spaces.

Works on one axis at a time, so that lines and columns are the same thing: `across` says where each box begins and
ends in the direction from line to line, n×2. Lines come in ascending order, their members in that of their centres.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[Any]
_APART = 0.3
"""By how much wide gaps must exceed narrow ones to be spaces, as a share of the size of a letter."""


def by_rounding(across: Spans, tolerance: float) -> list[list[int]]:
    """Put boxes into one line whose beginnings are the same when rounded to multiples of the tolerance."""
    keys = np.round(across[:, 0] / tolerance)
    return [np.flatnonzero(keys == key).tolist() for key in np.unique(keys)]


def by_means(across: Spans) -> list[list[int]]:
    """Start a line where the centre leaves the mean of the line so far by more than half the usual height."""
    centres, sizes = across.mean(1), across[:, 1] - across[:, 0]
    limit = float(np.median(sizes)) / 2 if len(sizes) else 0.0
    return _split(centres, lambda line, i: abs(centres[i] - centres[line].mean()) > limit)


def by_neighbours(across: Spans, tolerance: float) -> list[list[int]]:
    """Start a line where the centre of a box lies `tolerance` or more beyond the box before; slanted lines hold."""
    centres, sizes = across.mean(1), across[:, 1] - across[:, 0]

    def beyond(line: list[int], i: int) -> bool:
        last = line[-1]
        return bool(abs(centres[i] - centres[last]) >= max(sizes[i], sizes[last]) / 2 + tolerance)

    return _split(centres, beyond)


def gaps(along: Spans) -> NDArray[np.float64]:
    """Return the gaps between the boxes of one line, in its order, as shares of the mean size of both neighbours."""
    sizes = along[:, 1] - along[:, 0]
    usual = np.maximum((sizes[1:] + sizes[:-1]) / 2, 1.0)
    room: NDArray[np.float64] = np.maximum(along[1:, 0] - along[:-1, 1], 0.0) / usual
    return room


def widest_narrow_gap(values: NDArray[np.float64]) -> float | None:
    """Return the gap beyond which there is a space, by Otsu's method; `None` where all gaps are of one sort.

    >>> widest_narrow_gap(np.array([0.2, 0.3, 0.25])) is None
    True
    >>> 0.2 < widest_narrow_gap(np.array([0.2, 1.1, 0.2, 0.1])) < 1.1
    True
    """
    if len(values) < 2 or np.ptp(values) <= _APART:
        return None
    counts, edges = np.histogram(values, bins=2 * len(values))
    weight = counts * (edges[1:] + edges[:-1]) / 2
    below, sums = counts.cumsum()[:-1], weight.cumsum()[:-1]
    above, rest = len(values) - below, weight.sum() - sums
    between = below * above * (sums / below - rest / above) ** 2
    limit = float(edges[int(between.argmax()) + 1])
    narrow, wide = values[values < limit], values[values >= limit]
    return limit if wide.mean() - narrow.mean() > _APART else None


def _split(centres: NDArray[Any], is_new: Callable[[list[int], int], bool]) -> list[list[int]]:
    lines: list[list[int]] = []
    for i in np.argsort(centres, kind="stable").tolist():
        if lines and not is_new(lines[-1], i):
            lines[-1].append(i)
        else:
            lines.append([i])
    return lines
