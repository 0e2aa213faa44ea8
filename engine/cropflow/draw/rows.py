"""Puts cells into rows: an order with few crossings, then places that keep arrows straight (the method of Sugiyama)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from math import inf
from typing import TypeAlias

_GAP = 22.0
_SWEEPS = 12
_PULLS = 150
_STRAIGHT = 8.0

Neighbours: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Links:
    """The neighbours of every cell in the rows above and below, and which cells lie on links."""

    above: Neighbours
    below: Neighbours
    passing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Something that takes up room in a row; width and height in pixels."""

    id: str
    rank: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows from top to bottom with their cells from left to right, and where the middle of each cell lies."""

    cells: tuple[tuple[Cell, ...], ...]
    x: Mapping[str, float]


def arrange(nodes: Sequence[Cell], paths: Sequence[Sequence[Cell]]) -> Rows:
    """Arrange nodes, and all that lies on the paths between them.

    Args:
        nodes: in the order they should have where nothing speaks against it.
        paths: from node to node, with one cell in every row on the way.
    """
    cells = {cell.id: cell for cell in [*nodes, *chain.from_iterable(paths)]}
    rows: list[list[Cell]] = [[] for _ in range(max((cell.rank for cell in cells.values()), default=-1) + 1)]
    above: dict[str, list[str]] = {name: [] for name in cells}
    below: dict[str, list[str]] = {name: [] for name in cells}
    for cell in cells.values():
        rows[cell.rank].append(cell)
    for upper, lower in chain.from_iterable(map(pairwise, paths)):
        above[lower.id].append(upper.id)
        below[upper.id].append(lower.id)
    links = Links(above, below, frozenset(cells).difference(cell.id for cell in nodes))
    ordered = _ordered(rows, links)
    x = _places(ordered, links)
    for path in sorted(paths, key=len, reverse=True):
        _straighten(path[1:-1], ordered, x)
    return Rows(tuple(map(tuple, ordered)), x)


def _ordered(rows: list[list[Cell]], links: Links) -> list[list[Cell]]:
    """Sort each row by the mean place of its neighbours, down and up again; keep the order with fewest crossings."""
    best, fewest = rows, _crossings(rows, links.below)
    for sweep in range(_SWEEPS):
        rows = _swept(rows, links.below if sweep % 2 else links.above, upwards=bool(sweep % 2))
        count = _crossings(rows, links.below)
        if count < fewest:
            best, fewest = rows, count
    return best


def _swept(rows: Sequence[list[Cell]], neighbours: Neighbours, *, upwards: bool) -> list[list[Cell]]:
    made: list[list[Cell]] = []
    place: dict[str, float] = {}
    for row in reversed(rows) if upwards else rows:
        now = {cell.id: float(number) for number, cell in enumerate(row)}
        wanted = {name: _mean([place[other] for other in neighbours[name]], now[name]) for name in now}
        made.append(sorted(row, key=lambda cell: wanted[cell.id]))
        place.update({cell.id: float(number) for number, cell in enumerate(made[-1])})
    return made[::-1] if upwards else made


def _crossings(rows: Iterable[list[Cell]], below: Neighbours) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        place = {cell.id: number for number, cell in enumerate(lower)}
        ends = [place[name] for cell in upper for name in sorted(below[cell.id], key=place.__getitem__)]
        count += sum(one > other for number, one in enumerate(ends) for other in ends[number + 1 :])
    return count


def _places(rows: Sequence[list[Cell]], links: Links) -> dict[str, float]:
    """Draw every cell towards its neighbours, row by row, without changing the order."""
    x = {cell.id: 0.0 for row in rows for cell in row}
    for sweep in range(_SWEEPS + _PULLS):
        up = sweep % 2
        sides = [links.above, links.below] if sweep >= _SWEEPS else [links.below if up else links.above]
        for row in reversed(rows) if up else rows:
            pulls = [_pull(cell.id, sides, links.passing, x) for cell in row]
            x.update(zip([cell.id for cell in row], _apart(row, pulls), strict=True))
    return x


def _pull(
    name: str, sides: Sequence[Neighbours], passing: frozenset[str], x: Mapping[str, float]
) -> tuple[float, float]:
    """Return where a cell is drawn to, and how strongly; what lies on one link holds together."""
    others = [other for side in sides for other in side[name]]
    weights = [_STRAIGHT if {name, other} <= passing else 1.0 for other in others]
    pull = sum(weight * x[other] for weight, other in zip(weights, others, strict=True))
    return (pull / sum(weights), sum(weights)) if others else (x[name], 0.1)


def _straighten(passing: Sequence[Cell], rows: Sequence[list[Cell]], x: dict[str, float]) -> None:
    """Put neighbouring cells of a path one below the other, as far as there is room."""
    run: list[str] = []
    low, high = -inf, inf
    for cell in passing:
        left, right = _room(cell, rows[cell.rank], x)
        if max(low, left) > min(high, right):
            _line_up(run, low, high, x)
            run, low, high = [], -inf, inf
        run, low, high = [*run, cell.id], max(low, left), min(high, right)
    _line_up(run, low, high, x)


def _line_up(run: Sequence[str], low: float, high: float, x: dict[str, float]) -> None:
    place = min(max(_mean([x[name] for name in run], 0.0), low), high)
    x.update(dict.fromkeys(run, place))


def _room(cell: Cell, row: Sequence[Cell], x: Mapping[str, float]) -> tuple[float, float]:
    """Return how far a cell can move to the left and to the right."""
    place = row.index(cell)
    left, right = row[max(place - 1, 0) : place], row[place + 1 : place + 2]
    low = max((x[other.id] + (other.width + cell.width) / 2 + _GAP for other in left), default=-inf)
    high = min((x[other.id] - (other.width + cell.width) / 2 - _GAP for other in right), default=inf)
    return min(low, x[cell.id]), max(high, x[cell.id])


def _apart(row: Sequence[Cell], pulls: Sequence[tuple[float, float]]) -> list[float]:
    """Return the places nearest to where cells are drawn at which no two touch; those drawn harder move less.

    Cells that would overlap form a block that moves as one (isotonic regression by pooling adjacent violators).
    """
    gaps = ((one.width + other.width) / 2 + _GAP for one, other in pairwise(row))
    offsets = list(accumulate(gaps, initial=0.0))
    blocks: list[tuple[float, float, int]] = []
    for offset, (place, weight) in zip(offsets, pulls, strict=False):
        block = (place - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            block = _joined(blocks.pop(), block)
        blocks.append(block)
    starts = [place for place, _, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=False)]


def _joined(one: tuple[float, float, int], other: tuple[float, float, int]) -> tuple[float, float, int]:
    weight = one[1] + other[1]
    return (one[0] * one[1] + other[0] * other[1]) / weight, weight, one[2] + other[2]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
