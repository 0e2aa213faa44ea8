"""Does an answer keep what the signature promised? One that does not is a failure of its element alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from cropflow.block import Columns
from cropflow.compiler.plan import PlannedStep
from cropflow.errors import BlockError
from cropflow.runtime.calls import Failure, failed
from cropflow.runtime.column import has_gap


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer of a fan-out for one element: how many rows, and the columns that somebody reads."""

    length: int
    columns: Mapping[str, list[Any]]


def reviewed(step: PlannedStep, answers: list[Any]) -> list[Any]:
    """Return the answers, those of a fan-out as `Rows`, with a `Failure` in the place of every broken promise."""
    spec = step.spec
    if not (spec.outputs or spec.dynamic_outputs or spec.routes) or (not spec.fan_out and _all_rows(step, answers)):
        return answers
    return [_review(step, answer) for answer in answers]


def _review(step: PlannedStep, answer: Any) -> Any:
    if isinstance(answer, Failure):
        return answer
    try:
        wrong, kept = _group(step, answer) if step.spec.fan_out else (_wrong_answer(step, answer), answer)
    except Exception as cause:  # reading a lazy column may run code of the block
        return Failure(cause)
    return Failure(BlockError(f"run must answer with {wrong}")) if wrong else kept


def _group(step: PlannedStep, answer: Any) -> tuple[str | None, Rows | None]:
    """Say what was expected in place of the rows of a fan-out, if they are wrong, and return what is read of them."""
    if isinstance(answer, Columns):
        rows = Rows(len(answer), {name: list(answer.columns[name]) for name in step.kept})
        return _wrong_columns(step, rows), rows
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        return f"a list of rows, not {type(answer).__name__}", None
    wrong = None if _all_rows(step, answer) else next(filter(None, (_wrong_answer(step, row) for row in answer)), None)
    if wrong:
        return wrong, None
    return None, Rows(len(answer), {name: values_of(step, answer, name) for name in step.kept})


def values_of(step: PlannedStep, rows: Sequence[Any], name: str) -> list[Any]:
    """Return one output of every row, `None` for one that failed."""
    value = attrgetter(name) if step.spec.dynamic_outputs is None else itemgetter(name)
    if failed(rows):
        return [None if isinstance(row, Failure) else value(row) for row in rows]
    return list(map(value, rows))


def _all_rows(step: PlannedStep, rows: Sequence[Any]) -> bool:
    """Whether all rows are fine at a glance: of one type with the right fields, and complete where they must be."""
    types = set(map(type, rows))
    spec = step.spec
    if len(types) != 1 or spec.dynamic_outputs or spec.routes or _fields(types.pop()) != _names(step):
        return False
    needed = [place for place, output in enumerate(spec.outputs) if not output.optional]
    return not any(has_gap(map(itemgetter(place), rows)) for place in needed)


def _wrong_answer(step: PlannedStep, row: Any) -> str | None:
    """Say what was expected in place of a route or row; `None` if it is fine."""
    if step.spec.routes:
        return _wrong_route(step, row)
    if step.spec.dynamic_outputs is not None:
        return _wrong_mapping(step, row)
    if _fields(type(row)) != _names(step):
        return f"{' and '.join(_names(step))} as one NamedTuple, not {type(row).__name__}"
    for value, output in zip(row, step.spec.outputs, strict=True):
        if value is None and not output.optional:
            return _a_value(output.name)
    return None


def _wrong_route(step: PlannedStep, row: Any) -> str | None:
    if not isinstance(row, set | frozenset):
        return f"a Route, not {type(row).__name__}"
    if row <= step.targets:
        return None
    known = " and ".join(map(repr, sorted(step.targets))) or "none"
    return f"a Route to steps that its fields name ({known}), not to {min(map(repr, row - step.targets))}"


def _wrong_mapping(step: PlannedStep, row: Any) -> str | None:
    if not isinstance(row, Mapping):
        return f"a mapping of its outputs, not {type(row).__name__}"
    absent = [name for name in step.kept if name not in row]
    return f"a value for the output {absent[0]!r}; a missing one is told by None" if absent else None


def _wrong_columns(step: PlannedStep, rows: Rows) -> str | None:
    needed = [output.name for output in step.spec.outputs if not output.optional and output.name in step.kept]
    absent = [name for name in needed if has_gap(rows.columns[name])]
    return _a_value(absent[0]) if absent else None


def _a_value(output: str) -> str:
    return f"a value for the output {output!r}, not None, because it is not declared as `T | None`"


def _fields(row: type[Any]) -> tuple[str, ...]:
    return getattr(row, "_fields", ())


def _names(step: PlannedStep) -> tuple[str, ...]:
    return tuple(output.name for output in step.spec.outputs)
