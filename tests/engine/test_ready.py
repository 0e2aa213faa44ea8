"""A block may say when the workflow is loaded that it cannot run with its settings; all of them are heard."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from cropflow import Block, Clock, HttpClient, Setting, Workflow, WorkflowError


class Careful(Block):
    """Want a small number, and the resources that every workflow has."""

    type = "testing/careful@v1"

    class Output(NamedTuple):
        """The sum."""

        total: int

    closed = 0

    def __init__(self, clock: Clock, client: HttpClient) -> None:
        self.given = (clock, client)

    def ready(self, number: int) -> None:
        """Refuse what is large."""
        if number > 9:
            raise ValueError(f"{number} is too large; take at most 9")

    def run(self, number: Setting[int], more: int = 0) -> Output:
        """Add."""
        return self.Output(number + more)

    def close(self) -> None:
        """Count."""
        Careful.closed += 1


def document(*numbers: int) -> dict[str, Any]:
    steps = [{"type": "testing/careful@v1", "name": f"s{i}", "number": number} for i, number in enumerate(numbers)]
    named = {"total": "s0"} | {f"total{i}": f"s{i}" for i in range(1, len(numbers))}
    outputs = [{"type": "JsonField", "name": name, "selector": f"$steps.{step}.total"} for name, step in named.items()]
    return {"version": "1.0", "inputs": [], "steps": steps, "outputs": outputs}


def test_blocks_that_are_ready_run_with_the_resources_of_the_workflow() -> None:
    with Workflow.load(document(3), blocks=[Careful]) as workflow:
        assert workflow.run()[0] == {"total": 3}


def test_every_block_that_is_not_ready_is_told_at_its_place_and_all_are_closed() -> None:
    before = Careful.closed
    with pytest.raises(WorkflowError) as caught:
        Workflow.load(document(10, 3, 11), blocks=[Careful])
    told = [(problem.code, problem.path, problem.message) for problem in caught.value.problems]
    assert told == [
        ("not-ready", ("steps", 0, "number"), "10 is too large; take at most 9"),
        ("not-ready", ("steps", 2, "number"), "11 is too large; take at most 9"),
    ]
    assert Careful.closed == before + 3
