"""Mermaid: a drawing as text, which GitHub, GitLab and many editors show as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cropflow.compiler.plan import Plan
from cropflow.draw.diagram import Diagram, Edge, Node, Role, make_diagram
from cropflow.draw.style import hexadecimal, tint

_SHAPES: dict[Role, tuple[str, str]] = {"input": ("([", "])"), "step": ("[", "]"), "output": ("([", "])")}
_ENTITIES = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"})


def mermaid(plan: Plan) -> str:
    """Return a flowchart of a plan in Mermaid's language; ends with a line break."""
    diagram = make_diagram(plan)
    lines = [*map(_node, diagram.nodes), *map(_edge, diagram.edges), *_classes(diagram)]
    return "\n".join(["flowchart TD", *(f"    {line}" for line in lines)]) + "\n"


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.role]
    notes = "".join(f"<br/><small>{_escaped(note)}</small>" for note in node.notes)
    return f'{node.id}{opening}"<b>{_escaped(node.title)}</b>{notes}"{closing}:::level{node.depth}'


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.gate else "-->"
    return f"{edge.source} {arrow}{_label(edge.labels)} {edge.target}"


def _label(lines: Iterable[str]) -> str:
    text = "<br/>".join(map(_escaped, lines))
    return f'|"{text}"|' if text else ""


def _classes(diagram: Diagram) -> Iterator[str]:
    for depth in sorted({node.depth for node in diagram.nodes}):
        colors = tint(depth)
        fill, stroke = hexadecimal(colors.fill), hexadecimal(colors.stroke)
        yield f"classDef level{depth} fill:{fill},stroke:{stroke},color:#1f2937"


def _escaped(text: str) -> str:
    """Return text that Mermaid shows as it is."""
    return text.translate(_ENTITIES)
