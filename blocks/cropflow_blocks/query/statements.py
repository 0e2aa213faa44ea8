"""Statements: what conditions and filters ask, answered for whole columns at once.

A group asks its statements one after the other, each only about the elements that are still undecided, so that
`Exists(x) and x > 3` never compares a missing `x`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from cropflow.errors import SettingError, nearest
from cropflow.kinds import KINDS, Fit, fit, kind_of_type
from cropflow.literal import describe
from cropflow_blocks.query.comparators import BINARY, UNARY, BinaryName, UnaryName, unary_mask
from cropflow_blocks.query.operation import NUMBER, Kinds, Node, Place, QueryError, is_one_of
from cropflow_blocks.query.values import Column, Mask, Places, Same, pick

if TYPE_CHECKING:
    from cropflow_blocks.query.language import Operations

Known: TypeAlias = Mapping[str, Kinds] | None
"""Kinds of the operands by name; `None` where the names show only when the workflow runs."""


@dataclass(frozen=True, slots=True)
class Operands:
    """The columns that statements may name, all of one length."""

    count: int
    columns: Mapping[str, Column]

    def at(self, places: Places) -> Operands:
        """Return the operands of some elements."""
        if len(places) == self.count:
            return self
        return Operands(len(places), {name: pick(column, places) for name, column in self.columns.items()})


class StaticOperand(Node):
    """A value written in the document."""

    type: Literal["StaticOperand"]
    value: Any
    operations: Operations = Field(default_factory=list)

    def check(self, known: Known, place: Place) -> Kinds:
        """Return the kinds of the value after its operations."""
        from cropflow_blocks.query.chain import check

        kind = kind_of_type(type(self.value)) or KINDS["*"]
        return check(self.operations, (kind,), known, (*place, "operations"))

    def column(self, operands: Operands) -> Column:
        """Return the value after its operations, for every element."""
        from cropflow_blocks.query.chain import evaluate

        return Same(evaluate(self.operations, self.value), operands.count)


class DynamicOperand(Node):
    """A value by name: `_` is what the operation is about, others are parameters of the step."""

    type: Literal["DynamicOperand"]
    operand_name: str = "_"
    operations: Operations = Field(default_factory=list)

    def check(self, known: Known, place: Place) -> Kinds:
        """Return the kinds of the operand after its operations; SettingError where there is none of that name."""
        from cropflow_blocks.query.chain import check

        if known is not None and self.operand_name not in known:
            names = ", ".join(map(repr, known)) or "none: the step has no parameters"
            raise SettingError(
                f"there is no operand {self.operand_name!r}",
                (*place, "operand_name"),
                expected=names,
                found=self.operand_name,
                nearest=nearest(self.operand_name, known),
                hint="name a parameter of the step, or add it there",
            )
        kinds = (KINDS["*"],) if known is None else known[self.operand_name]
        return check(self.operations, kinds, known, (*place, "operations"))

    def column(self, operands: Operands) -> Column:
        """Return the operand of every element after its operations."""
        from cropflow_blocks.query.chain import evaluate_column

        if self.operand_name not in operands.columns:
            given = ", ".join(map(repr, operands.columns)) or "none"
            raise QueryError(f"there is no operand {self.operand_name!r}; given are {given}")
        return evaluate_column(self.operations, operands.columns[self.operand_name], {})


Operand = Annotated[StaticOperand | DynamicOperand, Field(discriminator="type")]


class BinaryComparator(Node):
    """How two values are compared."""

    type: BinaryName


class UnaryOperator(Node):
    """What is asked of one value."""

    type: UnaryName


class BinaryStatement(Node):
    """Compares two values; `negate` turns the answer round."""

    type: Literal["BinaryStatement"]
    left_operand: Operand
    comparator: BinaryComparator
    right_operand: Operand
    negate: bool = False

    def check(self, known: Known, place: Place) -> None:
        """Refuse operands that this comparator can never compare."""
        name = self.comparator.type
        comparator = BINARY[name]
        left = self.left_operand.check(known, (*place, "left_operand"))
        right = self.right_operand.check(known, (*place, "right_operand"))
        _refuse_misfit(name, "left", left, comparator.left, (*place, "left_operand"))
        _refuse_misfit(name, "right", right, comparator.right, (*place, "right_operand"))
        if name == "(Number) in range" and isinstance(self.right_operand, StaticOperand):
            _refuse_no_range(self.right_operand, (*place, "right_operand", "value"))

    def mask(self, operands: Operands) -> Mask:
        """Tell of every element whether the statement holds."""
        name = self.comparator.type
        found = BINARY[name].mask(name, self.left_operand.column(operands), self.right_operand.column(operands))
        return ~found if self.negate else found


class UnaryStatement(Node):
    """Asks something of one value; `negate` turns the answer round."""

    type: Literal["UnaryStatement"]
    operand: Operand
    operator: UnaryOperator
    negate: bool = False

    def check(self, known: Known, place: Place) -> None:
        """Refuse an operand that this operator can never be asked of."""
        name = self.operator.type
        kinds = self.operand.check(known, (*place, "operand"))
        _refuse_misfit(name, "only", kinds, UNARY[name][0], (*place, "operand"))

    def mask(self, operands: Operands) -> Mask:
        """Tell of every element whether the statement holds."""
        found = unary_mask(self.operator.type, self.operand.column(operands))
        return ~found if self.negate else found


class StatementGroup(Node):
    """Several statements, of which one (`or`) or all (`and`) must hold."""

    type: Literal["StatementGroup"]
    statements: list[Statement] = Field(min_length=1)
    operator: Literal["and", "or"] = "or"

    def check(self, known: Known, place: Place) -> None:
        """Check every statement."""
        for i, statement in enumerate(self.statements):
            statement.check(known, (*place, "statements", i))

    def mask(self, operands: Operands) -> Mask:
        """Tell of every element whether the group holds; statements after the decisive one are not asked."""
        undecided = np.arange(operands.count)
        answer = np.full(operands.count, self.operator == "and")
        for statement in self.statements:
            if not len(undecided):
                break
            decisive = statement.mask(operands.at(undecided)) != (self.operator == "and")
            answer[undecided[decisive]] = self.operator == "or"
            undecided = undecided[~decisive]
        return answer

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Tell whether the group holds for one set of values."""
        return bool(self.mask(Operands(1, {name: Same(value, 1) for name, value in parameters.items()}))[0])


Statement = Annotated[BinaryStatement | UnaryStatement | StatementGroup, Field(discriminator="type")]


def _refuse_misfit(name: str, side: str, found: Kinds, wanted: tuple[str, ...], place: Place) -> None:
    if fit(found, (KINDS[kind] for kind in wanted)) is Fit.NEVER:
        raise SettingError(
            f"{name!r} cannot be asked of what stands on its {side} side",
            place,
            expected=" or ".join(wanted),
            found=" or ".join(map(str, found)),
            hint="choose another comparator, or convert the value with an operation such as ToNumber or ToString",
        )


def _refuse_no_range(operand: StaticOperand, place: Place) -> None:
    bounds = operand.value
    if operand.operations or (
        isinstance(bounds, list) and len(bounds) == 2 and all(is_one_of(NUMBER, bound) for bound in bounds)
    ):
        return
    raise SettingError(
        "a range has two ends",
        place,
        expected="[lowest, highest], both included",
        found=describe(bounds),
        hint="write two numbers in brackets",
    )
