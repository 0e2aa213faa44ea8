"""The `if` of control flow: elements go on where a condition holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from cropflow.block import Block, Port, Route, Setting, StepRef, Stream
from cropflow.kinds import Kind
from cropflow_blocks.query import StatementGroup

NO_PARAMETERS: dict[str, Any] = {}
_HELD = "held at"


class ContinueIf(Block):
    """Let an element go on to the next steps only where a condition holds.

    The condition is asked of every element by itself: of every picture, or of every crop where a value is one of a
    crop. With `stop_delay`, elements of a stream still go on for some seconds after the condition last held.
    """

    type = "continue_if@v1"
    aliases = ("roboflow_core/continue_if@v1", "ContinueIf")

    now: Callable[[], float] = staticmethod(time.monotonic)
    """The clock, in seconds; tests put another one in its place."""

    @staticmethod
    def infer(
        condition_statement: StatementGroup, evaluation_parameters: Mapping[str, tuple[Kind, ...]] | None
    ) -> dict[str, tuple[Kind, ...]]:
        """Check the condition; there are no outputs."""
        condition_statement.check(evaluation_parameters, ("condition_statement",))
        return {}

    def run(
        self,
        condition_statement: Annotated[Setting[StatementGroup], Port("the condition")],
        next_steps: Annotated[list[StepRef], Port("the steps that elements go on to")],
        stream: Stream,
        evaluation_parameters: Annotated[dict[str, Any], Port("the values that the condition names")] = NO_PARAMETERS,
        stop_delay: Annotated[
            float, Field(ge=0), Port("seconds for which elements still go on after the condition last held")
        ] = 0.0,
    ) -> Route:
        """Decide."""
        if condition_statement.holds(evaluation_parameters):
            stream.state[_HELD] = self.now()
            return Route(next_steps)
        held = stream.state.get(_HELD)
        return Route(next_steps if stop_delay and held is not None and self.now() - held <= stop_delay else ())
