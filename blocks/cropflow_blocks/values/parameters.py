"""Named values that are worked on before a block uses them: `data` and `data_operations` of existing documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from cropflow.errors import SettingError, nearest
from cropflow.kinds import Kind
from cropflow_blocks.query import Operations, QueryError, check, evaluate

Chains: TypeAlias = dict[str, Operations]
"""A chain of operations for each name."""


def check_chains(
    given: Mapping[str, tuple[Kind, ...]] | None, chains: Chains, field: str
) -> Mapping[str, tuple[Kind, ...]] | None:
    """Return the kinds of named values after their chains; `None` where the names show only when it runs.

    Args:
        given: kinds of the values by name.
        chains: operations by name.
        field: name of the field that holds the chains.

    Raises:
        SettingError: a chain names no value, or cannot work on it.
    """
    if given is None:
        return None
    for name in chains:
        if name not in given:
            raise SettingError(
                f"{field} names {name!r}, which is none of the values",
                (field, name),
                expected=", ".join(map(repr, given)) or "nothing: there are no values",
                found=name,
                nearest=nearest(name, given),
                hint="correct the name, or add the value",
            )
    return {name: check(chains.get(name, []), kinds, given, (field, name)) for name, kinds in given.items()}


def worked_on(given: Mapping[str, Any], chains: Chains) -> dict[str, Any]:
    """Return named values after their chains.

    Raises:
        QueryError: an operation cannot work on what it gets; the message names the value.
    """
    values = dict(given)
    for name, operations in chains.items():
        if name not in given:
            raise QueryError(f"operations are given for {name!r}, which is none of {', '.join(map(repr, given))}")
        try:
            values[name] = evaluate(operations, given[name], given)
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
    return values
