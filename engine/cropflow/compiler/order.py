"""Pass 3: the order in which steps can run; a cycle is shown as the path it takes."""

from __future__ import annotations

import networkx as nx

from cropflow.compiler.link import Graph, LinkedStep
from cropflow.compiler.plan import INPUTS
from cropflow.compiler.problems import Found
from cropflow.errors import Problem


def order(graph: Graph) -> tuple[tuple[LinkedStep, ...], list[Problem]]:
    """Return the steps, each after those it depends on, otherwise in document order."""
    found = Found(graph.definition)
    directed = _directed(graph)
    place = {name: number for number, name in enumerate(graph.steps)}
    cycles = [part for part in nx.strongly_connected_components(directed) if _is_cycle(directed, part)]
    for part in sorted(cycles, key=lambda part: min(place[name] for name in part)):
        _report(graph, directed.subgraph(part), min(part, key=place.__getitem__), found)
    if cycles:
        return (), found.problems
    names = nx.lexicographical_topological_sort(directed, key=place.__getitem__)
    return tuple(graph.steps[name] for name in names), []


def dependencies(step: LinkedStep) -> tuple[str, ...]:
    """Return the steps that must run before a step: those it reads and its gates."""
    sources = [link.read.key.step for link in step.links if link.read.key.step != INPUTS]
    return tuple(dict.fromkeys([*sources, *(gate.step for gate in step.gates)]))


def _directed(graph: Graph) -> nx.DiGraph[str]:
    directed: nx.DiGraph[str] = nx.DiGraph()
    directed.add_nodes_from(graph.steps)
    for step in graph.steps.values():
        directed.add_edges_from((name, step.name) for name in dependencies(step) if name in graph.steps)
    return directed


def _is_cycle(directed: nx.DiGraph[str], part: set[str]) -> bool:
    return len(part) > 1 or any(directed.has_edge(name, name) for name in part)


def _report(graph: Graph, part: nx.DiGraph[str], first: str, found: Found) -> None:
    path = [edge[0] for edge in nx.find_cycle(part, first)]
    shown = " → ".join([*path, path[0]])
    some = "one of " if len(path) > 1 else ""
    step = graph.steps[first]
    found.add(
        "cycle",
        f"these steps wait for each other: {shown}",
        step.path,
        step=first,
        expected="steps that can be put into an order",
        found=shown,
        hint=f"let {some}{', '.join(map(repr, path))} read from an earlier step or an input",
    )
