"""Where the boxes and arrows of a drawing go: rows from top to bottom, labels in rows of their own, few crossings.

Labels are placed like boxes, so that they never lie over one another; a long arrow has a bend in every row that it
passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from cropflow.draw.diagram import Diagram, Edge, Node
from cropflow.draw.rows import Cell, Rows, arrange
from cropflow.draw.style import NOTE_SIZE, TITLE_SIZE, text_width

LINE_HEIGHT = NOTE_SIZE + 4
_TITLE_HEIGHT = TITLE_SIZE + 6
_INSIDE = 12
_MARGIN = 16
_BETWEEN_ROWS = 26
_BEND = 6.0

Bands: TypeAlias = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place; x and y are those of the centre, all in pixels."""

    node: Node
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge in its place: points from top to bottom, and the box of its label, `None` where it has none."""

    edge: Edge
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing of a size in pixels."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]


def lay_out(diagram: Diagram) -> Layout:
    """Place everything; the same diagram always gives the same layout."""
    ranks = _ranks(diagram)
    nodes = {node.id: Cell(node.id, ranks[node.id], *_node_size(node)) for node in diagram.nodes}
    chains = [_chain(number, edge, ranks) for number, edge in enumerate(diagram.edges)]
    paths = [
        [nodes[edge.source], *chain, nodes[edge.target]] for edge, chain in zip(diagram.edges, chains, strict=True)
    ]
    rows = arrange(list(nodes.values()), paths)
    bands = _bands(rows)
    boxes = tuple(_box(node, nodes[node.id], rows, bands) for node in diagram.nodes)
    placed = {box.node.id: box for box in boxes}
    routes = tuple(_route(edge, placed, chain, rows, bands) for edge, chain in zip(diagram.edges, chains, strict=True))
    return _fitted(Layout(0, 0, boxes, routes))


def _ranks(diagram: Diagram) -> dict[str, int]:
    """Put every node below all it depends on, two rows apart; inputs as close to their first reader as they can be."""
    ranks: dict[str, int] = {}
    for node in diagram.nodes:
        above = [ranks[edge.source] for edge in diagram.edges if edge.target == node.id]
        ranks[node.id] = max(above, default=-2) + 2
    for node in diagram.nodes:
        below = [ranks[edge.target] for edge in diagram.edges if edge.source == node.id]
        if node.role == "input" and below:
            ranks[node.id] = min(below) - 2
    return ranks


def _node_size(node: Node) -> tuple[float, float]:
    widths = [text_width(node.title, TITLE_SIZE), *(text_width(note, NOTE_SIZE) for note in node.notes)]
    return max(widths) + 2 * _INSIDE, _TITLE_HEIGHT + LINE_HEIGHT * len(node.notes) + _INSIDE


def _chain(number: int, edge: Edge, ranks: Mapping[str, int]) -> list[Cell]:
    """Return a cell for every row an edge passes; the last one holds its label."""
    rows = range(ranks[edge.source] + 1, ranks[edge.target])
    bends = [Cell(f"{number}.{rank}", rank, _BEND, 0) for rank in rows[:-1]]
    width = max((text_width(line, NOTE_SIZE) for line in edge.labels), default=_BEND)
    return [*bends, Cell(f"{number}.{rows[-1]}", rows[-1], width, LINE_HEIGHT * len(edge.labels))]


def _bands(rows: Rows) -> list[tuple[float, float]]:
    """Return the upper and lower edge of each row."""
    heights = [max((cell.height for cell in row), default=0) for row in rows.cells]
    tops = accumulate((height + _BETWEEN_ROWS for height in heights), initial=float(_MARGIN))
    return [(top, top + height) for top, height in zip(tops, heights, strict=False)]


def _box(node: Node, cell: Cell, rows: Rows, bands: Bands) -> Box:
    return Box(node, rows.x[cell.id], sum(bands[cell.rank]) / 2, cell.width, cell.height)


def _route(edge: Edge, placed: Mapping[str, Box], chain: Sequence[Cell], rows: Rows, bands: Bands) -> Route:
    """Lead an edge straight through every row that it passes, so that it bends between rows only."""
    start, end, last = placed[edge.source], placed[edge.target], chain[-1]
    bends = [(rows.x[cell.id], y) for cell in chain for y in bands[cell.rank]]
    points = [(start.x, start.y + start.height / 2), *bends, (end.x, end.y - end.height / 2)]
    middle = sum(bands[last.rank]) / 2
    label = (rows.x[last.id], middle, last.width, last.height) if edge.labels else None
    return Route(edge, tuple(points), label)


def _fitted(layout: Layout) -> Layout:
    """Move everything so that it begins at the margin, and give the drawing the size it needs."""
    spans = [(box.x, box.width) for box in layout.boxes]
    spans += [(route.label[0], route.label[2]) for route in layout.routes if route.label]
    spans += [(x, 0.0) for route in layout.routes for x, _ in route.points]
    left = min((x - width / 2 for x, width in spans), default=0.0) - _MARGIN
    right = max((x + width / 2 for x, width in spans), default=0.0) + _MARGIN
    bottom = max((box.y + box.height / 2 for box in layout.boxes), default=0.0) + _MARGIN
    boxes = tuple(Box(box.node, box.x - left, box.y, box.width, box.height) for box in layout.boxes)
    routes = tuple(_moved(route, left) for route in layout.routes)
    return Layout(right - left, bottom, boxes, routes)


def _moved(route: Route, left: float) -> Route:
    label = (route.label[0] - left, *route.label[1:]) if route.label else None
    return Route(route.edge, tuple((x - left, y) for x, y in route.points), label)
