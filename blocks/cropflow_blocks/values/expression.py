"""Chooses a value by conditions: the `if` and `switch` of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from cropflow.block import Block, Port, Setting
from cropflow.errors import SettingError, nearest
from cropflow.kinds import Kind, kind_of_type
from cropflow_blocks.query import Operations, StatementGroup, check, evaluate
from cropflow_blocks.query.operation import Node, Place
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on

Known = Mapping[str, tuple[Kind, ...]] | None
NO_CHAINS: Chains = {}


class StaticCaseResult(Node):
    """A value written in the document."""

    type: Literal["StaticCaseResult"]
    value: Any

    def check(self, known: Known, place: Place) -> tuple[Kind, ...]:
        """Return the kind of the value."""
        kind = kind_of_type(type(self.value))
        return (kind,) if kind else ()

    def result(self, data: Mapping[str, Any]) -> Any:
        """Return the value."""
        return self.value


class DynamicCaseResult(Node):
    """One of the step's values, after operations."""

    type: Literal["DynamicCaseResult"]
    parameter_name: str
    operations: Operations = Field(default_factory=list)

    def check(self, known: Known, place: Place) -> tuple[Kind, ...]:
        """Return the kinds of the value after its operations; SettingError where there is none of that name."""
        if known is None:
            return ()
        if self.parameter_name not in known:
            raise SettingError(
                f"there is no value {self.parameter_name!r} in `data`",
                (*place, "parameter_name"),
                expected=", ".join(map(repr, known)) or "a name that stands under `data`; it is empty",
                found=self.parameter_name,
                nearest=nearest(self.parameter_name, known),
                hint="correct the name, or add the value to `data`",
            )
        return check(self.operations, known[self.parameter_name], known, (*place, "operations"))

    def result(self, data: Mapping[str, Any]) -> Any:
        """Return the value."""
        return evaluate(self.operations, data[self.parameter_name], data)


Result = Annotated[StaticCaseResult | DynamicCaseResult, Field(discriminator="type")]


class CaseDefinition(Node):
    """A condition and what follows from it."""

    type: Literal["CaseDefinition"]
    condition: StatementGroup
    result: Result


class CasesDefinition(Node):
    """Cases of which the first that holds counts."""

    type: Literal["CasesDefinition"]
    cases: list[CaseDefinition]
    default: Result


class Expression(Block):
    """Give the result of the first case whose condition holds, else the default.

    Conditions name the values of `data`; each may be worked on before, by the chain of its name in
    `data_operations`. Conditions after the one that holds are not asked.
    """

    type = "expression@v1"
    aliases = ("roboflow_core/expression@v1", "Expression")

    class Output(NamedTuple):
        """The chosen result."""

        output: Annotated[Any, Port("the result of the case that holds, or the default")]

    @staticmethod
    def infer(data: Known, data_operations: Chains, switch: CasesDefinition) -> dict[str, tuple[Kind, ...]]:
        """The output has one of the kinds of the results."""
        known = check_chains(data, data_operations, "data_operations")
        found: list[Kind] = []
        exact = True
        for i, case in enumerate(switch.cases):
            case.condition.check(known, ("switch", "cases", i, "condition"))
        places: list[tuple[Result, Place]] = [
            (case.result, ("switch", "cases", i, "result")) for i, case in enumerate(switch.cases)
        ]
        for result, place in (*places, (switch.default, ("switch", "default"))):
            kinds = result.check(known, place)
            exact = exact and bool(kinds)
            found += kinds
        return {"output": tuple(dict.fromkeys(found))} if exact else {}

    def run(
        self,
        data: Annotated[dict[str, Any], Port("the values that conditions and results name")],
        switch: Annotated[Setting[CasesDefinition], Port("the cases and the default")],
        data_operations: Annotated[
            Setting[Chains], Port("operations on values of `data`, by name, before anything else")
        ] = NO_CHAINS,
    ) -> Output:
        """Choose."""
        values = worked_on(data, data_operations)
        chosen = next((case.result for case in switch.cases if case.condition.holds(values)), switch.default)
        return self.Output(chosen.result(values))
