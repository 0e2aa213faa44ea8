"""The `switch` of control flow: elements go on to the step that their value names."""

from __future__ import annotations

from typing import Annotated, Any

from cropflow.block import Block, Port, Route, Setting, StepRef

NO_CASES: dict[str, StepRef] = {}
NO_STEPS: list[StepRef] = []


class SwitchCase(Block):
    """Let an element go on to the step of the case that its value names.

    Values are compared as text: the number 3 is the case `"3"`, true is `"True"`. Where no case fits, the element
    goes on to the default steps; without any it stops here.
    """

    type = "switch_case@v1"
    aliases = ("roboflow_core/switch_case@v1", "SwitchCase")

    def run(
        self,
        value: Annotated[Any, Port("the value that names a case")],
        cases: Annotated[dict[str, StepRef], Port("for each case the step to go on to")] = NO_CASES,
        case_insensitive: Annotated[Setting[bool], Port("whether upper and lower case are the same")] = False,
        default_next_steps: Annotated[list[StepRef], Port("where elements go on to that fit no case")] = NO_STEPS,
    ) -> Route:
        """Decide."""
        named = {_folded(name, case_insensitive): step for name, step in cases.items()}
        step = named.get(_folded(str(value), case_insensitive))
        return Route(default_next_steps if step is None else [step])


def _folded(name: str, fold: bool) -> str:
    return name.casefold() if fold else name
