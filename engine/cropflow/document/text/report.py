"""Collects the mistakes of one document, so that all of them are told at once and in document order."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from cropflow.document.text.positions import Path, Positions
from cropflow.errors import Problem, WorkflowError


class Report:
    """The mistakes found so far in a text, or in a mapping (which has no positions).

    Attributes:
        positions: gives every mistake its place.
        problems: in the order of discovery.
    """

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.problems: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Note a mistake; one without a position gets that of its path."""
        if problem.position is None:
            problem = replace(problem, position=self.positions.find(problem.path))
        self.problems.append(problem)

    def fail(self, problem: Problem) -> NoReturn:
        """Note a mistake after which nothing further can be read, and raise what was found."""
        self.add(problem)
        raise WorkflowError(sorted(self.problems, key=_place))

    def check(self, data: object = None, root: Path = ()) -> None:
        """Raise `WorkflowError` if there are mistakes.

        Args:
            data: the document; gives the order of its keys where there are no positions.
            root: the path of `data` in the whole document.
        """
        if self.problems:
            order = {id(problem): _order(data, problem.path[len(root) :]) for problem in self.problems}
            raise WorkflowError(sorted(self.problems, key=lambda p: _place(p) if p.position else order[id(p)]))


def _place(problem: Problem) -> tuple[int, ...]:
    position = problem.position
    return (position.line, position.column) if position else ()


def _order(data: object, path: Path) -> tuple[int, ...]:
    """Return the index of each part of a path within what encloses it; a missing key comes first."""
    indices = []
    for part in path:
        if isinstance(data, dict) and part in data:
            indices.append(list(data).index(part))
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int):
            indices.append(part)
            data = data[part]
        else:
            return (*indices, -1)
    return tuple(indices)
