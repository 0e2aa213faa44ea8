"""SVG: a drawing that stays sharp at any size; also what a notebook shows for a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from cropflow.compiler.plan import Plan
from cropflow.draw.diagram import make_diagram
from cropflow.draw.layout import LINE_HEIGHT, Box, Route, lay_out
from cropflow.draw.style import FAINT, INK, LINE, NOTE_SIZE, PAPER, TITLE_SIZE, Rgb, hexadecimal, tint

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_ARROW = (
    '<defs><marker id="cropflow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{hexadecimal(LINE)}"/></marker></defs>'
)


def svg(plan: Plan, notes: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return a drawing of a plan as one `<svg>` element; ends with a line break.

    Args:
        notes: further lines to write on steps, by their names.
    """
    layout = lay_out(make_diagram(plan, notes))
    width, height = round(layout.width), round(layout.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}">'
    )
    paper = f'<rect width="100%" height="100%" fill="{hexadecimal(PAPER)}"/>'
    arrows = map(_arrow, layout.routes)
    labels = (line for route in layout.routes for line in _label(route))
    boxes = (line for box in layout.boxes for line in _box(box))
    return "\n".join([head, _ARROW, paper, *arrows, *labels, *boxes, "</svg>"]) + "\n"


def _arrow(route: Route) -> str:
    start, *_ = route.points
    curves = (_curve(one, other) for one, other in pairwise(route.points))
    dashes = ' stroke-dasharray="5 4"' if route.edge.gate else ""
    return (
        f'<path d="M{start[0]:.1f},{start[1]:.1f} {" ".join(curves)}" fill="none" stroke="{hexadecimal(LINE)}" '
        f'stroke-width="1.4"{dashes} marker-end="url(#cropflow-arrow)"/>'
    )


def _curve(one: tuple[float, float], other: tuple[float, float]) -> str:
    """Return a curve that leaves and arrives vertically."""
    middle = (one[1] + other[1]) / 2
    return f"C{one[0]:.1f},{middle:.1f} {other[0]:.1f},{middle:.1f} {other[0]:.1f},{other[1]:.1f}"


def _label(route: Route) -> Iterator[str]:
    if route.label is None:
        return
    x, y, width, height = route.label
    yield _rectangle(x, y, width, height, f'fill="{hexadecimal(PAPER)}"')
    yield from _lines(route.edge.labels, x, y - height / 2, FAINT)


def _box(box: Box) -> Iterator[str]:
    colors = tint(box.node.depth)
    radius = 6 if box.node.role == "step" else box.height / 2
    style = f'rx="{radius:.1f}" fill="{hexadecimal(colors.fill)}" stroke="{hexadecimal(colors.stroke)}"'
    yield _rectangle(box.x, box.y, box.width, box.height, style)
    top = box.y - box.height / 2 + 6
    yield _text(box.node.title, box.x, top + TITLE_SIZE, TITLE_SIZE, INK, ' font-weight="600"')
    yield from _lines(box.node.notes, box.x, top + TITLE_SIZE + 6, FAINT)


def _lines(lines: Iterable[str], x: float, top: float, color: Rgb) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield _text(line, x, top + number * LINE_HEIGHT + NOTE_SIZE, NOTE_SIZE, color)


def _rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    corner = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}"'
    return f'<rect {corner} width="{width:.1f}" height="{height:.1f}" {style}/>'


def _text(text: str, x: float, baseline: float, size: int, color: Rgb, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{baseline:.1f}" text-anchor="middle"'
    return f'<text {place} font-size="{size}" fill="{hexadecimal(color)}"{more}>{escape(text)}</text>'
